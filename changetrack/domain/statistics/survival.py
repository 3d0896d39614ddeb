"""How long visits last while some still go on: Kaplan-Meier, and the chance of each way in which they end."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_EQUAL = 1e-9
"""Of two shares: what is left of them after many products."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A stay of that many `days`, which has `ended` or still goes on; seen from its day `entry` only.

    Raises ValueError unless 0 ≤ entry ≤ days.
    """

    days: int
    ended: bool
    entry: int = 0

    def __post_init__(self) -> None:
        _refuse_impossible(self.days, self.entry)


@dataclass(frozen=True, slots=True)
class CompetingVisit:
    """A stay of that many `days` and how it ended, by a name; None: it still goes on. Seen from its day `entry` only.

    Raises ValueError unless 0 ≤ entry ≤ days.
    """

    days: int
    outcome: str | None
    entry: int = 0

    def __post_init__(self) -> None:
        _refuse_impossible(self.days, self.entry)


@dataclass(frozen=True, slots=True)
class Fall:
    """A day on which some stays ended: of `at_risk` then still on, `ended`; `survival` is the share that goes on."""

    day: int
    at_risk: int
    ended: int
    survival: float


@dataclass(frozen=True, slots=True)
class Curve:
    """The share of stays that last longer than each day; it falls on the days of `falls` and is level between."""

    falls: tuple[Fall, ...]

    def survival_at(self, t: int) -> float:
        """Return the share of stays that last longer than `t` days; 1 before the first ended."""
        return next((fall.survival for fall in reversed(self.falls) if fall.day <= t), 1.0)

    def quantile(self, q: float) -> int | None:
        """Return the day by which the share `q` has ended, the smallest t with S(t) ≤ 1 - q; None if not reached."""
        return next((fall.day for fall in self.falls if fall.survival <= 1 - q + _EQUAL), None)

    @property
    def median(self) -> int | None:
        """The day by which half have ended; None if not reached."""
        return self.quantile(0.5)

    @property
    def steps(self) -> tuple[tuple[int, float], ...]:
        """(day, share) pairs for a plot of steps, from (0, 1)."""
        start = () if self.falls and self.falls[0].day == 0 else ((0, 1.0),)
        return (*start, *((fall.day, fall.survival) for fall in self.falls))


@dataclass(frozen=True, slots=True)
class Incidence:
    """The chance that a stay has ended in one certain way; it rises on the days of `rises`, (day, chance) pairs."""

    rises: tuple[tuple[int, float], ...]

    def at(self, t: int) -> float:
        """Return the chance of having ended in this way within `t` days."""
        return next((chance for day, chance in reversed(self.rises) if day <= t), 0.0)


def kaplan_meier(visits: Iterable[Visit]) -> Curve:
    """Return the curve of how long stays last; those that still go on count up to where they are seen.

    A stay is at risk on the days after its `entry`, one that is seen from its beginning on day 0 too, up to its last.
    Source: Kaplan and Meier (1958); DOMAIN section 7.
    """
    falls, survival = [], 1.0
    seen = [(v.days, v.entry, v.ended) for v in visits]
    for day, at_risk, ended in _ends(seen):
        total = ended[True]
        survival *= (at_risk - total) / at_risk
        falls.append(Fall(day, at_risk, total, survival))
    return Curve(tuple(falls))


def curve_of(falls: Iterable[Sequence[int]]) -> Curve:
    """Return the curve whose falls were kept as (day, at risk, ended), in order of the days."""
    rebuilt, survival = [], 1.0
    for day, at_risk, ended in falls:
        survival *= (at_risk - ended) / at_risk
        rebuilt.append(Fall(day, at_risk, ended, survival))
    return Curve(tuple(rebuilt))


def cumulative_incidence(visits: Iterable[CompetingVisit]) -> dict[str, Incidence]:
    """Return, for each way in which stays ended, the chance of it by each day, the others competing with it.

    With the share that goes on they add up to 1 on every day. Source: Aalen and Johansen (1978); DOMAIN section 7.
    """
    rises: dict[str, list[tuple[int, float]]] = {}
    survival = 1.0
    seen = [(v.days, v.entry, v.outcome) for v in visits]
    for day, at_risk, ended in _ends(seen):
        for outcome, count in ended.items():
            mine = rises.setdefault(str(outcome), [])
            mine.append((day, (mine[-1][1] if mine else 0.0) + survival * count / at_risk))
        survival *= (at_risk - ended.total()) / at_risk
    return {outcome: Incidence(tuple(rises[outcome])) for outcome in sorted(rises)}


def _ends(seen: Sequence[tuple[int, int, bool | str | None]]) -> Iterator[tuple[int, int, Counter[bool | str]]]:
    """Each day on which stays ended: the day, how many were at risk on it, how many ended in which way."""
    ends: dict[int, Counter[bool | str]] = {}
    leaving, coming = Counter[int](), Counter[int]()
    for days, entry, how in seen:
        if entry and entry == days:
            continue  # seen on no day on which it could have ended
        coming[entry + 1 if entry else 0] += 1
        leaving[days + 1] += 1
        if how is not None and how is not False:
            ends.setdefault(days, Counter())[how] += 1
    at_risk = 0
    for day in sorted(coming.keys() | leaving.keys() | ends.keys()):
        at_risk += coming[day] - leaving[day]
        if day in ends:
            yield day, at_risk, ends[day]


def _refuse_impossible(days: int, entry: int) -> None:
    if not 0 <= entry <= days:
        raise ValueError(f"A stay of {days} days cannot be seen from its day {entry}.")
