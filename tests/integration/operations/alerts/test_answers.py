"""What people may answer to an alert: acknowledging with a next step, letting it rest, and for how long."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused, StaleVersion
from changetrack.models import Event
from changetrack.operations.alerts import mark_read
from tests.factories import make_notification
from tests.integration.operations.alerts.conftest import Night


@pytest.fixture
def fired(night: Night) -> Night:
    """An account whose alert fires today: no progress in step 1."""
    night.walk.open(days_ago=30)
    night.sweep()
    return night


@pytest.fixture
def taken_up(fired: Night) -> Night:
    """An alert that Olu has acknowledged."""
    fired.acknowledge()
    return fired


def fields(refused: pytest.ExceptionInfo[OperationRefused]) -> list[str | None]:
    """Where a refusal puts its reasons."""
    return [reason.field for reason in refused.value.reasons]


def test_acknowledging_names_the_next_step_its_date_and_who_said_it(fired: Night) -> None:
    friday = fired.walk.today + timedelta(4)

    fired.acknowledge(next_step=" Ines shows the report ", next_step_on=friday)

    alert = fired.alert
    assert (alert.state, alert.next_step, alert.next_step_on) == ("acknowledged", "Ines shows the report", friday)
    assert (alert.acknowledged_by, alert.acknowledged_at) == (fired.walk.cast.olu.id, fired.walk.now)
    event = fired.walk.session.scalars(select(Event).where(Event.kind == "alert_acknowledged")).one()
    assert (event.actor, event.note, event.is_progress) == ("olu@example.com", "Ines shows the report", False)
    assert event.changes["state"] == ["firing", "acknowledged"]


def test_acknowledging_stops_neither_clock_nor_age(fired: Night) -> None:
    before = (fired.walk.account().progress_on, fired.walk.account().step_entered_on)

    fired.acknowledge()

    assert (fired.walk.account().progress_on, fired.walk.account().step_entered_on) == before
    assert fired.walk.account().stale


def test_acknowledging_is_refused_with_all_that_is_missing(fired: Night) -> None:
    with pytest.raises(OperationRefused) as refused:
        fired.acknowledge(next_step=" ", next_step_on=None)

    assert fields(refused) == ["next_step", "next_step_on"]


def test_of_two_who_acknowledge_at_once_the_second_sees_both_versions(fired: Night) -> None:
    shown = fired.alert.version
    fired.acknowledge(who="tess", next_step="Tess calls Mara")

    with pytest.raises(StaleVersion) as refused:
        fired.acknowledge(version=shown, next_step="Olu writes to Mara")

    assert refused.value.current["next_step"] == "Tess calls Mara"
    assert refused.value.typed["next_step"] == "Olu writes to Mara"


def test_another_teams_alert_is_not_found(fired: Night) -> None:
    with pytest.raises(NotFound):
        fired.acknowledge(who="otto")


@pytest.mark.parametrize("who", ["ed", "ada"])
def test_who_only_looks_on_may_not_acknowledge(fired: Night, who: str) -> None:
    with pytest.raises(Forbidden):
        fired.acknowledge(who=who)


def test_an_unknown_alert_is_not_found(fired: Night) -> None:
    alert = fired.alert
    fired.walk.session.delete(alert)
    fired.walk.session.commit()

    with pytest.raises((NotFound, IndexError)):
        fired.acknowledge()


def test_a_resolved_alert_is_not_acknowledged(fired: Night) -> None:
    fired.walk.record("1c", numbers={"asked": 4, "yes": 3})

    with pytest.raises(OperationRefused) as refused:
        fired.acknowledge()

    assert "nothing left" in str(refused.value)


def test_a_snooze_counts_business_days(taken_up: Night) -> None:
    until = taken_up.snooze(days=5)  # from Monday 2 March

    assert until == date(2026, 3, 9)
    assert (taken_up.alert.state, taken_up.alert.snoozed_until) == ("snoozed", until)


def test_a_firing_alert_is_not_snoozed(fired: Night) -> None:
    with pytest.raises(OperationRefused) as refused:
        fired.snooze(days=11, reason="")

    assert fields(refused) == [None, "days", "reason"]


def test_a_snoozed_alert_fires_again_on_its_day_and_says_so(taken_up: Night) -> None:
    until = taken_up.snooze(days=3)

    taken_up.pass_until(until - timedelta(1))
    before = taken_up.alert.state
    taken_up.walk.move_on(1)
    swept = taken_up.sweep()

    assert (before, taken_up.alert.state) == ("snoozed", "firing")
    assert swept.alert_events == ("alert_fired_again",)
    assert taken_up.told() == ["raised", f"again-{until}"]
    assert taken_up.alert.snoozed_until is None


def test_what_happens_by_day_does_not_let_the_night_forget_a_snooze(taken_up: Night) -> None:
    until = taken_up.snooze(days=3)
    taken_up.walk.move_on(1)
    taken_up.walk.record("1c", who="Jon", numbers={"asked": 4, "yes": 0})  # the customer speaks, and says no

    taken_up.pass_until(until)

    assert taken_up.alert.state == "firing"


def test_a_reason_that_joins_ends_the_snooze_early(taken_up: Night) -> None:
    taken_up.pass_until(date(2026, 3, 16))
    until = taken_up.snooze(days=10)

    taken_up.pass_until(date(2026, 3, 18))

    assert until > date(2026, 3, 18)
    assert set(taken_up.alert.reasons) == {"no_progress", "silent_customer", "over_age"}
    assert (taken_up.alert.state, taken_up.alert.snoozed_until) == ("firing", None)


def test_a_snoozed_alert_whose_reasons_are_gone_is_resolved_and_does_not_fire(taken_up: Night) -> None:
    until = taken_up.snooze(days=3)
    taken_up.walk.record("1c", numbers={"asked": 4, "yes": 3})

    taken_up.pass_until(until)

    assert taken_up.alert.state == "resolved"
    assert "alert_fired_again" not in taken_up.history()


def test_a_visit_has_two_snoozes_even_over_two_alerts(taken_up: Night) -> None:
    walk = taken_up.walk
    taken_up.pass_until(taken_up.snooze(days=1))
    taken_up.acknowledge()
    taken_up.snooze(days=1)
    walk.record("1c", numbers={"asked": 4, "yes": 3})
    taken_up.pass_until(date(2026, 3, 17))
    walk.record("1c", who="Jon", numbers={"asked": 4, "yes": 4})
    taken_up.pass_until(date(2026, 4, 10))
    taken_up.acknowledge()

    with pytest.raises(OperationRefused) as refused:
        taken_up.snooze(days=1)

    assert "at most 2 times a visit" in str(refused.value)


def test_an_acknowledged_import_is_no_longer_quiet(night: Night) -> None:
    night.import_file("accounts", "external_id,name,team,step,step_entered_on", "imported,Old,North,3,2025-06-01")
    night.sweep()

    night.acknowledge()

    assert night.alert.quiet is False


def test_one_reads_ones_own_messages_only(fired: Night) -> None:
    walk = fired.walk
    mine, other = make_notification(walk.session, walk.cast.olu), make_notification(walk.session, walk.cast.tess)
    who: dict[str, Any] = {"actor": walk.cast.actor("olu"), "now": walk.now}

    with pytest.raises(NotFound):
        mark_read(key=other.key, **who)
    one, again, rest = mark_read(key=mine.key, **who), mark_read(key=mine.key, **who), mark_read(**who)

    assert (one, again, rest) == (1, 0, 0)
    walk.session.expire_all()
    assert (mine.read_at, other.read_at) == (walk.now, None)
