"""Asking the customer by the team's page: whom, what, the address that is shown once, and what became of it."""

import html
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from changetrack.models import CustomerLink, Event
from changetrack.operations.journey.gate import propose_advance
from tests.factories import make_session, make_statement
from tests.factories.asking import JON, MARA, Asking
from tests.factories.walk import Walk

ADDRESS = re.compile(r"http://127\.0\.0\.1:5000/c/([\w-]{43})")


@pytest.fixture
def asking(walk: Walk) -> Asking:
    """An opened account with three people of the customer's and a proposed outcome of Mara's."""
    return Asking.at(walk)


@pytest.fixture
def browser(asking: Asking, client: FlaskClient) -> Callable[[str], FlaskClient]:
    """A browser in which somebody of the cast is signed in."""

    @cache
    def signed_in(name: str) -> FlaskClient:
        token = f"the browser of {name}"
        make_session(asking.walk.session, getattr(asking.walk.cast, name), token)
        other: FlaskClient = client.application.test_client()
        with other.session_transaction() as cookie:
            cookie["_user_id"] = token
        return other

    return signed_in


Browser = Callable[[str], FlaskClient]


def address(asking: Asking, rest: str = "") -> str:
    return f"/accounts/{asking.walk.account_id}/requests{rest}"


def post(asking: Asking, client: FlaskClient, *asks: str, contact: int = MARA) -> str:
    response = client.post(address(asking), data={"contact_seq": str(contact), "asks": list(asks)})
    return html.unescape(client.get(response.location).text if response.location else response.text)


def test_the_address_is_shown_once_and_opens_the_persons_page(
    asking: Asking, browser: Browser, client: FlaskClient
) -> None:
    olu = browser("olu")

    shown = post(asking, olu, "agree-1", "point-5c")

    found = ADDRESS.search(shown)
    assert found is not None
    assert "Shown now and never again" in shown
    assert "Your word on 2 things, Mara" in client.get(f"/c/{found[1]}").text
    assert found[1] not in olu.get(address(asking)).text
    assert found[1] not in str(asking.walk.session.execute(select(Event.changes, Event.note)).all())


def test_the_list_tells_what_became_of_each_request(asking: Asking, browser: Browser) -> None:
    olu = browser("olu")
    token = asking.token("point-5c", "agree-1")
    waiting = olu.get(address(asking)).text
    asking.open(token)
    opened = olu.get(address(asking)).text
    asking.answer(token, "point-5c", "not_yet", comment="In April.")
    asking.answer(token, "agree-1")
    answered = olu.get(address(asking)).text

    assert ("Not opened yet" in waiting, "Opened" in opened, "Answered" in answered) == (True, True, True)
    assert "In April." in answered
    assert "5c Time and permission" in answered
    assert "Agree to: Orders leave" in answered


def test_what_is_asked_of_somebody_with_an_open_page_joins_it(asking: Asking, browser: Browser) -> None:
    olu = browser("olu")
    post(asking, olu, "agree-1")

    before = olu.get(address(asking)).text
    joined = post(asking, olu, "point-5c")

    assert "Mara: has an open page; what you ask joins it." in before
    assert "Added to the page that Mara has already" in joined
    assert ADDRESS.search(joined) is None


def test_the_limit_is_told_before_it_bites(asking: Asking, browser: Browser) -> None:
    olu = browser("olu")
    free = olu.get(address(asking)).text
    post(asking, olu, "agree-1")
    olu.post(address(asking, f"/{asking.link().id}/revoke"))
    once = olu.get(address(asking)).text
    post(asking, olu, "agree-1")
    olu.post(address(asking, f"/{asking.link().id}/revoke"))
    twice = olu.get(address(asking)).text

    refused = post(asking, olu, "agree-1")

    assert "Everybody gets at most two requests in 14 days" in free
    assert "Mara: asked once in the last 14 days" in once
    assert "Mara: asked twice in the last 14 days; again from 16 Mar 2026 on." in twice
    assert "Mara was asked twice in the last 14 days" in refused


def test_an_address_is_renewed_and_a_page_revoked(asking: Asking, browser: Browser, client: FlaskClient) -> None:
    olu = browser("olu")
    old = ADDRESS.search(post(asking, olu, "point-5c"))
    link = asking.link().id

    new = ADDRESS.search(olu.post(address(asking, f"/{link}/renew")).text)
    assert old is not None
    assert new is not None
    reached = [client.get(f"/c/{found[1]}").status_code for found in (old, new)]
    revoked = olu.post(address(asking, f"/{link}/revoke"))

    assert reached == [404, 200]
    assert revoked.status_code == 303
    assert client.get(f"/c/{new[1]}").status_code == 404
    assert "Revoked" in olu.get(address(asking)).text


