"""Commitments: made, met, renegotiated in time, handed over, withdrawn; and which is due first."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused, StaleVersion
from changetrack.models import Commitment, Event
from changetrack.operations.coalition import add_contact
from changetrack.operations.commitments import (
    hand_over_commitment,
    make_commitment,
    meet_commitment,
    renegotiate_commitment,
    withdraw_commitment,
)
from changetrack.operations.journey.moves import close_account
from tests.factories.walk import COALITION, Walk


@pytest.fixture
def opened(walk: Walk) -> Walk:
    """An account at step 1, with three people of the customer's."""
    walk.open()
    for person in COALITION:
        add_contact(contact=person, **walk.by("olu"))
    return walk


def make(walk: Walk, **given: Any) -> int:
    """Olu promises something, by default for a week from now."""
    asked: dict[str, Any] = {"action": "Send the plan", "due_on": walk.today + timedelta(7)}
    if "owner_contact_seq" not in given:
        asked["owner_user_id"] = walk.cast.olu.id
    return make_commitment(**{**asked, **given}, **walk.by("olu"))


def kept(walk: Walk, seq: int) -> Commitment:
    """The commitment as it is on record."""
    walk.session.rollback()
    return walk.session.get_one(Commitment, (walk.account_id, seq))


def last_event(walk: Walk) -> Event:
    """The newest event of the account's history."""
    mine = select(Event).where(Event.account_id == walk.account_id).order_by(Event.seq.desc()).limit(1)
    return walk.session.scalars(mine).one()


def refused(error: pytest.ExceptionInfo[OperationRefused]) -> set[str | None]:
    """At which fields it was refused."""
    return {reason.field for reason in error.value.reasons}


def test_a_commitment_is_kept_with_its_owner_and_day_and_is_no_progress(opened: Walk) -> None:
    before = opened.account().progress_on

    seq = make(opened)

    row = kept(opened, seq)
    assert (row.owner_name, row.due_on, row.state) == ("Olu", opened.today + timedelta(7), "open")
    assert (last_event(opened).kind, last_event(opened).is_progress) == ("commitment_made", False)
    assert opened.account().progress_on == before


def test_the_account_knows_which_of_its_commitments_is_due_first(opened: Walk) -> None:
    later = make(opened, action="Train the users", due_on=opened.today + timedelta(20))
    sooner = make(opened, action="Call Mara", due_on=opened.today + timedelta(2))

    assert opened.account().commitment_due_on == opened.today + timedelta(2)
    assert opened.account().commitment_words == "“Call Mara” (Olu)"

    meet_commitment(seq=sooner, version=1, **opened.by("olu"))

    assert opened.account().commitment_due_on == opened.today + timedelta(20)

    withdraw_commitment(seq=later, version=1, reason="They train themselves.", **opened.by("olu"))

    assert (opened.account().commitment_due_on, opened.account().commitment_words) == (None, None)


def test_meeting_a_commitment_of_ours_is_progress_but_no_act_of_the_customers(opened: Walk) -> None:
    seq, silent_since = make(opened), opened.account().customer_on
    opened.move_on(3)

    meet_commitment(seq=seq, version=1, result="They read it.", **opened.by("olu"))

    event = last_event(opened)
    assert (event.kind, event.is_progress, event.note) == (
        "commitment_met",
        True,
        "“Send the plan” (Olu): They read it.",
    )
    assert opened.account().progress_on == opened.today
    assert opened.account().customer_on == silent_since


def test_a_customers_person_who_meets_theirs_is_heard(opened: Walk) -> None:
    seq = make(opened, action="Name the trainers", owner_contact_seq=1)
    opened.move_on(3)

    meet_commitment(seq=seq, version=1, **opened.by("olu"))

    assert kept(opened, seq).owner_name == "Mara"
    assert opened.account().customer_on == opened.today


def test_it_was_met_on_the_day_that_is_said_and_never_before_it_was_made(opened: Walk) -> None:
    seq, made_on = make(opened), opened.today
    opened.move_on(5)

    with pytest.raises(OperationRefused) as early:
        meet_commitment(seq=seq, version=1, met_on=made_on - timedelta(1), **opened.by("olu"))
    with pytest.raises(OperationRefused) as future:
        meet_commitment(seq=seq, version=1, met_on=opened.today + timedelta(1), **opened.by("olu"))
    meet_commitment(seq=seq, version=1, met_on=made_on + timedelta(2), **opened.by("olu"))

    assert refused(early) == refused(future) == {"met_on"}
    assert kept(opened, seq).ended_on == made_on + timedelta(2)
    assert opened.account().progress_on == made_on + timedelta(2)


