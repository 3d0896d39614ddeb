"""Met by mistake: the alert that it ended goes on as if nothing had been told, and two clicks silence nobody."""

from datetime import timedelta
from typing import Any

import pytest

from changetrack.domain.people import Actor
from changetrack.models import Alert, Commitment
from changetrack.operations.coalition import add_contact
from changetrack.operations.commitments import make_commitment, meet_commitment, reopen_commitment
from changetrack.operations.night import climb_ladder
from changetrack.queries.verify import verify
from tests.factories.walk import COALITION
from tests.integration.operations.alerts.conftest import Night

A_MINUTE = timedelta(minutes=1)
SYSTEM = Actor.system("stale-sweep")


@pytest.fixture
def fired(night: Night) -> Night:
    """An account whose alert came up to the coordinator; Mara promised two things long before."""
    walk = night.walk
    walk.open(days_ago=0)
    add_contact(contact=COALITION[0], **walk.by("olu"))
    for _ in range(2):
        promise(night)
    while not night.alerts() or night.alert.rung < 2:
        walk.move_on(1)
        night_of(night)
    return night


def promise(night: Night) -> None:
    """Mara gives her word for a day that is far ahead."""
    walk = night.walk
    make_commitment(action="Name the trainers", owner_contact_seq=1, due_on=walk.ago(-200), **walk.by("olu"))


def night_of(night: Night) -> None:
    """A night, the ladder with it."""
    night.sweep()
    climb_ladder(after=None, limit=10, actor=SYSTEM, now=night.walk.now, today=night.walk.today)


def met(night: Night, seq: int = 1, **when: Any) -> None:
    """Olu says that it was met."""
    night.walk.now += A_MINUTE
    meet_commitment(seq=seq, version=version(night, seq), **when, **night.walk.by("olu"))


def undo(night: Night, seq: int = 1) -> None:
    """Olu says that it was not, after all."""
    night.walk.now += A_MINUTE
    reopen_commitment(seq=seq, version=version(night, seq), **night.walk.by("olu"))


def version(night: Night, seq: int) -> int:
    night.walk.session.rollback()
    return night.walk.session.get_one(Commitment, (night.walk.account_id, seq), populate_existing=True).version


def columns(alert: Alert) -> dict[str, Any]:
    """All that an alert is, but for its version."""
    return {c.key: getattr(alert, c.key) for c in Alert.__table__.columns if c.key != "version"}


def figures(night: Night) -> tuple[Any, ...]:
    """What the account says of it."""
    account = night.walk.account()
    return account.stale, account.severity, account.progress_on, account.customer_on


def test_undoing_met_opens_the_very_alert_again_on_its_rung_with_its_days(fired: Night) -> None:
    night_of(fired)
    before, of_account, told = columns(fired.alert), figures(fired), fired.told()
    met(fired)
    between = (fired.alert.state, fired.walk.account().stale)

    undo(fired)

    assert between == ("resolved", False)
    assert columns(fired.alert) == before
    assert (before["state"], before["rung"], before["rung_due_on"] is None) == ("firing", 2, False)
    assert (figures(fired), fired.told(), len(fired.alerts())) == (of_account, told, 1)
    assert fired.history()[-2:] == ["alert_resolved", "alert_reopened"]
    assert verify(today=fired.walk.today).differences == ()


def test_the_ladder_goes_on_and_reaches_the_executives_on_their_day(fired: Night) -> None:
    met(fired)
    undo(fired)
    told = fired.told()

    night_of(fired)
    same_day = fired.told()
    fired_on = fired.alert.fired_on
    while fired.alert.rung < 4 and fired.walk.today < fired_on + timedelta(60):
        fired.walk.move_on(1)
        night_of(fired)

    assert same_day == told
    assert (fired.alert.rung, fired.alert.fired_on) == (4, fired_on)
    assert (fired.told().count("raised"), len(fired.alerts())) == (1, 1)


@pytest.mark.parametrize("state", ["acknowledged", "snoozed"])
def test_what_was_taken_up_or_rests_does_so_again(fired: Night, state: str) -> None:
    fired.acknowledge(next_step_on=fired.walk.today + timedelta(10))
    if state == "snoozed":
        fired.snooze(days=5)
    before = columns(fired.alert)
    met(fired)

    undo(fired)

    assert (columns(fired.alert), fired.alert.state) == (before, state)
    assert fired.alert.rung_due_on is None


def test_it_comes_back_as_often_as_met_is_taken_back(fired: Night) -> None:
    before = columns(fired.alert)

    for _ in range(2):
        met(fired)
        undo(fired)

    assert columns(fired.alert) == before
    assert verify(today=fired.walk.today).differences == ()


def test_of_two_that_were_met_it_comes_back_with_the_last_to_be_taken_back(fired: Night) -> None:
    met(fired, 1)
    met(fired, 2)

    undo(fired, 1)
    after_one = fired.alert.state
    undo(fired, 2)

    assert (after_one, fired.alert.state) == ("resolved", "firing")


def test_it_stays_resolved_where_something_else_has_ended_it_meanwhile(fired: Night) -> None:
    met(fired)
    fired.walk.now += A_MINUTE
    fired.walk.record("1c", numbers={"asked": 4, "yes": 3})

    undo(fired)

    assert (fired.alert.state, fired.walk.account().stale) == ("resolved", False)
    assert verify(today=fired.walk.today).differences == ()


def test_what_something_else_resolved_does_not_come_back(fired: Night) -> None:
    fired.walk.record("1c", numbers={"asked": 4, "yes": 3})
    met(fired)

    undo(fired)

    assert (fired.alert.state, fired.history()[-1]) == ("resolved", "alert_resolved")


def test_once_another_alert_was_raised_the_old_one_stays_resolved(fired: Night) -> None:
    met(fired)
    fired.pass_until(fired.walk.today + timedelta(30))
    assert [one.state for one in fired.alerts()] == ["resolved", "firing"]

    undo(fired)

    assert [one.state for one in fired.alerts()] == ["resolved", "firing"]
    assert "alert_reopened" not in fired.history()


def test_a_commitment_made_and_met_on_one_day_ends_no_lack_of_progress(fired: Night) -> None:
    progress_on = fired.walk.account().progress_on
    promise(fired)

    met(fired, 3)

    assert "no_progress" in fired.alert.reasons
    assert (fired.alert.state, fired.walk.account().progress_on) == ("firing", progress_on)


def test_nor_does_one_that_is_said_later_to_have_been_met_on_that_day(fired: Night) -> None:
    promise(fired)
    made_on = fired.walk.today
    fired.walk.move_on(1)

    met(fired, 3, met_on=made_on)

    assert "no_progress" in fired.alert.reasons
