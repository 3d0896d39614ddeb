"""The use of one period, worked out from the numbers of its days: each time it was known otherwise, one version.

Numbers may be of any exact kind; the database's are whole ten-thousandths.
"""

from collections.abc import Sequence
from datetime import date
from itertools import groupby

DayUse = tuple[date, date, int]
"""A day, the day at whose end its number was known, the number."""

Seen = tuple[date, date, str]
"""A day, the day at whose end it was known that somebody or something (a digest) was counted on it, and who."""

Version = tuple[date, int]
"""The day at whose end the use of a period was known to be so much."""


def versions(days: Sequence[DayUse], aggregation: str, last_day: date) -> list[Version]:
    """Return what was known of a period that ends on `last_day`, oldest first, each unlike the one before.

    While the period runs nothing follows from it, so that all that was known by its last day is one version.
    `aggregation` is sum, max or last; a day without a number adds nothing. Source: DOMAIN section 4.
    """
    if len(days) == 1:
        return [(days[0][1], days[0][2])]
    known: dict[date, int] = {}
    found: list[Version] = []
    for _moment, batch in groupby(sorted(days, key=_recorded), key=lambda use: max(use[1], last_day)):
        for use in batch:
            known[use[0]] = use[2]
        _append(found, use[1], _together(known, aggregation))
    return found


def distinct_versions(stated: Sequence[DayUse], seen: Sequence[Seen], last_day: date, one: int = 1) -> list[Version]:
    """Return the same of a metric that counts whom or what it sees, each once a period; `one` is the number 1.

    It is never less than the largest day that was `stated`, of which nobody named the members.
    """
    known: dict[date, int] = {}
    members: set[str] = set()
    found: list[Version] = []
    news: list[tuple[date, date, int | str]] = sorted([*stated, *seen], key=_recorded)
    for _moment, batch in groupby(news, key=lambda item: max(item[1], last_day)):
        for item in batch:
            if isinstance(item[2], str):
                members.add(item[2])
            else:
                known[item[0]] = item[2]
        _append(found, item[1], max(len(members) * one, *known.values(), 0))
    return found


def is_forgotten(counted: Sequence[DayUse], seen: Sequence[Seen], one: int = 1) -> bool:
    """Whether on some day more were `counted` than are still known: the period can be worked out no longer."""
    left = {day: number for day, _recorded_on, number in sorted(counted, key=_recorded)}
    for day, _recorded_on, _member in seen:
        left[day] = left.get(day, 0) - one
    return any(number > 0 for number in left.values())


def _recorded(news: tuple[date, date, int | str]) -> date:
    return news[1]


def _together(known: dict[date, int], aggregation: str) -> int:
    if aggregation == "sum":
        return sum(known.values())
    return max(known.values()) if aggregation == "max" else known[max(known)]


def _append(found: list[Version], recorded_on: date, value: int) -> None:
    if not found or found[-1][1] != value:
        found.append((recorded_on, value))