def test_a_refusal_keeps_what_was_chosen(asking: Asking, browser: Browser) -> None:
    page = post(asking, browser("olu"), "agree-1", contact=JON)

    assert "Only Mara" in page
    assert re.search(r'<input[^>]*checked[^>]*value="agree-1"', page)
    assert re.search(r'<option selected value="2">Jon', page)


@pytest.mark.parametrize("data", [{}, {"contact_seq": "x", "asks": "point-5c"}, {"contact_seq": "1", "token": "mine"}])
def test_what_is_odd_makes_no_page(asking: Asking, browser: Browser, data: dict[str, str]) -> None:
    refused = browser("olu").post(address(asking), data=data)

    assert refused.status_code == 422
    assert asking.walk.session.scalars(select(CustomerLink)).all() == []


def test_an_executive_looks_on_and_an_outsider_finds_nothing(asking: Asking, browser: Browser) -> None:
    token = asking.token("point-5c")
    link = asking.link().id

    looked = browser("ed").get(address(asking)).text
    tries = {
        name: [
            browser(name).post(address(asking, rest)).status_code for rest in ("", f"/{link}/renew", f"/{link}/revoke")
        ]
        for name in ("ed", "otto", "ada")
    }

    assert "asked by Olu" in looked
    assert "Make the page" not in looked
    assert tries == {"ed": [403] * 3, "otto": [404] * 3, "ada": [403] * 3}
    assert asking.open(token).name == "Mara"


def test_the_request_of_another_account_is_not_found_here(asking: Asking, browser: Browser) -> None:
    asking.token("point-5c")
    link = asking.link()
    link.account_id += 77
    asking.walk.session.commit()

    for rest in (f"/{link.id}/renew", f"/{link.id}/revoke", "/999999/revoke"):
        assert browser("olu").post(address(asking, rest)).status_code == 404


def test_the_account_page_offers_to_ask_where_the_customers_word_counts(asking: Asking, browser: Browser) -> None:
    walk = asking.walk
    page = browser("olu").get(f"/accounts/{walk.account_id}?step=5").text

    assert f"/accounts/{walk.account_id}/requests?about=point-5c" in page
    assert "about=point-5a" not in page
    chosen = browser("olu").get(address(asking, "?about=point-5c")).text
    assert re.search(r'<input[^>]*checked[^>]*value="point-5c"', chosen)


def test_an_outcome_is_asked_of_who_benefits_and_a_reported_agreement_is_explained(
    asking: Asking, browser: Browser
) -> None:
    olu = browser("olu")
    to_agree = olu.get(address(asking, "?about=agree-1")).text
    statement = make_statement(asking.walk.session, asking.outcome(), contact_seq=MARA, person_name="Mara")
    asking.outcome().agreed_on = statement.given_on
    asking.walk.session.commit()

    to_attest = html.unescape(olu.get(address(asking, "?about=attest-1")).text)

    for page in (to_agree, to_attest):
        assert re.search(r'<option selected value="1">Mara', page)
    assert "was reported by your team, so it cannot be asked for again" in to_attest
    assert "was reported by your team" not in to_agree


def test_a_proposal_that_waits_for_the_customer_can_be_asked_about(asking: Asking, browser: Browser) -> None:
    asking.walk.prove_step_1()
    propose_advance(effective_on=asking.walk.today, **asking.walk.by("olu"))

    page = browser("olu").get(address(asking)).text

    assert "Sign that step 1 is done" not in page  # step 1 asks for no signature


def test_own_hand_stands_beside_reported_on_the_account_page(asking: Asking, browser: Browser) -> None:
    asking.walk.record("8b", url="https://intranet.example", who="Jon")
    asking.answer(asking.token("point-5c"), "point-5c")

    own = browser("olu").get(f"/accounts/{asking.walk.account_id}?step=5").text
    reported = browser("olu").get(f"/accounts/{asking.walk.account_id}?step=8").text
    history = html.unescape(browser("ed").get(f"/accounts/{asking.walk.account_id}?tab=history").text)

    assert "own hand" in own
    assert "reported by Olu, on a call" in reported
    assert "Mara, by their own hand" in history
    assert "Asked the customer" in history


def test_the_page_takes_a_constant_number_of_statements(
    asking: Asking, browser: Browser, counted: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    olu = browser("olu")
    olu.get(address(asking))
    with counted() as few:
        olu.get(address(asking))
    asking.ask("agree-1", "point-5c", "point-8b")
    asking.ask("point-5c", contact_seq=JON)

    with counted() as many:
        olu.get(address(asking))

    assert len(many) == len(few)
