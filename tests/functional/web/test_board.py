"""Moving a card on the board: the one gate decides, and says all that it misses."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from changetrack.models import Account, Proposal
from tests.factories import Cast, make_contact, make_evidence, make_journey, make_learned_limit, make_visit
from tests.factories._saving import Saver
from tests.factories.portfolio import make_accounts

BrowserOf = Callable[[str], FlaskClient]


@pytest.fixture
def acme(session: Saver, cast: Cast) -> Account:
    """An account of Olu's team at step 1, of which nothing is proven."""
    account, = make_accounts(session, [
        {"name": "Acme", "place": 1, "visit_seq": 1, "team_id": cast.team.id, "owner_id": cast.olu.id}
    ])  # fmt: skip
    make_visit(session, account, kind="opened")
    return account


def prove_step_1(session: Saver, account: Account) -> None:
    """Everything that step 1 asks for."""
    make_journey(session, account)
    make_contact(session, account, name="Mara")
    for point in ("1a", "1b", "1c"):
        make_evidence(session, account, point)


def test_the_board_shows_cards_by_step_with_their_counts(acme: Account, browser_of: BrowserOf) -> None:
    page = browser_of("olu").get("/board").text

    assert f'data-card="{acme.id}"' in page
    assert '<b class="num">1</b> claimed only' in page
    assert 'draggable="true"' in page


def test_days_stand_against_the_limit_that_was_learned_for_the_month(
    session: Saver, acme: Account, browser_of: BrowserOf
) -> None:
    make_learned_limit(session, step=1, limit_days=80)

    olu = browser_of("olu")
    card, header = olu.get("/board").text, olu.get(f"/accounts/{acme.id}").text

    assert 'title="Learned for Mar 2026 (fixed: 45)">/80</span>' in card
    assert "the limit is 80, learned for Mar 2026 (fixed: 45)" in header


def test_who_only_looks_gets_no_moves(acme: Account, browser_of: BrowserOf) -> None:
    page = browser_of("ed").get("/board").text

    assert f'data-card="{acme.id}"' in page
    assert "data-move" not in page


def test_a_shut_gate_returns_the_card_and_says_all_that_is_missing(
    session: Saver, acme: Account, browser_of: BrowserOf
) -> None:
    response = browser_of("olu").post(f"/board/{acme.id}/move", data={"to": "2", "version": "1"})

    assert response.status_code == 422
    assert "Acme stays where it is" in response.text
    assert all(point in response.text for point in ("1a ", "1b ", "1c "))
    assert f'href="/accounts/{acme.id}#gate"' in response.text
    assert f'data-card="{acme.id}"' in response.text
    assert session.query(Proposal).count() == 0


def test_an_open_gate_makes_it_a_proposal_and_keeps_the_view(
    session: Saver, cast: Cast, acme: Account, browser_of: BrowserOf
) -> None:
    prove_step_1(session, acme)
    browser, address = browser_of("olu"), f"/board/{acme.id}/move?owner={cast.olu.id}"

    response = browser.post(address, data={"to": "2", "version": "1"})

    proposal = session.query(Proposal).one()
    assert (response.status_code, response.location) == (303, f"/board?owner={cast.olu.id}")
    assert (proposal.account_id, proposal.from_step, proposal.state) == (acme.id, 1, "open")
    assert "the team coordinator" in browser.get(response.location).text


def test_going_back_leads_to_the_form_that_asks_why(session: Saver, cast: Cast, browser_of: BrowserOf) -> None:
    (account,) = make_accounts(session, [{"place": 4, "visit_seq": 1, "team_id": cast.team.id}])

    response = browser_of("olu").post(f"/board/{account.id}/move", data={"to": "2"})

    assert (response.status_code, response.location) == (303, f"/accounts/{account.id}/back?to_step=2")


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"to": "3"}, "One step after the other: next is step 2"),
        ({"to": "1"}, "Acme is there already"),
        ({"to": "0"}, "Steps are numbered 1 to 8"),
        ({"to": "2", "version": "7"}, "has moved since this board was shown"),
        ({"to": "two"}, "Not a valid integer value"),
        ({}, "Say to which step"),
    ],
)
def test_what_cannot_be_moved_there_says_why(
    acme: Account, browser_of: BrowserOf, sent: dict[str, str], sentence: str
) -> None:
    response = browser_of("olu").post(f"/board/{acme.id}/move", data=sent)

    assert response.status_code == 422
    assert sentence in response.text


def test_the_board_follows_its_filters(session: Saver, acme: Account, cast: Cast, browser_of: BrowserOf) -> None:
    (other,) = make_accounts(session, [{"name": "Bolt", "place": 1, "team_id": cast.team.id, "segment": "Small"}])

    page = browser_of("olu").get("/board?segment=Small").text

    assert f'data-card="{other.id}"' in page
    assert f'data-card="{acme.id}"' not in page
    assert "1 account on the way" in page


def test_a_long_column_leads_to_the_list_of_all(session: Saver, cast: Cast, browser_of: BrowserOf) -> None:
    make_accounts(session, [{"place": 3, "team_id": cast.team.id} for _ in range(25)])

    page = browser_of("olu").get("/board").text

    assert page.count("data-card=") == 20
    assert 'href="/accounts?place=3&amp;sort=-days"' in page
