"""A rest has an end: how far ahead a next step may be, and how long an alert rests while its day is moved on and on."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from changetrack.domain.refusal import OperationRefused
from changetrack.models import Commitment, Event
from changetrack.operations.commitments import make_commitment, renegotiate_commitment
from tests.integration.operations.alerts.conftest import Night

FRIDAY = date(2026, 3, 6)
LAST_OF_REST = date(2026, 4, 3)  # twenty business days later


@pytest.fixture
def fired(night: Night) -> Night:
    """An account whose alert fires on Monday 2 March."""
    night.walk.open(days_ago=30)
    night.sweep()
    return night


def by_olu(night: Night) -> dict[str, Any]:
    walk = night.walk
    return {"account_id": walk.account_id, "actor": walk.cast.actor("olu"), "now": walk.now, "today": walk.today}


def renegotiate(night: Night, due_on: date) -> None:
    night.walk.session.rollback()
    one = night.walk.session.scalars(select(Commitment)).one()
    renegotiate_commitment(seq=1, version=one.version, due_on=due_on, **by_olu(night))


def test_a_next_step_years_ahead_takes_nothing_up(fired: Night) -> None:
    with pytest.raises(OperationRefused, match="within 20 business days: by 30 Mar 2026"):
        fired.acknowledge(next_step_on=date(2029, 3, 2))

    assert fired.alert.state == "firing"


def test_the_accounts_own_days_off_are_not_counted(fired: Night) -> None:
    fired.walk.account().blackout_days = ["2026-03-30"]
    fired.walk.session.commit()

    fired.acknowledge(next_step_on=date(2026, 3, 31))

    assert fired.alert.state == "acknowledged"


def test_however_often_it_is_renegotiated_the_alert_fires_again_in_the_end(fired: Night) -> None:
    fired.acknowledge(next_step_on=FRIDAY)
    for _ in range(4):
        renegotiate(fired, fired.walk.today + timedelta(30))
        fired.pass_until(fired.walk.today + timedelta(8))
    rested = (fired.walk.today, fired.alert.state)

    fired.pass_until(LAST_OF_REST + timedelta(3))

    assert rested == (LAST_OF_REST, "acknowledged")
    assert (fired.alert.state, fired.alert.fired_on) == ("firing", date(2026, 4, 6))
    assert fired.alert.rung_due_on is not None
    notes = fired.walk.session.scalars(select(Event.note).where(Event.kind == "alert_fired_again"))
    assert "20 business days after the day first promised" in str(list(notes))


def test_the_night_comes_back_on_that_day_though_nothing_else_is_due(fired: Night) -> None:
    fired.acknowledge(next_step_on=FRIDAY)
    renegotiate(fired, date(2026, 12, 1))
    fired.walk.record("1c", who="Jon", numbers={"asked": 4, "yes": 0})  # so that only the lack of progress is left

    fired.sweep()

    assert (fired.walk.account().due_on or date.max) <= LAST_OF_REST + timedelta(3)


def test_another_promise_does_not_prolong_the_rest_for_ever(fired: Night) -> None:
    fired.acknowledge(next_step_on=FRIDAY)
    make_commitment(action="Visit", due_on=date(2028, 1, 3), owner_user_id=fired.walk.cast.olu.id, **by_olu(fired))
    renegotiate_first = select(Commitment).where(Commitment.seq == 1)
    one = fired.walk.session.scalars(renegotiate_first).one()
    renegotiate_commitment(seq=1, version=one.version, due_on=date(2028, 1, 3), **by_olu(fired))

    fired.pass_until(LAST_OF_REST + timedelta(3))

    assert fired.alert.state == "firing"


def test_taken_up_again_it_rests_by_the_new_day(fired: Night) -> None:
    fired.acknowledge(next_step_on=FRIDAY)
    renegotiate(fired, date(2026, 12, 1))
    fired.pass_until(LAST_OF_REST + timedelta(3))

    fired.acknowledge(next_step_on=date(2026, 4, 10))
    fired.pass_until(date(2026, 4, 10))

    assert (fired.alert.state, fired.alert.promised_on) == ("acknowledged", date(2026, 4, 10))


def test_another_day_for_a_step_announced_before_moves_nothing_of_the_one_announced_since(fired: Night) -> None:
    fired.acknowledge(next_step_on=FRIDAY)
    renegotiate(fired, date(2026, 12, 1))
    fired.pass_until(LAST_OF_REST + timedelta(3))
    fired.acknowledge(next_step_on=date(2026, 4, 10))
    first = fired.walk.session.get_one(Commitment, (fired.walk.account_id, 1), populate_existing=True)

    renegotiate_commitment(seq=1, version=first.version, due_on=date(2026, 12, 15), **by_olu(fired))

    assert fired.alert.next_step_on == date(2026, 4, 10)
