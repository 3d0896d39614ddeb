"""The customer's page: reached by its secret address alone, and nothing of it is told to anybody else."""

import logging
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from changetrack.models import Contact, CustomerLink, Evidence, Journey, OutcomeStatement
from changetrack.operations.customer_links import revoke_link
from tests.clock import FixedClock
from tests.factories import make_reading, make_session, make_statement
from tests.factories.asking import INES, MARA, Asking
from tests.factories.walk import Walk

TOKEN_FIELD = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"|value="([^"]+)"[^>]*name="csrf_token"')


@pytest.fixture
def asking(walk: Walk) -> Asking:
    """An opened account with three people of the customer's and a proposed outcome of Mara's."""
    return Asking.at(walk)


def say(client: FlaskClient, token: str, ask: str, answer: str = "yes", **more: str) -> int:
    return client.post(f"/c/{token}", data={"ask": ask, "answer": answer, **more}).status_code


def test_the_page_says_in_plain_words_what_is_asked_and_needs_no_sign_in(
    client: FlaskClient, asking: Asking, make_app: Callable[..., Flask]
) -> None:
    token = asking.token("agree-1", "point-5c", "point-1c")

    page = make_app(vendor_name="Northwind").test_client().get(f"/c/{token}")

    assert page.status_code == 200
    for words in (
        "Your word on 3 things, Mara", "Olu of Northwind asks you about Acme", "What you are to get",
        "Orders leave the house on the day they come in.", "$100.00", "Yes, this is so", "Not yet",
        "That’s not what we value", "Nothing has been measured yet.", "Time and permission", "Managers asked",
        "You can change it until 16 Mar 2026",
    ):  # fmt: skip
        assert words in page.text


def test_the_page_leads_nowhere_else_and_names_nobody_else(client: FlaskClient, asking: Asking) -> None:
    page = client.get(f"/c/{asking.token('agree-1')}").text

    links = {found for found in re.findall(r'(?:href|action|src)="([^"]+)"', page) if not found.startswith("/static/")}
    assert all(link.startswith(("#", "/c/")) for link in links)
    assert "Jon" not in page
    assert "Vik" not in page


def test_what_use_shows_is_told_as_a_plot_and_in_words(client: FlaskClient, asking: Asking) -> None:
    monday = asking.walk.today - timedelta(days=asking.walk.today.weekday())
    for weeks, value in ((4, 45), (3, 39), (2, None)):
        given = {"period_start": monday - timedelta(weeks=weeks), "value": None if value is None else Decimal(value)}
        make_reading(asking.walk.session, asking.outcome(), **given)

    page = client.get(f"/c/{asking.token('agree-1')}").text

    assert "1 of the last 3 weeks" in page
    assert "no data" in page
    assert '<svg class="spark"' in page


def test_a_week_that_is_not_closed_has_neither_passed_nor_failed(client: FlaskClient, asking: Asking) -> None:
    token = asking.token("agree-1")
    make_reading(asking.walk.session, asking.outcome(), value=Decimal(5))
    only_open = client.get(f"/c/{token}").text
    closed = asking.walk.today - timedelta(weeks=2)
    make_reading(asking.walk.session, asking.outcome(), value=Decimal(44), period_start=closed)
    make_reading(
        asking.walk.session, asking.outcome(), value=Decimal(7), period_start=asking.walk.today - timedelta(weeks=1)
    )

    one_closed = client.get(f"/c/{token}").text

    assert "No week is closed yet" in only_open
    assert "The week from 2 Mar 2026 is not over yet:" in only_open
    assert "1 of the last 1 week<" in one_closed
    assert "The latest, from 16 Feb 2026" in one_closed
    assert "The week from 23 Feb 2026 is over, but late numbers may still come:" in one_closed
    assert '<svg class="spark"' not in only_open + one_closed


def test_an_agreement_that_we_reported_is_not_told_as_the_persons_own_word(client: FlaskClient, asking: Asking) -> None:
    statement = make_statement(asking.walk.session, asking.outcome(), contact_seq=MARA, person_name="Mara")
    asking.outcome().agreed_on = statement.given_on
    asking.walk.session.commit()

    page = client.get(f"/c/{asking.token('attest-1')}").text

    assert "We noted on 2 Mar 2026 that you agreed to this: reported by Olu on our side." in page
    assert "You agreed" not in page


def test_a_question_about_numbers_says_what_it_is_about_and_what_lacks(client: FlaskClient, asking: Asking) -> None:
    journey = asking.walk.session.get_one(Journey, asking.walk.account_id)
    journey.vision = "Nobody waits for an order any more."
    asking.walk.session.commit()
    token = asking.token("point-1c")

    page = client.get(f"/c/{token}").text
    refused = client.post(f"/c/{token}", data={"ask": "point-1c", "answer": "yes", "asked": "3", "yes": ""}).text

    assert "Managers convinced: is this so?" in page
    assert "Nobody waits for an order any more." in page
    assert "Write a number." in refused
    assert "1,000,000,000,000" not in refused


def test_agreeing_and_attesting_by_the_page_are_kept_as_own_hand(client: FlaskClient, asking: Asking) -> None:
    token = asking.token("agree-1")

    agreed = client.post(f"/c/{token}", data={"ask": "agree-1", "answer": "yes", "comment": "Right."})
    asking.ask("attest-1")
    attested = say(client, token, "attest-1")
    page = client.get(f"/c/{token}").text

    assert (agreed.status_code, agreed.location, attested) == (303, f"/c/{token}#agree-1", 303)
    said = asking.walk.session.scalars(select(OutcomeStatement).order_by(OutcomeStatement.seq)).all()
    assert [(row.kind, row.hand, row.person_name) for row in said] == [
        ("agreed", "own", "Mara"),
        ("attested", "own", "Mara"),
    ]
    assert page.count("You said on 2 Mar 2026") == 2
    assert "Right." in page


def test_the_page_takes_a_constant_number_of_statements(
    client: FlaskClient, asking: Asking, counted: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    token = asking.token("agree-1", "point-5c")
    client.get(f"/c/{token}")
    with counted() as few:
        client.get(f"/c/{token}")
    asking.answer(token, "agree-1")
    asking.ask("attest-1", "point-1c", "point-8b")

    with counted() as many:
        client.get(f"/c/{token}")

    assert len(many) == len(few) <= 7


def test_a_refusal_keeps_what_was_typed(client: FlaskClient, asking: Asking) -> None:
    token = asking.token("point-1c")

    refused = client.post(
        f"/c/{token}", data={"ask": "point-1c", "answer": "yes", "asked": "3", "yes": "4", "comment": "All."}
    )

    assert refused.status_code == 422
    assert "This cannot be more than managers asked." in refused.text
    assert 'value="4"' in refused.text
    assert "All." in refused.text


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"ask": "agree-1", "answer": "yes"},
        {"ask": "point-5c"},
        {"ask": "point-5c", "answer": "maybe"},
        {"ask": "point-5c", "answer": "yes", "hand": "own"},
        {"ask": "point-5c", "answer": "yes", "account_id": "2"},
        {"ask": "point-5c", "answer": "yes", "comment": "x" * 2001},
    ],
)
def test_what_the_page_does_not_ask_is_refused(client: FlaskClient, asking: Asking, data: dict[str, str]) -> None:
    token = asking.token("point-5c")

    refused = client.post(f"/c/{token}", data=data)

    assert refused.status_code == 422
    assert asking.walk.session.scalars(select(Evidence).where(Evidence.hand == "own")).all() == []


