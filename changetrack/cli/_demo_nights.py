"""The nights between the days of a script: what is due is swept, the ladder climbed, people told, limits learned."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from changetrack.domain.calendar import WorkCalendar
from changetrack.domain.people import Actor
from changetrack.operations import delivery, learned_limits, night, usefulness
from changetrack.operations.usage.waking import wake_accounts
from changetrack.queries import demo as queries

NIGHT = time(5)
DAILY_NIGHTS = timedelta(days=30)
PROVING_NIGHTS = timedelta(days=8)
LEARNING_MONTHS = timedelta(days=130)
LONG_AGO = 14  # days, always a Monday after a Sunday whose ordinal it divides
AT_ONCE = 1000  # alerts that climb, and messages that are delivered
SWEEPER, DELIVERER, LEARNER = (Actor.system(name) for name in ("stale-sweep", "deliver", "learn-limits"))
_CALENDAR = WorkCalendar()


@dataclass(frozen=True, slots=True)
class Nights:
    """The nights up to `today`; `moment` is a time of a day, `secret` hashes who used the product."""

    today: date
    moment: Callable[[date, time], datetime]
    zone: tzinfo
    secret: str

    def pass_over(self, day: date, account_ids: Collection[int]) -> None:
        """The night before that day, if it is one of those that are played."""
        if day.day == 1 and self.today - day < LEARNING_MONTHS:
            learned_limits.freeze_limits(day=day, zone=self.zone, actor=LEARNER, today=day, now=self._at(day))
        if self._is_played(day):
            self._play(day, account_ids)
        if day == self.today:
            usefulness.measure_alerts(zone=self.zone, actor=SWEEPER, today=day, now=self._at(day))

    def sweep(self, account_id: int, day: date) -> bool:
        """Sweep one account; whether anything became of its alert."""
        secret = self.secret if self._proves(day) else None
        said: dict[str, Any] = {"actor": SWEEPER, "now": self._at(day), "today": day}
        return bool(night.sweep_account(account_id=account_id, secret=secret, **said).alert_events)

    def _is_played(self, day: date) -> bool:
        """Of long ago one night in two weeks is played, which tells nearly the same story in less time."""
        is_recent = self.today - day < DAILY_NIGHTS
        return day == self.today or (_CALENDAR.is_workday(day) if is_recent else day.toordinal() % LONG_AGO == 1)

    def _proves(self, day: date) -> bool:
        """What use proves of people it proves of some weeks: the nights before need not look."""
        return self.today - day < PROVING_NIGHTS

    def _play(self, day: date, account_ids: Collection[int]) -> None:
        said: dict[str, Any] = {"actor": SWEEPER, "now": self._at(day)}
        if self._proves(day):
            wake_accounts(today=day, **said)
        swept = [self.sweep(account_id, day) for account_id in queries.list_due_among(account_ids, day=day)]
        climbed, _ = night.climb_ladder(after=None, limit=AT_ONCE, today=day, **said)
        if any(swept) or climbed:
            while night.release_held(**said)["persons"]:
                continue
            self._deliver(day)

    def _deliver(self, day: date) -> None:
        said: dict[str, Any] = {"actor": DELIVERER, "now": self._at(day)}
        waiting = delivery.claim_messages(channel="in_app", limit=AT_ONCE, lease=timedelta(minutes=1), **said)
        delivery.deliver_in_app(messages=waiting, **said)

    def _at(self, day: date) -> datetime:
        return self.moment(day, NIGHT)
