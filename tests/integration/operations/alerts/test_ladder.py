"""The ladder: who hears of an alert that nobody takes up, on which day, and what stops it.

The firing of DOMAIN section 6: Monday 30 November 2026, in a house that does not work on 25 December.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from changetrack.domain.people import Actor
from changetrack.domain.refusal import Forbidden, OperationRefused
from changetrack.models import Account, Calendar, Commitment, Event, OutboxMessage, User
from changetrack.operations.alerts import decide_alert
from changetrack.operations.journey.moves import hold_account
from changetrack.operations.night import climb_ladder, release_held
from tests.integration.operations.alerts.conftest import Night

FIRED = date(2026, 11, 30)
REMINDED, COORDINATOR, VSM, EXECUTIVE = date(2026, 12, 2), date(2026, 12, 7), date(2026, 12, 14), date(2026, 12, 29)
SYSTEM = Actor.system("stale-sweep")


class Ladder:
    """An alert that fired on 30 November, and the nights after it."""

    def __init__(self, night: Night) -> None:
        self.night, self.walk = night, night.walk

    def climb(self) -> int:
        """Let who is due climb, on the day of the test."""
        climbed, _ = climb_ladder(after=None, limit=100, actor=SYSTEM, now=self.walk.now, today=self.walk.today)
        return climbed

    def until(self, day: date) -> None:
        """Let the days pass, with a night on each."""
        while self.walk.today < day:
            self.walk.move_on(1)
            self.night.sweep()
            self.climb()

    def told(self) -> list[tuple[str, date]]:
        """Who was told, and on which day, oldest first."""
        self.walk.session.rollback()
        query = select(User.name, OutboxMessage.run_on).join(User, User.id == OutboxMessage.user_id)
        return [(name, day) for name, day in self.walk.session.execute(query.order_by(OutboxMessage.id)) if day]

    def decide(self, decision: str, *, who: str = "ed", **given: Any) -> None:
        """Somebody decides about the alert."""
        walk, alert = self.walk, self.night.alert
        told: dict[str, Any] = {"words": "Their controller comes back in March.", "version": alert.version} | given
        moment: dict[str, Any] = {"actor": walk.cast.actor(who), "now": walk.now, "today": walk.today}
        decide_alert(alert_id=alert.id, decision=decision, **told, **moment)


@pytest.fixture
def ladder(night: Night) -> Ladder:
    """An account whose alert fires on 30 November 2026."""
    walk = night.walk
    walk.session.add(Calendar(name="House", is_house=True, weekmask="1111100", blackout_days=["2026-12-25"], version=1))
    walk.session.commit()
    walk.now, walk.today = datetime(2026, 11, 30, 5, tzinfo=UTC), FIRED
    walk.open(days_ago=17)  # on Friday 13 November: ten business days end on the 27th
    night.sweep()
    assert night.alert.fired_on == FIRED
    return Ladder(night)


def test_each_rung_is_told_on_its_day(ladder: Ladder) -> None:
    ladder.until(date(2027, 1, 15))

    told = list(dict.fromkeys(ladder.told()))
    rungs = [("Olu", FIRED), ("Olu", REMINDED), ("Tess", COORDINATOR), ("Vik", VSM), ("Ed", EXECUTIVE)]
    assert [each for each in told if each in rungs] == rungs
    assert (ladder.night.alert.rung, ladder.night.alert.rung_due_on) == (4, None)


def test_climbing_twice_on_a_day_is_climbing_once(ladder: Ladder) -> None:
    ladder.until(REMINDED)
    before = ladder.told()

    again = ladder.climb()

    assert (again, ladder.told()) == (0, before)
    assert ladder.night.alert.rung_due_on == COORDINATOR


def test_rungs_that_were_missed_are_not_told_but_the_highest_is(ladder: Ladder) -> None:
    ladder.walk.move_on((VSM - FIRED).days)

    climbed = ladder.climb()

    assert climbed == 1
    assert ladder.told() == [("Olu", FIRED), ("Vik", VSM)]
    assert ladder.night.history() == ["alert_raised", "alert_escalated"]


def test_who_takes_it_up_stops_the_ladder(ladder: Ladder) -> None:
    ladder.until(REMINDED)
    ladder.night.acknowledge()
    ladder.walk.move_on(40)

    climbed = ladder.climb()

    assert (climbed, ladder.night.alert.rung_due_on) == (0, None)


def test_an_alert_that_fires_again_begins_at_the_bottom(ladder: Ladder) -> None:
    ladder.until(COORDINATOR)
    ladder.night.acknowledge(next_step_on=date(2026, 12, 31))
    until = ladder.night.snooze(days=5)

    ladder.until(until)

    alert = ladder.night.alert
    assert (alert.state, alert.fired_on, alert.rung) == ("firing", until, 0)
    assert alert.rung_due_on == date(2026, 12, 16)


def test_a_promise_that_is_not_kept_fires_the_alert_again(ladder: Ladder) -> None:
    friday = date(2026, 12, 4)
    ladder.night.acknowledge(next_step_on=friday)

    ladder.until(friday)
    kept = ladder.night.alert.state
    ladder.until(date(2026, 12, 7))

    alert = ladder.night.alert
    assert (kept, alert.state, alert.fired_on) == ("acknowledged", "firing", date(2026, 12, 7))
    assert "“Ines shows the report” (Olu) was due on 4 Dec 2026" in alert.reasons["overdue_commitment"]["why"]


def test_what_is_imported_climbs_nothing(night: Night) -> None:
    night.import_file("accounts", "external_id,name,team,step,step_entered_on", "imported,Old,North,3,2025-06-01")
    night.sweep()
    night.walk.move_on(100)

    climbed, _ = climb_ladder(after=None, limit=10, actor=SYSTEM, now=night.walk.now, today=night.walk.today)

    assert (climbed, night.alert.quiet, night.alert.rung_due_on, night.alert.useful_until) == (0, True, None, None)


def test_an_executive_is_told_who_was_told_before(ladder: Ladder) -> None:
    ladder.until(EXECUTIVE)

    mine = select(OutboxMessage).where(OutboxMessage.user_id == ladder.walk.cast.ed.id)
    (message,) = ladder.walk.session.scalars(mine)
    before, can = message.payload["sections"]
    assert message.kind == "escalation"
    assert [item["text"] for item in before["items"]][-2:] == [
        "Tess was told on 7 Dec 2026, as the team coordinator.",
        "Vik was told on 14 Dec 2026, as the value stream manager.",
    ]
    assert len(can["items"]) == 3


def test_reviving_is_a_changed_plan_with_a_commitment_of_the_team(ladder: Ladder) -> None:
    ladder.until(EXECUTIVE)

    ladder.decide("revive", next_step="Tess visits the plant", next_step_on=date(2027, 1, 8), owner_user_id=None)

    alert, (promise,) = ladder.night.alert, ladder.walk.session.scalars(select(Commitment))
    assert (alert.state, alert.decision, alert.decided_by) == ("acknowledged", "revive", ladder.walk.cast.ed.id)
    assert (promise.action, promise.owner_name, promise.alert_id) == ("Tess visits the plant", "Olu", alert.id)
    (event,) = ladder.walk.session.scalars(select(Event).where(Event.kind == "alert_decided"))
    assert (event.actor, event.changes) == ("ed@example.com", {"decision": [None, "revive"]})


def test_words_that_cannot_be_kept_decide_nothing(ladder: Ladder) -> None:
    ladder.until(EXECUTIVE)

    with pytest.raises(OperationRefused) as refused:
        ladder.decide("revive", words="Go\x1bon", next_step="Visit", next_step_on=date(2027, 1, 8), owner_user_id=None)

    assert [reason.field for reason in refused.value.reasons] == ["words"]


def test_what_the_team_took_up_is_not_decided_over_its_head(ladder: Ladder) -> None:
    ladder.until(EXECUTIVE)
    ladder.night.acknowledge()

    with pytest.raises(OperationRefused, match="taken this alert up"):
        ladder.decide("close", outcome="churned")


def test_parking_is_a_hold_with_a_review(ladder: Ladder) -> None:
    ladder.until(EXECUTIVE)

    ladder.decide("park", until=date(2027, 3, 1))

    account = ladder.walk.account()
    assert (account.status, account.review_on) == ("held", date(2027, 3, 1))
    assert ladder.night.alert.resolved_because == "An executive put the account on hold."


def test_closing_ends_the_journey_with_an_outcome(ladder: Ladder) -> None:
    ladder.until(EXECUTIVE)

    with pytest.raises(OperationRefused) as refused:
        ladder.decide("close")
    ladder.decide("close", outcome="churned")

    assert [reason.field for reason in refused.value.reasons] == ["outcome"]
    assert ladder.walk.account().status == "closed"
    assert (ladder.night.alert.state, ladder.night.alert.decision) == ("resolved", "close")


@pytest.mark.parametrize("who", ["vik", "tess", "olu", "ada"])
def test_nobody_decides_in_an_executives_place(ladder: Ladder, who: str) -> None:
    ladder.until(EXECUTIVE)

    with pytest.raises(Forbidden):
        ladder.decide("park", who=who, until=date(2027, 3, 1))


def test_what_has_not_come_up_is_not_decided(ladder: Ladder) -> None:
    with pytest.raises(OperationRefused) as refused:
        ladder.decide("park", until=date(2027, 3, 1))

    assert "has not come up" in str(refused.value)


def test_a_hold_takes_an_alert_off_the_ladder(ladder: Ladder) -> None:
    walk = ladder.walk
    hold_account(reason="Closed plant", review_on=date(2027, 1, 4), **walk.by("olu", effective_on=walk.today))

    ladder.until(EXECUTIVE)

    assert (ladder.night.alert.state, ladder.night.alert.rung_due_on) == ("resolved", None)
    assert ladder.told() == [("Olu", FIRED)]


def test_messages_of_a_run_are_held_until_it_ends(ladder: Ladder) -> None:
    held = ladder.walk.session.scalars(select(OutboxMessage.held_for)).all()

    released = release_held(actor=SYSTEM, now=ladder.walk.now)

    after = ladder.walk.session.scalars(select(OutboxMessage.held_for)).all()
    assert (held, after) == ([FIRED], [None])
    assert released == {"persons": 1, "singly": 1, "gathered": 0}


def test_an_account_by_its_own_calendar_climbs_on_its_own_days(ladder: Ladder) -> None:
    account = ladder.walk.session.get_one(Account, ladder.walk.account_id)
    account.blackout_days = ["2026-12-01"]
    ladder.walk.session.commit()

    ladder.until(REMINDED)
    early = ladder.night.alert.rung
    ladder.until(REMINDED + timedelta(1))

    assert (early, ladder.night.alert.rung) == (0, 1)
