"""Today, for those who work and for those who look on."""

from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from changetrack.models import Account, Alert
from tests.clock import TODAY
from tests.factories import Cast, make_alert, make_proposal, make_team_member, make_user
from tests.factories._saving import Saver
from tests.factories.portfolio import make_accounts

BrowserOf = Callable[[str], FlaskClient]


@pytest.fixture
def acme(session: Saver, cast: Cast) -> Account:
    """An account of Olu's that has made no progress."""
    account, = make_accounts(session, [
        {"name": "Acme", "place": 3, "team_id": cast.team.id, "owner_id": cast.olu.id, "stale": True,
         "annual_value": 1_300_000_00, "currency": "USD"}
    ])  # fmt: skip
    why = "12 business days without progress in step 3; the limit is 10."
    make_alert(session, account, reasons={"no_progress": {"since": "2026-02-27", "why": why, "rule": "playbook 1"}})
    return account


def test_a_need_says_why_now_what_is_at_stake_and_what_helps(acme: Account, browser_of: BrowserOf) -> None:
    page = browser_of("olu").get("/").text

    assert "12 business days without progress in step 3; the limit is 10." in page
    assert "$1.3M" in page
    assert f'href="/accounts/{acme.id}?step=3#step"' in page
    assert "1 thing needs you" in page


def test_evidence_that_ends_leads_to_its_control_point(session: Saver, acme: Account, browser_of: BrowserOf) -> None:
    make_alert(session, acme, visit_seq=2, reasons={
        "evidence_expiring": {"since": "2026-02-27", "why": "1c ends in 3 days.", "rule": "playbook 1"}
    })  # fmt: skip

    page = unescape(browser_of("olu").get("/").text)

    assert f'href="/accounts/{acme.id}?step=1&open=1c#step"' in page


@pytest.mark.parametrize(
    ("who", "query", "is_mine"), [("olu", "", True), ("tess", "", False), ("tess", "?whose=mine", True),
                                  ("olu", "?whose=team", False)],
)  # fmt: skip
@pytest.mark.usefixtures("acme")
def test_members_begin_with_their_own_accounts_and_leaders_with_the_team_s(
    browser_of: BrowserOf, who: str, query: str, is_mine: bool
) -> None:
    page = browser_of(who).get(f"/{query}").text

    own = '<a href="?whose=mine" aria-current="page">'
    assert (own in page) is is_mine


def test_a_sign_off_is_waited_for(session: Saver, cast: Cast, acme: Account, browser_of: BrowserOf) -> None:
    make_proposal(session, acme, cast.olu, note="The pilot went live.")

    asked, proposer = browser_of("tess").get("/").text, browser_of("olu").get("/").text

    assert "Waiting for your sign-off" in asked
    assert "The pilot went live." in asked
    assert "Waiting for your sign-off" not in proposer
    assert "nobody has signed yet" in proposer


def test_an_executive_sees_the_funnel_in_small_and_the_gravest(acme: Account, browser_of: BrowserOf) -> None:
    page = browser_of("ed").get("/").text

    assert "Most stale accounts are at step 3" in page
    assert "In the last seven days" in page
    assert "Gravest and dearest" in page
    assert "Waiting for your sign-off" not in page


def test_what_somebody_else_announced_names_them(
    session: Saver, cast: Cast, acme: Account, browser_of: BrowserOf
) -> None:
    (alert,) = session.scalars(select(Alert).where(Alert.account_id == acme.id))
    alert.state, alert.next_step, alert.next_step_on = "acknowledged", "Show the report", TODAY - timedelta(days=2)
    alert.acknowledged_by = cast.tess.id
    session.commit()

    olu, tess = browser_of("olu").get("/").text, browser_of("tess").get("/").text

    assert "Tess announced “Show the report”" in olu
    assert "2 days overdue" in olu
    assert "You announced “Show the report”" in tess


def test_of_a_silent_customer_one_is_asked_what_they_said(session: Saver, cast: Cast, browser_of: BrowserOf) -> None:
    (account,) = make_accounts(session, [{"place": 3, "team_id": cast.team.id, "owner_id": cast.olu.id}])
    make_alert(session, account, reasons={"silent_customer": {"since": "2026-02-02", "why": "No word.", "rule": "1"}})

    page = unescape(browser_of("olu").get("/").text)

    assert f"/accounts/{account.id}/update?what=said" in page
    assert "They said" in page


def test_long_lists_are_cut_to_a_day_s_work(session: Saver, cast: Cast, browser_of: BrowserOf) -> None:
    accounts = make_accounts(session, [
        {"place": 3, "team_id": cast.team.id, "owner_id": cast.olu.id} for _ in range(15)
    ])  # fmt: skip
    for account in accounts:
        make_alert(session, account)
    browser = browser_of("olu")

    short, whole = browser.get("/").text, unescape(browser.get("/?whose=mine&all=1").text)

    assert short.count('class="item need') == 12
    assert "Show 15" in short
    assert whole.count('class="item need') == 15


def test_a_day_without_needs_says_so(session: Saver, cast: Cast, browser_of: BrowserOf) -> None:
    make_accounts(session, [{"place": 3, "team_id": cast.team.id}])

    assert "All clear" in browser_of("tess").get("/").text


def test_accounts_that_nobody_opened_lead_to_their_opening(session: Saver, cast: Cast, browser_of: BrowserOf) -> None:
    first, *_ = make_accounts(session, [
        {"name": f"New {n}", "place": 0, "team_id": cast.team.id} for n in range(6)
    ])  # fmt: skip

    page = unescape(browser_of("olu").get("/").text)

    assert "6 accounts wait to be opened" in page
    assert "Two questions open an account: who is the customer, and what do they value?" in page
    assert f'href="/accounts/{first.id}#opening"' in page
    assert f'href="/accounts?place=not_opened&team={cast.team.id}"' in page
    assert "All clear" not in page


def test_what_waits_to_be_opened_stands_above_what_needs_somebody(
    session: Saver, cast: Cast, acme: Account, browser_of: BrowserOf
) -> None:
    make_accounts(session, [{"name": "New", "place": 0, "team_id": cast.team.id}])

    page = browser_of("olu").get("/").text

    assert 0 < page.index('id="to-open"') < page.index('id="needs"')


def test_a_team_without_accounts_is_told_how_to_add_one(browser_of: BrowserOf) -> None:
    page = browser_of("tess").get("/").text

    assert "No account belongs to your team yet" in page
    assert 'href="/accounts/new"' in page
    assert "ask an administrator to import a file" in page
    assert "All clear" not in page


def test_the_first_run_says_how_to_make_it_one_s_own(browser_of: BrowserOf) -> None:
    page = browser_of("ada").get("/").text

    assert "Make it yours" in page
    assert "/admin/imports" in page
    assert "/admin/imports" not in browser_of("ed").get("/").text


def test_somebody_in_no_team_learns_what_they_wait_for(session: Saver, cast: Cast, browser_of: BrowserOf) -> None:
    object.__setattr__(cast, "otto", make_user(session, name="New"))

    assert "You are in no team yet" in browser_of("otto").get("/").text


def test_an_executive_who_is_in_a_team_sees_both(
    session: Saver, cast: Cast, acme: Account, browser_of: BrowserOf
) -> None:
    make_team_member(session, cast.team, cast.ed)

    page = browser_of("ed").get("/").text

    assert "What needs the team" in page
    assert "In the last seven days" in page
