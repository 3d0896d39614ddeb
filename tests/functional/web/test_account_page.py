"""An account goes its whole way by its page, and everything that cannot be is refused with all reasons."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session, scoped_session
from werkzeug.test import TestResponse

from changetrack.models import Account, Evidence, Proposal, SignOff, UserSession, Visit
from tests.clock import TODAY, FixedClock
from tests.factories import Cast, make_contact, make_event, make_evidence

BrowserOf = Callable[[str], FlaskClient]
Saver = scoped_session[Session]

MOST_STATEMENTS = 12

OPENING = {"beneficiary": "Plant managers", "value_statement": "Close in a day, not in a week.", "version": "1"}
GAP = {
    "gap_metric": "Hours to close", "gap_unit": "h", "gap_from": "40", "gap_to": "8",
    "gap_by": "2026-12-31", "gap_evidence": "The report of February",
}  # fmt: skip
MANAGERS = {"contact_seq": "new", "contact_name": "Mara Voss", "contact_title": "Plant manager",
            "said_how": "call", "asked": "4", "yes": "3"}  # fmt: skip


@pytest.fixture
def walk(browser_of: BrowserOf, cast: Cast, session: Saver) -> "Walk":
    """An account of Olu's team, added by the page today."""
    return Walk(browser_of, cast, session)


class Walk:
    """One account and the browsers of those who work on it: `walk.post("olu", "gap", GAP)`."""

    def __init__(self, browser_of: BrowserOf, cast: Cast, session: Saver) -> None:
        self._browser_of = browser_of
        self._browsers: dict[str, FlaskClient] = {}
        self.session = session
        record = {"name": "Acme", "external_id": "a-1", "team_id": str(cast.team.id), "owner_id": str(cast.olu.id),
                  "started_on": (TODAY - timedelta(days=60)).isoformat()}  # fmt: skip
        added = self.browser("olu").post("/accounts/new", data=record)
        self.address = added.location
        self.id = int(self.address.rpartition("/")[2])

    def browser(self, name: str) -> FlaskClient:
        """The browser of one of the cast."""
        if name not in self._browsers:
            self._browsers[name] = self._browser_of(name)
        return self._browsers[name]

    def post(self, who: str, what: str, typed: Mapping[str, str] | None = None) -> TestResponse:
        """Send one of the page's forms."""
        return self.browser(who).post(f"{self.address}/{what}", data=dict(typed or {}))

    def page(self, who: str = "olu", query: str = "") -> str:
        """The account page as somebody sees it."""
        return self.browser(who).get(self.address + query).text

    def account(self) -> Account:
        """The account's row as it is now."""
        self.session.rollback()
        return self.session.get_one(Account, self.id)

    def to_proposal(self) -> None:
        """Open the account, prove step 1, and let Olu propose."""
        version = {"version": "2"}
        for what, typed in (("opening", OPENING), ("gap", GAP | version), ("evidence/1c", MANAGERS), ("proposal", {})):
            assert self.post("olu", what, typed).status_code == 303

    def sign(self, who: str, proposal: str = "1") -> TestResponse:
        """Sign the proposal that was shown."""
        return self.post(who, "sign-off", {"proposal_seq": proposal})

    def wait(self, clock: FixedClock, **amount: float) -> None:
        """Let time pass in which nobody's session ends."""
        self.browser("tess")
        clock.move(**amount)
        seen = {"last_seen_at": clock.now(), "expires_at": clock.now() + timedelta(days=1)}
        self.session.execute(update(UserSession).values(**seen))
        self.session.commit()

    def rows(self, model: Any) -> list[Any]:
        """The account's rows of a table."""
        self.session.rollback()
        return list(self.session.scalars(select(model).where(model.account_id == self.id)))


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


