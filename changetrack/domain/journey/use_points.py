"""Control points that are computed from outcomes and from use: 3c, 4c, 5b, 6a, 6b, 7a and 8c."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

USERS_NEEDED = 2  # of the coalition, who use the product themselves
USE_SHARE = 0.8  # of planned users, who did the first real task
USE_DAYS = 28  # in which somebody's use counts as using it
WINS_NEEDED = 2
LASTING_WEEKS = 26
OF_CONFIRMED = frozenset({"6b", "7a", "8c"})
"""The points that rest on outcomes being confirmed."""
OF_OUTCOMES = OF_CONFIRMED | {"3c", "6a"}
_WEEK = 7
_AGREED = frozenset({"agreed", "in_use", "confirmed", "lapsed"})


@dataclass(frozen=True, slots=True)
class OutcomeFacts:
    """What is known of one outcome.

    `first_passing_on` is the start of the first period ever that passed, before the agreement too; `lasted_on` the day
    on which its present run of confirmed use had lasted half a year (see `lasting_on`). `ends_on` is the first day on
    which the customer's word no longer carries it.
    """

    seq: int
    state: str
    agreed_on: date | None = None
    first_passing_on: date | None = None
    confirmed_from: date | None = None
    ends_on: date | None = None
    lasted_on: date | None = None


@dataclass(frozen=True, slots=True)
class UseFacts:
    """What counted use tells: {person of the coalition: last day of use}, and who did the first real task.

    None where no metric tells it. No more is known of a person than whether they are among those who used it.
    """

    coalition_seen: Mapping[int, date] | None = None
    first_task_users: int | None = None
    planned_users: int | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """What facts say of a control point: what it lacks, since when it holds, and the first day it no longer will."""

    key: str
    lacks: tuple[str, ...]
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """All that outcomes and use tell about an account on `day`; `people` None: not looked at."""

    day: date
    outcomes: Collection[OutcomeFacts] = ()
    people: UseFacts | None = None


def use_points(use: Use) -> list[Proof]:
    """What outcomes and use say of each point that rests on them. Source: DOMAIN section 3."""
    of_people = [] if use.people is None else [_coalition_uses(use.day, use.people), _first_task(use.people)]
    return [_agreed(use), *of_people, _predicted(use), _won(use, "6b", 1), _won(use, "7a", WINS_NEEDED), _lasting(use)]


def lasting_on(periods: Iterable[tuple[date, date, bool]], confirmed_from: date | None) -> date | None:
    """Return the last day of the period with which a run of confirmed use reached 26 weeks, None if it has not.

    `periods` are (first day, last day, whether it passes), in order, of those that have data: one without neither
    counts nor breaks the run; one that fails breaks it. Source: DOMAIN section 3 (8c).
    """
    lasted, reached = 0, None
    for first, last, passes in periods:
        if confirmed_from is None or first < confirmed_from:
            continue
        lasted = lasted + (last - first).days + 1 if passes else 0
        if lasted < LASTING_WEEKS * _WEEK:
            reached = None
        elif reached is None:
            reached = last
    return reached


def _agreed(use: Use) -> Proof:
    days = [o.agreed_on for o in use.outcomes if o.state in _AGREED and o.agreed_on]
    return _proof("3c", "an outcome that its beneficiary agreed to", days, 1)


def _predicted(use: Use) -> Proof:
    days = [
        o.first_passing_on
        for o in use.outcomes
        if o.state in _AGREED and o.agreed_on and o.first_passing_on and o.agreed_on <= o.first_passing_on
    ]
    return _proof("6a", "an outcome that was agreed before use first reached it", days, 1)


def _won(use: Use, key: str, needed: int) -> Proof:
    won = [o for o in use.outcomes if o.state == "confirmed" and o.confirmed_from]
    ends = sorted((o.ends_on or date.max for o in won), reverse=True)
    until = ends[needed - 1] if len(ends) >= needed else None
    words = "a confirmed outcome" if needed == 1 else f"{needed} confirmed outcomes; there is {len(won) or 'none'}"
    found = _proof(key, words, [o.confirmed_from for o in won if o.confirmed_from], needed)
    return Proof(key, found.lacks, found.since, None if until == date.max else until)


def _lasting(use: Use) -> Proof:
    days = [o.lasted_on for o in use.outcomes if o.state == "confirmed" and o.lasted_on]
    return _proof("8c", f"{LASTING_WEEKS} weeks of confirmed use in a row", days, 1)


def _coalition_uses(day: date, people: UseFacts) -> Proof:
    seen = people.coalition_seen
    if seen is None:
        return Proof("4c", ("a metric that tells who uses the product",))
    recent = sorted((d for d in seen.values() if day - timedelta(days=USE_DAYS) < d <= day), reverse=True)
    if len(recent) < USERS_NEEDED:
        return Proof(
            "4c", (f"use by {USERS_NEEDED} of the coalition in {USE_DAYS} days; {len(recent) or 'none'} so far",)
        )
    return Proof("4c", (), None, recent[USERS_NEEDED - 1] + timedelta(days=USE_DAYS))


def _first_task(people: UseFacts) -> Proof:
    if people.first_task_users is None:
        return Proof("5b", ("a metric that tells who did the first real task",))
    if not people.planned_users:
        return Proof("5b", ("how many people are to use the product",))
    if people.first_task_users < USE_SHARE * people.planned_users:
        words = f"{USE_SHARE:.0%} of {people.planned_users:,} planned users; {people.first_task_users:,} so far"
        return Proof("5b", (words,))
    return Proof("5b", ())


def _proof(key: str, lack: str, days: list[date], needed: int) -> Proof:
    """It holds since the day on which as many as are needed were there."""
    if len(days) < needed:
        return Proof(key, (lack,))
    return Proof(key, (), sorted(days)[needed - 1])
