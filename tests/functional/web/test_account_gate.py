"""Sign-offs and moves by the account page, and everything that is refused there with its reasons."""

from collections.abc import Mapping
from copy import deepcopy

import pytest

from changetrack.domain.journey.default_playbook import DEFAULT_PLAYBOOK
from changetrack.models import Proposal, SignOff
from tests.clock import FixedClock
from tests.factories import Cast, make_playbook
from tests.functional.web.account_walk import MANAGERS, OPENING, BrowserOf, Saver, Walk


@pytest.fixture
def walk(browser_of: BrowserOf, cast: Cast, session: Saver) -> Walk:
    """An account of Olu's team, added by the page today."""
    return Walk(browser_of, cast, session)


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


def test_one_person_counts_once(walk: Walk) -> None:
    walk.to_proposal(by="vik")
    first = walk.sign("olu")

    again = walk.sign("olu")

    assert (first.status_code, again.status_code) == (303, 422)
    assert "You have signed already: one person counts once." in again.text
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


@pytest.fixture
def signed_by_the_customer(session: Saver, cast: Cast) -> None:
    """A playbook whose first step asks for the customer's word."""
    body = deepcopy(DEFAULT_PLAYBOOK)
    body["steps"][0]["customer_signs"] = True
    make_playbook(session, version=2, body=body)


@pytest.mark.usefixtures("signed_by_the_customer")
def test_the_customer_signs_where_the_step_asks_for_it(walk: Walk) -> None:
    walk.to_proposal()
    asked = walk.page("tess")

    first = walk.sign("tess")
    refused = walk.post("olu", "customer-sign-off", {"proposal_seq": "1"})
    word = walk.post("olu", "customer-sign-off", {"proposal_seq": "1", "contact_seq": "1", "said_how": "mail"})

    assert "A named person of the customer" in asked
    assert (first.status_code, refused.status_code, word.status_code) == (303, 422, 303)
    assert "That person is not among the customer&#39;s people." in refused.text
    assert "Say how you heard it: call, mail or meeting." in refused.text
    assert walk.account().claimed_step == 2