def test_a_refused_form_comes_back_with_all_reasons_and_with_what_was_typed(walk: Walk) -> None:
    walk.post("olu", "opening", OPENING)

    refused = walk.post("olu", "evidence/1c", {"asked": "3", "yes": "4", "note": "Heard in passing", "contact_seq": ""})

    assert refused.status_code == 422
    assert "Name the customer&#39;s person who said it." in refused.text
    assert "Say how you heard it: call, mail or meeting." in refused.text
    assert "Said yes cannot be more than managers asked." in refused.text
    assert 'value="Heard in passing"' in refused.text
    assert "data-autofocus" in refused.text
    assert walk.rows(Evidence) == [row for row in walk.rows(Evidence) if row.kind == "record"]


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ({"asked": "many", "yes": "3"}, "Write a number."),
        ({"asked": "1e999", "yes": "3"}, "Write a number that can be counted to."),
        ({"asked": "nan", "yes": "3"}, "Write a number that can be counted to."),
        ({"asked": "-4", "yes": "3"}, "Managers asked: a number from 0 to"),
        ({"asked": "4"}, "Said yes: a number from 0 to"),
        ({"effective_on": "2026-13-45"}, "Not a valid date value."),
        ({"effective_on": (TODAY + timedelta(days=1)).isoformat()}, "3 Mar 2026 is in the future."),
        ({"contact_seq": "99"}, "That person is not among the customer&#39;s people."),
        ({"contact_seq": "somebody"}, "That person is not among the customer&#39;s people."),
        ({"said_how": "carrier pigeon"}, "Say how you heard it: call, mail or meeting."),
        ({"wizard": "1"}, "This form has no field wizard."),
    ],
)
def test_evidence_that_cannot_be_is_refused(walk: Walk, typed: Mapping[str, str], reason: str) -> None:
    walk.post("olu", "opening", OPENING)
    wrong = {**MANAGERS, "yes": "3", **typed} if "asked" not in typed else {**MANAGERS, "yes": "", **typed}

    refused = walk.post("olu", "evidence/1c", wrong)

    assert refused.status_code == 422
    assert reason in refused.text


def test_evidence_for_an_unknown_point_is_a_page_that_does_not_exist(walk: Walk) -> None:
    walk.post("olu", "opening", OPENING)

    assert walk.post("olu", "evidence/9z", MANAGERS).status_code == 404


def test_a_computed_point_cannot_be_typed_in(walk: Walk) -> None:
    walk.post("olu", "opening", OPENING)

    refused = walk.post("olu", "evidence/2a", {"answer": "yes"})

    assert refused.status_code == 422
    assert "2a is computed; nobody can type it in." in refused.text


def test_numbers_below_the_rule_are_kept_and_do_not_hold(walk: Walk) -> None:
    walk.post("olu", "opening", OPENING)

    walk.post("olu", "evidence/1c", MANAGERS | {"yes": "2"})

    page = walk.page(query="?step=1")
    assert "Recorded, but 1c does not hold" in page
    assert "Does not pass" in page


def test_a_customers_word_is_shown_as_reported_with_person_and_how(walk: Walk) -> None:
    walk.post("olu", "opening", OPENING)
    walk.post("olu", "evidence/1c", MANAGERS)

    page = walk.page(query="?step=1")

    assert "Mara Voss, Plant manager" in page
    assert "reported, by call" in page


def test_evidence_is_taken_back_with_a_reason_and_stays_visible(walk: Walk) -> None:
    walk.post("olu", "opening", OPENING)
    walk.post("olu", "evidence/1c", MANAGERS)
    seq = next(row.seq for row in walk.rows(Evidence) if row.point == "1c")

    without = walk.post("olu", f"evidence/{seq}/retract?step=1")
    taken_back = walk.post("olu", f"evidence/{seq}/retract", {"because": "She meant another plant."})

    assert (without.status_code, taken_back.status_code) == (422, 303)
    assert "Say why it is taken back." in without.text
    assert "She meant another plant." in walk.page(query="?step=1")


def test_the_quick_update_records_in_one_request(walk: Walk) -> None:
    walk.post("olu", "opening", OPENING)
    form = walk.browser("olu").get(f"{walk.address}/update?point=1c").text

    saved = walk.post("olu", "update", MANAGERS | {"point": "1c"})

    assert 'name="asked"' in form
    assert saved.status_code == 303
    assert any(row.point == "1c" and row.passes for row in walk.rows(Evidence))


def test_a_refused_quick_update_keeps_what_was_typed(walk: Walk) -> None:
    walk.post("olu", "opening", OPENING)

    refused = walk.post("olu", "update", {"point": "1c", "asked": "4", "yes": "3", "contact_name": "Mara Voss"})

    assert refused.status_code == 422
    assert "Say how you heard it" in refused.text
    assert 'value="Mara Voss"' in refused.text


def test_the_proposer_does_not_sign(walk: Walk) -> None:
    walk.to_proposal()

    refused = walk.sign("olu")

    assert refused.status_code == 422
    assert "Who proposes does not sign off: it takes another person." in refused.text


