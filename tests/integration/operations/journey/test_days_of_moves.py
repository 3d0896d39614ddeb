"""Late, same-day and overlapping records: what is derived from them is neither too early nor too late."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from changetrack.domain.refusal import OperationRefused
from changetrack.models import Alert, Event, Evidence, Journey, MovementCell, Standing
from changetrack.operations._cells import FunnelTally
from changetrack.operations._new_account import Placement, new_account
from changetrack.operations.accounts import edit_account
from changetrack.operations.coalition import add_contact, edit_contact
from changetrack.operations.journey.evidence import Statement, record_evidence
from changetrack.operations.journey.moves import (
    advance_by_exception,
    close_account,
    hold_account,
    move_back,
    reopen_account,
    resume_account,
)
from changetrack.operations.journey.opening import open_account, state_gap
from changetrack.operations.night import sweep_account
from tests.factories.walk import COALITION, GAP, Walk


def hold(walk: Walk, days_ago: int) -> None:
    """Olu parks the account."""
    hold_account(reason="Budget", review_on=walk.ago(-30), effective_on=walk.ago(days_ago), **walk.by("olu"))


def resume(walk: Walk, days_ago: int) -> None:
    """Olu takes it up again."""
    resume_account(effective_on=walk.ago(days_ago), **walk.by("olu"))


@pytest.mark.parametrize("days_ago", [25, 15])
def test_no_move_is_dated_before_the_end_of_a_hold(walk: Walk, days_ago: int) -> None:
    walk.open(days_ago=30)
    hold(walk, 20)
    resume(walk, 10)
    moves = (
        lambda: hold(walk, days_ago),
        lambda: close_account(outcome="churned", effective_on=walk.ago(days_ago), **walk.by("olu")),
        lambda: advance_by_exception(
            reason="Go", ends_on=walk.ago(-9), effective_on=walk.ago(days_ago), **walk.by("vik")
        ),
    )

    for move in moves:
        with pytest.raises(OperationRefused) as refused:
            move()
        assert [r.field for r in refused.value.reasons] == ["effective_on"]


def test_late_progress_leaves_the_days_on_hold_uncounted(walk: Walk) -> None:
    walk.open(days_ago=40)
    hold(walk, 30)
    resume(walk, 2)

    walk.record("1c", days_ago=31, numbers={"asked": 4, "yes": 4})

    account = walk.account()
    assert account.progress_on == walk.ago(31)
    assert account.held_workdays == 20


def test_a_contact_who_left_takes_the_coalition_away_on_that_day(walk: Walk) -> None:
    walk.open()
    walk.move_on(-20)
    for person in COALITION:
        add_contact(contact=person, **walk.by("olu"))
    walk.move_on(20)

    edit_contact(seq=1, contact={"left_on": walk.ago(7)}, version=1, **walk.by("olu"))

    row = walk.session.scalars(select(Evidence).where(Evidence.point == "2a")).one()
    assert (row.effective_on, row.retracted_on) == (walk.ago(20), walk.ago(7))


def test_a_gap_recorded_late_does_not_date_the_coalition_back(walk: Walk) -> None:
    walk.open()
    walk.move_on(-20)
    for person in COALITION:
        add_contact(contact=person, **walk.by("olu"))
    walk.move_on(20)

    state_gap(gap=GAP, effective_on=walk.ago(30), **walk.by("olu"))

    days = walk.session.scalars(select(Evidence.effective_on).where(Evidence.point == "2a")).all()
    assert days == [walk.ago(20)]


def test_a_corrected_date_of_the_gap_ends_when_it_says(walk: Walk) -> None:
    walk.open(days_ago=60)
    state_gap(gap=GAP, effective_on=walk.today, **walk.by("olu"))

    state_gap(gap=GAP, effective_on=walk.ago(50), **walk.by("olu"))

    live = select(func.max(Evidence.expires_on)).where(Evidence.point == "1b", Evidence.retracted_on.is_(None))
    assert walk.session.scalar(live) == walk.ago(50) + timedelta(180)


def test_a_back_dated_close_makes_no_phantom_moves(walk: Walk) -> None:
    walk.open(days_ago=30)
    walk.move_on(-5)
    edit_account(record={"segment": "Big"}, version=1, **walk.by("olu"))
    edit_account(record={"segment": "Small"}, version=2, **walk.by("olu"))
    walk.move_on(5)

    close_account(outcome="churned", effective_on=walk.ago(10), **walk.by("olu"))

    entered = select(func.sum(MovementCell.entered), func.sum(MovementCell.left))
    assert walk.session.execute(entered).one() == (1, 1)
    assert walk.session.scalar(select(func.count()).select_from(Standing).where(Standing.superseded_at.is_(None))) == 4


def test_an_account_parked_before_it_was_opened_is_taken_off_hold_first(walk: Walk) -> None:
    hold(walk, 10)

    with pytest.raises(OperationRefused, match="on hold"):
        walk.open(days_ago=5)


def test_reopening_what_was_never_opened_says_where_it_is(walk: Walk) -> None:
    close_account(outcome="never_started", effective_on=walk.ago(5), **walk.by("olu"))

    reopen_account(effective_on=walk.ago(3), **walk.by("olu"))

    changes = walk.session.scalars(select(Event.changes).where(Event.kind == "account_reopened")).one()
    assert changes["status"] == ["closed", "not_opened"]


def test_a_reopening_may_be_dated_before_a_later_edit_of_the_record(walk: Walk) -> None:
    walk.open(days_ago=30)
    close_account(outcome="other", effective_on=walk.ago(10), **walk.by("olu"))
    edit_account(record={"segment": "Big"}, version=1, **walk.by("olu"))

    reopen_account(effective_on=walk.ago(5), **walk.by("olu"))

    assert (walk.account().status, walk.account().step_entered_on) == ("active", walk.ago(5))


def test_the_end_of_an_exception_is_told_before_it_comes(walk: Walk) -> None:
    walk.open(days_ago=3)
    advance_by_exception(reason="Go", ends_on=walk.ago(-20), effective_on=walk.today, **walk.by("vik"))

    assert walk.account().due_on == walk.ago(-6)


def test_an_exception_that_ended_asks_to_restore_the_evidence(walk: Walk) -> None:
    walk.open(days_ago=3)
    advance_by_exception(reason="Go", ends_on=walk.ago(-9), effective_on=walk.today, **walk.by("vik"))
    walk.record("1c", numbers={"asked": 4, "yes": 4})
    walk.move_on(9)

    swept = sweep_account(**walk.by("olu"))

    alert = walk.session.scalars(select(Alert)).one()
    assert swept.alert_events == ("alert_raised",)
    assert "the exception for 1b ended on" in alert.reasons["evidence_expiring"]["why"]
    assert "1c" not in alert.reasons["evidence_expiring"]["why"]


@pytest.mark.parametrize("day", [date(26, 3, 2), date(1969, 12, 31)])
def test_a_day_before_the_calendar_of_the_product_is_refused(walk: Walk, day: date) -> None:
    walk.open()

    with pytest.raises(OperationRefused) as refused:
        state_gap(gap=GAP, effective_on=day, **walk.by("olu"))

    assert [r.field for r in refused.value.reasons] == ["effective_on"]


def test_every_step_up_to_the_one_of_an_import_is_judged_by_the_playbook_of_that_day(walk: Walk) -> None:
    rows = new_account(
        999,
        {"external_id": "x", "name": "X"},
        Placement(3, walk.ago(9), "active"),
        kind="imported",
        playbook_version=1,
        actor=walk.cast.actor("ada"),
        now=walk.now,
        today=walk.today,
        tally=FunnelTally(),
    )

    assert rows.journey["judged_by"] == {"1": 1, "2": 1, "3": 1}


def test_the_value_statement_may_be_renewed_while_the_account_is_on_its_way(walk: Walk) -> None:
    walk.open(days_ago=30)

    open_account(
        beneficiary="Plant managers", value_statement="Close in an hour", effective_on=walk.ago(1), **walk.by("olu")
    )

    journey = walk.session.get_one(Journey, walk.account_id)
    assert (journey.opened_on, journey.stated_on) == (walk.ago(30), walk.ago(1))


def test_going_back_from_a_step_reached_the_same_day_is_in_order(walk: Walk) -> None:
    walk.open(days_ago=3)
    advance_by_exception(reason="Go", ends_on=walk.ago(-9), effective_on=walk.today, **walk.by("vik"))

    move_back(to_step=1, reason="claimed_too_early", effective_on=walk.today, **walk.by("olu"))

    assert (walk.account().claimed_step, walk.account().place) == (1, 1)


def test_numbers_of_ours_need_no_person_of_the_customer(walk: Walk) -> None:
    walk.open()
    said = Statement(numbers={"meetings": 2, "present": 4, "invited": 6})

    assert record_evidence(point="2c", statement=said, effective_on=walk.today, **walk.by("olu")).holds
