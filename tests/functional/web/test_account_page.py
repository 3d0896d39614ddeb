"""The account page: a whole walk by it, what it says of the gate, its history, its past, and who sees what."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest

from changetrack.models import Event, Visit
from changetrack.queries.history import PAGE
from tests.clock import TODAY, FixedClock
from tests.factories import Cast, make_contact, make_event, make_evidence
from tests.functional.web.account_walk import GAP, MANAGERS, OPENING, BrowserOf, Saver, Walk

MOST_STATEMENTS = 13


@pytest.fixture
def walk(browser_of: BrowserOf, cast: Cast, session: Saver) -> Walk:
    """An account of Olu's team, added by the page today."""
    return Walk(browser_of, cast, session)


def test_an_account_is_opened_proven_proposed_signed_off_and_taken_back_by_its_page(walk: Walk) -> None:
    walk.post("olu", "opening", OPENING)
    refused = walk.post("olu", "proposal")
    walk.post("olu", "gap", GAP | {"version": "2"})
    recorded = walk.post("olu", "evidence/1c", MANAGERS)
    after_evidence = walk.page()
    proposed = walk.post("olu", "proposal", {"note": "They are keen."})
    seen_by_tess = walk.page("tess")
    signed = walk.sign("tess")
    at_step_2 = walk.page("tess")
    back = walk.post("vik", "back", {"to_step": "1", "reason": "sponsor_left", "note": "Mara has left."})

    assert refused.status_code == 422
    assert "1b Gap quantified" in refused.text
    assert "1c Managers convinced" in refused.text
    assert recorded.location.endswith("step=1#point-1c")
    assert "1c holds now: managers asked 4 (at least 3); said yes 75% of 4 (at least 75%)." in after_evidence
    assert "Nothing is left before step 2: propose to advance." in after_evidence
    assert (proposed.status_code, signed.status_code, back.status_code) == (303, 303, 303)
    assert "The team coordinator: Tess" in seen_by_tess
    assert "“They are keen.”" in seen_by_tess
    assert "Acme is at step 2 now, Create the guiding coalition." in at_step_2
    account = walk.account()
    assert (account.claimed_step, account.status) == (1, "active")
    assert [(visit.step, visit.kind) for visit in walk.rows(Visit)] == [
        (0, "created"), (1, "opened"), (2, "advanced"), (1, "regressed"),
    ]  # fmt: skip


def test_a_shut_gate_names_everything_that_is_missing_with_links_to_its_forms(walk: Walk) -> None:
    walk.post("olu", "opening", OPENING)

    page = walk.page()

    assert "Two things stand between Acme and step 2:" in page
    assert f'href="{walk.address}?step=1&amp;open=1b#point-1b"' in page
    assert f'href="{walk.address}?step=1&amp;open=1c#point-1c"' in page


def test_the_link_of_a_missing_point_opens_its_form(walk: Walk) -> None:
    walk.post("olu", "opening", OPENING)

    page = walk.page(query="?step=1&open=1c")

    assert '<details class="point-do" open><summary class="btn small">' in page


def test_an_executive_reads_the_page_and_has_no_form_on_it(walk: Walk) -> None:
    walk.to_proposal()

    page = walk.page("ed")

    assert "Proposed to advance to step 2" in page
    assert 'method="post"' not in page.partition('id="content"')[2]
    assert walk.post("ed", "gap", GAP).status_code == 403
    assert walk.browser("ed").get(f"{walk.address}/hold").status_code == 403


def test_the_history_is_told_newest_first_and_by_kind(walk: Walk) -> None:
    walk.to_proposal()

    everything = walk.page(query="?tab=history")
    gate = walk.page(query="?tab=history&kind=gate")

    assert everything.index("Proposed to advance from step 1") < everything.index("Evidence recorded for 1c")
    assert "Proposed to advance from step 1" in gate
    assert "Evidence recorded for 1c" not in gate


def test_an_earlier_day_is_shown_as_it_was_known_without_forms(walk: Walk, clock: FixedClock) -> None:
    walk.post("olu", "opening", OPENING)
    walk.wait(clock, days=1)
    walk.post("olu", "gap", GAP | {"version": "2"})

    then = walk.page(query="?known_at=2026-03-02&step=1")
    nowadays = walk.page(query="?step=1")

    assert "As known on 2 Mar 2026" in then
    assert 'method="post"' not in then.partition('id="content"')[2]
    assert "1 of 3 control points hold" in then
    assert "2 of 3 control points hold" in nowadays


@pytest.mark.parametrize(
    ("day", "status"), [("2026-03-03", 422), ("yesterday", 422), ("2020-01-01", 404), ("2026-03-02", 200)]
)
def test_only_a_day_on_which_something_was_known_is_shown(walk: Walk, day: str, status: int) -> None:
    answer = walk.browser("olu").get(f"{walk.address}?known_at={day}")

    assert answer.status_code == status


def test_a_long_history_goes_on_on_older_pages(walk: Walk) -> None:
    account = walk.account()
    for n in range(PAGE):
        make_event(walk.session, account, kind="account_edited", note=f"Edit {n}")

    newest = walk.page(query="?tab=history")
    older = walk.page(query=f"?tab=history&before={min(event.seq for event in walk.rows(Event)) + 1}")

    assert "Edit 29" in newest
    assert 'rel="next"' in newest
    assert "Added" in older
    assert 'rel="next"' not in older


@pytest.mark.parametrize("step", ["0", "9", "12", "x", "", "٣"])
def test_a_step_that_does_not_exist_opens_the_claimed_one(walk: Walk, step: str) -> None:
    page = walk.browser("olu").get(walk.address, query_string={"step": step})

    assert page.status_code == 200
    assert "Step 1 · Establish urgency" in page.text


@pytest.mark.parametrize(
    "query", ["", "?step=1&open=1c", "?tab=history", "?tab=history&kind=evidence", "?known_at=2026-03-02"]
)
def test_the_page_costs_at_most_thirteen_statements_whatever_its_history(
    walk: Walk, counted: Callable[[], AbstractContextManager[list[str]]], query: str
) -> None:
    walk.to_proposal()
    browser, account = walk.browser("tess"), walk.account()
    for day in range(60):
        make_evidence(walk.session, account, "1c", effective_on=TODAY - timedelta(days=day), side="customer")
        make_event(walk.session, account, changes={"owner_id": [None, account.owner_id], "team_id": [None, 1]})
        make_contact(walk.session, account)

    with counted() as statements:
        answer = browser.get(walk.address + query)

    assert answer.status_code == 200
    assert len(statements) <= MOST_STATEMENTS