def test_another_day_is_agreed_up_to_the_due_day_and_is_no_progress(opened: Walk) -> None:
    seq, first = make(opened), opened.today + timedelta(7)
    before = opened.account().progress_on
    opened.move_on(7)

    renegotiate_commitment(seq=seq, version=1, due_on=first + timedelta(7), because="Mara is ill.", **opened.by("olu"))

    row = kept(opened, seq)
    assert (row.due_on, row.first_due_on, row.renegotiated) == (first + timedelta(7), first, 1)
    assert opened.account().commitment_due_on == first + timedelta(7)
    assert (last_event(opened).kind, last_event(opened).is_progress) == ("commitment_renegotiated", False)
    assert opened.account().progress_on == before


def test_after_the_due_day_no_other_day_is_agreed(opened: Walk) -> None:
    seq = make(opened)
    opened.move_on(8)

    with pytest.raises(OperationRefused, match="due already"):
        renegotiate_commitment(seq=seq, version=1, due_on=opened.today + timedelta(7), **opened.by("olu"))


def test_a_commitment_is_handed_over_to_one_person_of_either_side(opened: Walk) -> None:
    seq = make(opened)

    hand_over_commitment(seq=seq, version=1, owner_user_id=opened.cast.tess.id, **opened.by("vik"))
    hand_over_commitment(seq=seq, version=2, owner_contact_seq=2, **opened.by("tess"))

    assert (kept(opened, seq).owner_user_id, kept(opened, seq).owner_name) == (None, "Jon")
    assert last_event(opened).changes["owner"] == ["Tess", "Jon"]
    assert opened.account().commitment_words == "“Send the plan” (Jon)"


def test_withdrawing_needs_a_reason(opened: Walk) -> None:
    seq = make(opened)

    with pytest.raises(OperationRefused) as error:
        withdraw_commitment(seq=seq, version=1, reason=" ", **opened.by("olu"))

    assert refused(error) == {"reason"}


def test_everything_that_is_wrong_is_said_at_once(opened: Walk) -> None:
    with pytest.raises(OperationRefused) as error:
        make(opened, action=" ", due_on=opened.ago(1), owner_user_id=opened.cast.otto.id, outcome_seq=99)

    assert refused(error) == {"action", "due_on", "owner", "outcome_seq"}


@pytest.mark.parametrize("whose", [{"owner_user_id": None}, {"owner_user_id": 2**63}, {"owner_contact_seq": 2**40}])
def test_it_is_the_word_of_one_known_person(opened: Walk, whose: dict[str, Any]) -> None:
    with pytest.raises(OperationRefused) as error:
        make(opened, **whose)

    assert refused(error) == {"owner"}


def test_what_has_ended_does_not_change_any_more(opened: Walk) -> None:
    seq = make(opened)
    meet_commitment(seq=seq, version=1, **opened.by("olu"))

    attempts: tuple[tuple[Callable[..., None], dict[str, Any]], ...] = (
        (meet_commitment, {}),
        (renegotiate_commitment, {"due_on": date(2027, 5, 1)}),
        (hand_over_commitment, {"owner_contact_seq": 1}),
        (withdraw_commitment, {"reason": "No."}),
    )
    for attempt, given in attempts:
        with pytest.raises(OperationRefused):
            attempt(seq=seq, version=2, **given, **opened.by("olu"))


def test_who_saw_an_older_version_decides_nothing(opened: Walk) -> None:
    seq = make(opened)
    renegotiate_commitment(seq=seq, version=1, due_on=opened.today + timedelta(9), **opened.by("tess"))

    with pytest.raises(StaleVersion) as error:
        meet_commitment(seq=seq, version=1, **opened.by("olu"))

    assert error.value.current["version"] == 2


def test_strangers_see_none_and_executives_change_none(opened: Walk) -> None:
    seq = make(opened)

    with pytest.raises(NotFound):
        meet_commitment(seq=seq, version=1, **opened.by("otto"))
    with pytest.raises(Forbidden):
        meet_commitment(seq=seq, version=1, **opened.by("ed"))
    with pytest.raises(NotFound):
        meet_commitment(seq=seq + 1, version=1, **opened.by("olu"))


def test_a_closed_account_takes_no_commitment(opened: Walk) -> None:
    close_account(outcome="churned", note="", effective_on=opened.today, **opened.by("olu"))

    with pytest.raises(OperationRefused, match="closed"):
        make(opened)
