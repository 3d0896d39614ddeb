"""The use of one account in the example: how much on which day, and by whom, from what its tale says of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import ceil
from random import Random
from typing import NamedTuple

from changetrack.domain.demo.gains import TASKS, USERS, WORK
from changetrack.domain.demo.record import Record

WEEK = timedelta(weeks=1)
_WORKDAYS = 5
_SETTLED = 9  # days ago on which a week began that is over and counted, at the latest
_LEARNED_IN = 28  # days from the first use until everybody who does it has done the first task
_LEARNED = 0.9  # of those who are to use it
_LEVELS = {"good": (1.06, 1.34), "try": (0.4, 0.85), "low": (0.3, 0.6), "dead": (0.0, 0.0), "none": (0.0, 0.0)}
"""How much use there is, in shares of what is enough; `dead` is counted as none, of `none` nothing is known."""


class Number(NamedTuple):
    """How much of a metric there was on a day; of a metric that counts people, who."""

    metric: str
    day: date
    value: int


class Member(NamedTuple):
    """That somebody was counted on a day."""

    metric: str
    day: date
    who: str


@dataclass(slots=True)
class Course:
    """How the use of an account goes: `work` and `people` say at which level since which Monday."""

    record: Record
    today: date
    work: list[tuple[date, str]] = field(default_factory=list)
    people: list[tuple[date, str]] = field(default_factory=list)
    fixes: list[tuple[date, date]] = field(default_factory=list)

    def turn(self, line: str, level: str, ago: int) -> None:
        """Let the work, or who does it, be at a level from the week on that lies `ago` days back."""
        marks = self.work if line == "use" else self.people
        marks.append((self._week_of(ago), level))

    def fix(self, on: date) -> None:
        """Let a day some weeks back be counted anew on a day: most of it had been counted twice."""
        self.fixes.append((on, on - timedelta(on.weekday()) - 3 * WEEK))

    def _week_of(self, ago: int) -> date:
        """Its Monday; from 7 to 13 days ago is the newest week that is over and counted."""
        settled = self.today - timedelta(_SETTLED - 1)
        return settled - timedelta(settled.weekday()) - WEEK * (ago // 7 - 1)

    @property
    def began(self) -> date | None:
        """The Monday from which on it is used."""
        return min((day for day, _ in (*self.work, *self.people)), default=None)

    def week(self, monday: date) -> Iterator[Number]:
        """The numbers of a week, Monday to Friday."""
        name = self.record.external_id
        if (level := _level(self.work, monday)) not in (None, "none"):
            metric, enough = WORK[self.record.product.name].metric.key, self.record.enough(None)
            yield from _spread(Random(f"{name} {metric} {monday}"), metric, monday, level or "", enough)  # noqa: S311
        if (level := _level(self.people, monday)) not in (None, "none"):
            chance = Random(f"{name} {USERS.key} {monday}")  # noqa: S311  a story, not a secret
            yield from _people(chance, monday, level or "", self.record.enough(USERS.key), self.record.users)

    def corrections(self, on: date) -> Iterator[Number]:
        """Numbers that are stated anew on a day."""
        for day, monday in self.fixes:
            if day == on:
                yield from (number._replace(value=number.value // 2) for number in self.week(monday)
                            if number.metric != USERS.key)  # fmt: skip

    def members(self, monday: date, known: Sequence[str]) -> Iterator[Member]:
        """Who of the people we know used it in a week, and who did the first task in it."""
        if self.began is None or monday < self.began:
            return
        level = _level(self.work, monday) or _level(self.people, monday)
        if level in ("good", "try"):
            for place, who in enumerate(known):
                yield Member(USERS.key, monday + timedelta(place % _WORKDAYS), who)
        for number, who in enumerate(self.everybody(known)):
            day = self.began + timedelta(_LEARNED_IN * number // self.record.users)
            if monday <= day < monday + WEEK and number < self._learners():
                yield Member(TASKS.key, day, who)

    def everybody(self, known: Sequence[str]) -> list[str]:
        """Those who are to use it: people we know first."""
        others = (f"user-{number}" for number in range(1, self.record.users + 1))
        return [*known, *others][: self.record.users]

    def _learners(self) -> int:
        is_taken_up = any(level == "good" for _, level in (*self.work, *self.people))
        return ceil(self.record.users * (_LEARNED if is_taken_up else 1 - _LEARNED))


def _level(marks: Sequence[tuple[date, str]], monday: date) -> str | None:
    return next((level for day, level in reversed(marks) if day <= monday), None)


def _spread(chance: Random, metric: str, monday: date, level: str, enough: int) -> Iterator[Number]:
    total = ceil(enough * chance.uniform(*_LEVELS[level]))
    shares = [chance.uniform(0.7, 1.3) for _ in range(_WORKDAYS)]
    rest = total
    for place, share in enumerate(shares):
        value = rest if place == _WORKDAYS - 1 else int(total * share / sum(shares))
        rest -= value
        yield Number(metric, monday + timedelta(place), value)


def _people(chance: Random, monday: date, level: str, enough: int, users: int) -> Iterator[Number]:
    least, most = (enough, users) if level == "good" else (ceil(enough * share) for share in _LEVELS[level])
    most = chance.randint(least, most)
    fullest = chance.randrange(_WORKDAYS)
    for place in range(_WORKDAYS):
        value = most if place == fullest else int(most * chance.uniform(0.7, 1.0))
        yield Number(USERS.key, monday + timedelta(place), value)
