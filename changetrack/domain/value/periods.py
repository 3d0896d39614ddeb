"""The periods that use is measured over: ISO weeks from Monday to Sunday, and calendar months.

Inside this package a day is its proleptic ordinal and a period its running number: whole numbers
compare and subtract faster than dates, and a hundred thousand outcomes are recognised in a night.
"""

from datetime import date
from functools import lru_cache

PERIODS = ("week", "month")
NEVER = 10**9
"""A day that does not come."""

_WEEK, _YEAR = 7, 12


@lru_cache(maxsize=4096)
def period_of(day: date, kind: str) -> date:
    """Return the first day of the week or month that `day` lies in."""
    return first_day(number_of(day.toordinal(), kind), kind)


@lru_cache(maxsize=4096)
def period_end(start: date, kind: str) -> date:
    """Return the last day of the week or month that `start` lies in."""
    return date.fromordinal(bounds(number_of(start.toordinal(), kind), kind)[1])


def next_period(start: date, kind: str) -> date:
    """Return the first day of the week or month after the one that `start` lies in."""
    return first_day(number_of(start.toordinal(), kind) + 1, kind)


def number_of(ordinal: int, kind: str) -> int:
    """Return the running number of the period that a day lies in."""
    if kind == "week":
        return (ordinal - 1) // _WEEK
    day = date.fromordinal(ordinal)
    return day.year * _YEAR + day.month - 1


@lru_cache(maxsize=4096)
def number_at(start: date, kind: str) -> int:
    """Return the running number of the period that a date lies in."""
    return number_of(start.toordinal(), kind)


@lru_cache(maxsize=4096)
def closing(start: date, kind: str, lag: int) -> tuple[int, date]:
    """Return the running number of the period that a date lies in, and the day on which it closes."""
    number = number_of(start.toordinal(), kind)
    return number, date.fromordinal(bounds(number, kind)[1] + lag)


@lru_cache(maxsize=4096)
def day_at(ordinal: int) -> date:
    """Return the day of an ordinal: one object for all that happens on it."""
    return date.fromordinal(ordinal)


@lru_cache(maxsize=4096)
def bounds(number: int, kind: str) -> tuple[int, int]:
    """Return the first and the last day of a period, as ordinals."""
    if kind == "week":
        return number * _WEEK + 1, number * _WEEK + _WEEK
    following = number + 1
    start = date(number // _YEAR, number % _YEAR + 1, 1)
    return start.toordinal(), date(following // _YEAR, following % _YEAR + 1, 1).toordinal() - 1


@lru_cache(maxsize=4096)
def first_day(number: int, kind: str) -> date:
    """Return the first day of a period."""
    return date.fromordinal(bounds(number, kind)[0])


@lru_cache(maxsize=4096)
def first_whole(ordinal: int, kind: str) -> int:
    """Return the number of the first period that begins on or after a day."""
    number = number_of(ordinal, kind)
    return number if bounds(number, kind)[0] == ordinal else number + 1


@lru_cache(maxsize=4096)
def last_closed(ordinal: int, lag: int, kind: str) -> int:
    """Return the number of the last period whose last day lies at least `lag` days before a day, or on it."""
    return number_of(ordinal - lag + 1, kind) - 1