def test_the_value_stream_manager_does_not_sign(walk: Walk) -> None:
    walk.to_proposal()

    refused = walk.sign("vik")

    assert refused.status_code == 422
    assert "The value stream manager proposes, but does not sign off." in refused.text


def test_nobody_signs_twice(walk: Walk, cast: Cast) -> None:
    walk.to_proposal()
    walk.sign("tess")

    again = walk.sign("tess")

    assert again.status_code == 422
    assert "It waits for nobody any more: the account has moved on." in again.text
    assert len(walk.rows(SignOff)) == 1


def test_nobody_signs_on_changed_evidence(walk: Walk) -> None:
    walk.to_proposal()
    walk.post("olu", "evidence/1c", MANAGERS | {"yes": "4"})

    refused = walk.sign("tess")

    assert refused.status_code == 422
    assert "The evidence has changed since it was proposed." in refused.text
    assert walk.account().claimed_step == 1


def test_a_sign_off_is_on_the_proposal_that_was_shown(walk: Walk) -> None:
    walk.to_proposal()
    walk.post("olu", "evidence/1c", MANAGERS | {"yes": "4"})
    walk.post("olu", "proposal")

    refused = walk.sign("tess", proposal="1")
    signed = walk.sign("tess", proposal="2")

    assert refused.status_code == 422
    assert "A newer proposal has taken its place." in refused.text
    assert signed.status_code == 303


def test_an_expired_proposal_is_not_signed(walk: Walk, clock: FixedClock) -> None:
    walk.to_proposal()
    walk.wait(clock, days=21)

    refused = walk.sign("tess")

    assert refused.status_code == 422
    assert "The proposal lapsed on 17 Mar 2026. Propose again." in refused.text


def test_a_sign_off_on_another_teams_account_is_a_page_that_does_not_exist(walk: Walk) -> None:
    walk.to_proposal()

    assert walk.sign("otto").status_code == 404
    assert walk.browser("otto").get(walk.address).status_code == 404


def test_a_proposal_is_withdrawn(walk: Walk) -> None:
    walk.to_proposal()

    withdrawn = walk.post("olu", "proposal/withdraw", {"proposal_seq": "1"})

    assert withdrawn.status_code == 303
    assert "Withdrawn by Olu." in walk.page()
    assert [row.state for row in walk.rows(Proposal)] == ["withdrawn"]


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ({"to_step": "2", "reason": "other"}, "Going back means an earlier step than 2, Create the guiding coalition."),
        ({"to_step": "5", "reason": "other"}, "Going back means an earlier step than 2, Create the guiding coalition."),
        ({"to_step": "0", "reason": "other"}, "Steps are numbered 1 to 8."),
        ({"to_step": "12", "reason": "other"}, "Steps are numbered 1 to 8."),
        ({"to_step": "1", "reason": "bored"}, "Say why, by one of: Evidence lost"),
        ({"to_step": "1", "reason": "other", "effective_on": "2026-03-03"}, "3 Mar 2026 is in the future."),
    ],
)
def test_going_back_where_one_cannot_is_refused(walk: Walk, typed: Mapping[str, str], reason: str) -> None:
    walk.to_proposal()
    walk.sign("tess")

    refused = walk.post("olu", "back", typed)

    assert refused.status_code == 422
    assert reason in refused.text
    assert walk.account().claimed_step == 2


def test_only_the_value_stream_manager_goes_ahead_by_exception(walk: Walk) -> None:
    walk.post("olu", "opening", OPENING)
    exception = {"reason": "The budget window closes.", "ends_on": "2026-04-01"}

    by_olu = walk.post("olu", "exception", exception)
    without_reason = walk.post("vik", "exception", {"ends_on": "2026-04-01"})
    by_vik = walk.post("vik", "exception", exception)

    assert "Go ahead by exception" not in walk.page("olu").partition("page-body")[0]
    assert (by_olu.status_code, without_reason.status_code, by_vik.status_code) == (403, 422, 303)
    assert "Write down why it goes ahead without its evidence." in without_reason.text
    page = walk.page()
    assert "claims 2, evidence carries 1" in page
    assert "By exception until 1 Apr 2026" in page