def test_looking_changes_nothing_but_that_it_was_opened(client: FlaskClient, asking: Asking) -> None:
    token = asking.token("agree-1", "point-5c")
    client.head(f"/c/{token}")
    client.get(f"/c/{token}", headers={"Sec-Purpose": "prefetch"})
    unopened = asking.link().opened_at

    client.get(f"/c/{token}?answer=yes&ask=agree-1")

    link = asking.link()
    assert (unopened, link.opened_at, link.answered_at) == (None, asking.walk.now, None)
    assert asking.outcome().agreed_on is None


@pytest.mark.parametrize("reach", ["get", "post"])
def test_an_unknown_a_revoked_and_a_replaced_address_and_one_of_somebody_who_left_look_the_same(
    app: Flask, asking: Asking, reach: str
) -> None:
    revoked = asking.token("point-5c")
    revoke_link(link_id=asking.link().id, **asking.walk.by("olu"))
    left = asking.token("point-5c", contact_seq=INES)
    asking.walk.session.get_one(Contact, (asking.walk.account_id, INES)).left_on = asking.walk.today
    asking.walk.session.commit()

    answers = [getattr(app.test_client(), reach)(f"/c/{token}") for token in (revoked, left, "A" * 43, "x", "ö" * 300)]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert "This page is not here" in answers[0].text


def test_an_expired_page_says_whom_to_ask_and_shows_nothing_else(
    client: FlaskClient, asking: Asking, clock: FixedClock
) -> None:
    token = asking.token("agree-1")
    clock.move(days=14)

    looked, sent = client.get(f"/c/{token}"), client.post(f"/c/{token}", data={"ask": "agree-1", "answer": "yes"})

    assert looked.status_code == 410
    assert "ask Olu (olu@example.com) for a new page" in looked.text
    assert "Orders leave" not in looked.text
    assert sent.status_code == 410
    assert asking.outcome().agreed_on is None


def test_the_page_of_one_person_does_not_answer_for_another_account(client: FlaskClient, asking: Asking) -> None:
    token = asking.token("point-5c")
    link = asking.link()
    other = CustomerLink(
        token_hash="1" * 64, account_id=link.account_id + 1, contact_seq=1, asks=[{**link.asks[0], "about": "8b"}],
        created_at=link.created_at, created_by="olu@example.com", expires_at=link.expires_at,
    )  # fmt: skip
    asking.walk.session.add(other)
    asking.walk.session.commit()

    assert say(client, token, "point-8b") == 422


def test_no_copy_no_index_and_no_referrer(client: FlaskClient, asking: Asking) -> None:
    for token in (asking.token("point-5c"), "unknown"):
        headers = client.get(f"/c/{token}").headers

        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Robots-Tag"] == "noindex, nofollow"
        assert "script-src 'self'" in headers["Content-Security-Policy"]


def test_the_token_is_in_no_line_of_the_log(
    client: FlaskClient, asking: Asking, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    token = asking.token("point-5c")
    caplog.set_level(logging.DEBUG)

    client.get(f"/c/{token}")
    say(client, token, "point-5c")
    client.put(f"/c/{token}")
    client.get(f"/c/{token}/")
    client.get(f"/c/{token}", headers={"X-Forwarded-For": "198.51.100.9"})
    logging.getLogger("somebody.else").error("Exception on /c/%s [POST]", token)

    assert token not in capsys.readouterr().err
    assert all(token not in record.getMessage() for record in caplog.records if record.name != "somebody.else")
    assert "/c/***" in caplog.text


def test_a_forged_form_is_refused_and_the_pages_own_is_not_though_no_referrer_is_sent(
    asking: Asking, make_app: Callable[..., Flask]
) -> None:
    token = asking.token("point-5c")
    client = make_app(base_url="https://track.example").test_client()
    page = client.get(f"/c/{token}", base_url="https://track.example").text
    found = TOKEN_FIELD.search(page)
    assert found is not None

    forged = client.post(f"/c/{token}", base_url="https://track.example", data={"ask": "point-5c", "answer": "yes"})
    own = client.post(
        f"/c/{token}",
        base_url="https://track.example",
        data={"ask": "point-5c", "answer": "yes", "csrf_token": found[1] or found[2]},
    )

    assert (forged.status_code, own.status_code) == (422, 303)
    assert "The page had gone out of date." in forged.text


def test_somebody_of_ours_may_look_but_not_answer_in_the_customers_place(app: Flask, asking: Asking) -> None:
    token = asking.token("point-5c")
    make_session(asking.walk.session, asking.walk.cast.olu, "the browser of olu")
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = "the browser of olu"

    looked = client.get(f"/c/{token}")
    refused = client.post(f"/c/{token}", data={"ask": "point-5c", "answer": "yes"})

    assert "This page is not for you" in looked.text
    assert (looked.status_code, refused.status_code) == (200, 422)
    assert asking.link().opened_at is None
    assert asking.walk.session.scalars(select(Evidence).where(Evidence.hand == "own")).all() == []


def test_guessing_is_slowed_down_by_all_processes_together_and_no_header_evades_it(
    asking: Asking, make_app: Callable[..., Flask]
) -> None:
    token = asking.token("point-5c")
    workers = [make_app(), make_app()]

    for number in range(20):
        client = workers[number % 2].test_client()
        assert client.get(f"/c/guess-{number}", headers={"X-Forwarded-For": f"198.51.100.{number}"}).status_code == 404
    slowed = [worker.test_client().get("/c/another-guess") for worker in workers]

    assert [answer.status_code for answer in slowed] == [429, 429]
    assert workers[0].test_client().get(f"/c/{token}").status_code == 200
    assert 0 < int(slowed[0].headers["Retry-After"]) <= 300
    assert "A little too fast" in slowed[0].text


def test_behind_a_proxy_that_we_trust_each_address_counts_for_itself(
    asking: Asking, make_app: Callable[..., Flask]
) -> None:
    token = asking.token("point-5c")
    client = make_app(trusted_proxies=1).test_client()
    for number in range(21):
        client.get(f"/c/guess-{number}", headers={"X-Forwarded-For": "198.51.100.7"})

    elsewhere = client.get("/c/guess", headers={"X-Forwarded-For": "198.51.100.7, 203.0.113.5"})
    blocked = client.get("/c/guess", headers={"X-Forwarded-For": "203.0.113.5, 198.51.100.7"})
    right = client.get(f"/c/{token}", headers={"X-Forwarded-For": "198.51.100.7"})

    assert (elsewhere.status_code, blocked.status_code, right.status_code) == (404, 429, 200)


def test_answers_on_one_page_are_limited_whoever_sends_them(asking: Asking, make_app: Callable[..., Flask]) -> None:
    token = asking.token("point-5c")
    clients = []
    for worker in (make_app(), make_app()):
        worker.config["WTF_CSRF_ENABLED"] = False
        clients.append(worker.test_client())

    answers = [say(clients[n % 2], token, "point-5c", comment=f"Take {n}") for n in range(31)]

    assert answers == [303] * 30 + [429]