def test_an_account_is_held_resumed_closed_and_reopened(walk: Walk) -> None:
    walk.post("olu", "opening", OPENING)

    refused = walk.post("olu", "hold", {"reason": " "})
    held = walk.post("olu", "hold", {"reason": "Merger talks.", "review_on": "2026-04-01"})
    on_hold = walk.page()
    resumed = walk.post("olu", "resume")
    closed = walk.post("olu", "close", {"outcome": "churned"})
    when_closed = walk.page()
    reopened = walk.post("olu", "reopen")

    assert refused.status_code == 422
    assert "Give the customer&#39;s reason for waiting." in refused.text
    assert "Give the day on which you will look at it again, after today." in refused.text
    assert [answer.status_code for answer in (held, resumed, closed, reopened)] == [303] * 4
    assert "Merger talks." in on_hold
    assert "Churned. Its history stays" in when_closed
    assert walk.account().status == "active"


@pytest.mark.parametrize("move", ["back", "hold", "resume", "close", "reopen", "exception"])
def test_each_move_has_its_form_on_the_page(walk: Walk, move: str) -> None:
    walk.post("olu", "opening", OPENING)

    page = walk.browser("vik").get(f"{walk.address}/{move}")

    assert page.status_code == 200
    assert f'action="{walk.address}/{move}"' in page.text


def test_an_executive_reads_the_page_and_has_no_form_on_it(walk: Walk) -> None:
    walk.to_proposal()

    page = walk.page("ed")

    assert "Proposed to advance to step 2" in page
    assert 'method="post"' not in page.partition('id="content"')[2]
    assert walk.post("ed", "gap", GAP).status_code == 403
    assert walk.browser("ed").get(f"{walk.address}/hold").status_code == 403


def test_a_gap_that_somebody_saved_meanwhile_is_a_conflict_that_shows_both(walk: Walk) -> None:
    walk.post("olu", "opening", OPENING)
    walk.post("tess", "gap", GAP | {"version": "2"})

    late = walk.post("olu", "gap", GAP | {"version": "2", "gap_from": "36"})
    again = walk.post("olu", "gap", GAP | {"version": "3", "gap_from": "36"})

    assert late.status_code == 409
    assert "Somebody saved this before you" in late.text
    assert 'value="36"' in late.text
    assert 'name="version" type="hidden" value="3"' in late.text
    assert again.status_code == 303


def test_the_customers_people_are_added_and_edited_with_their_version(walk: Walk) -> None:
    mara = {"name": "Mara Voss", "function": "Operations", "path_roles": "decider", "in_coalition": "y"}

    added = walk.post("olu", "contacts/new", mara)
    edited = walk.post("olu", "contacts/1", mara | {"title": "COO", "version": "1"})
    late = walk.post("tess", "contacts/1", mara | {"title": "Chief", "version": "1"})

    assert (added.status_code, edited.status_code, late.status_code) == (303, 303, 409)
    assert "COO" in late.text
    assert 'value="Chief"' in late.text
    assert "The coalition has 1 active member; it needs 3." in walk.page(query="?tab=coalition")


def test_a_person_without_a_name_is_refused(walk: Walk) -> None:
    refused = walk.post("olu", "contacts/new", {"name": " ", "title": "COO"})

    assert refused.status_code == 422
    assert "A person needs a name." in refused.text
    assert 'value="COO"' in refused.text


def test_roles_that_the_customer_does_not_have_leave_the_decision_path(walk: Walk) -> None:
    left_out = walk.post("olu", "decision-path", {"not_applicable": "gatekeeper"})
    impossible = walk.post("olu", "decision-path", {"not_applicable": "decider"})

    assert left_out.status_code == 303
    assert "0 of 6 roles" in walk.page()
    assert impossible.status_code == 422


def test_the_customer_signs_where_the_step_asks_for_it(walk: Walk, cast: Cast) -> None:
    walk.to_proposal()
    make_contact(walk.session, walk.account(), name="Jon Berg")

    refused = walk.post("olu", "customer-sign-off", {"proposal_seq": "1"})

    assert refused.status_code == 422
    assert "That person is not among the customer&#39;s people." in refused.text
    assert "Say how you heard it: call, mail or meeting." in refused.text


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


@pytest.mark.parametrize("step", ["0", "9", "12", "x", "", "٣"])
def test_a_step_that_does_not_exist_opens_the_claimed_one(walk: Walk, step: str) -> None:
    page = walk.browser("olu").get(walk.address, query_string={"step": step})

    assert page.status_code == 200
    assert "Step 1 · Establish urgency" in page.text


@pytest.mark.parametrize(
    "query", ["", "?step=1&open=1c", "?tab=history", "?tab=history&kind=evidence", "?known_at=2026-03-02"]
)
def test_the_page_costs_at_most_twelve_statements_whatever_its_history(
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
