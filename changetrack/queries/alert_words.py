"""The stored reasons of an alert in the words of today: a clock that stood at 12 days then has gone on since."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from changetrack.domain.calendar import WorkCalendar
from changetrack.domain.stale_words import why_on
from changetrack.domain.staleness import REASONS

Reasons = tuple[tuple[str, str], ...]
"""(reason, why) pairs, in the order in which reasons are always told."""


def reasons_of(stored: Mapping[str, Any], today: date, calendar: WorkCalendar) -> Reasons:
    """The reasons of an open alert as (reason, why), each in today's words by the account's calendar."""
    return tuple((name, why_today(name, stored[name], today, calendar)) for name in sorted(stored, key=_place_of))


def why_today(reason: str, said: Mapping[str, Any], today: date, calendar: WorkCalendar) -> str:
    """The sentence of one stored reason as it reads today."""
    if said.get("limit") is None:
        return str(said["why"])
    since = date.fromisoformat(said["since"])
    return why_on(
        max(today, since),
        reason,
        since=since,
        step=said["step"],
        limit=said["limit"],
        calendar=calendar,
        words=said.get("words", ""),
    )


def said_today(stored: Mapping[str, Any], today: date, calendar: WorkCalendar) -> dict[str, Any]:
    """The stored reasons, each with today's words in place of those of the day on which they were last looked at."""
    return {name: {**said, "why": why_today(name, said, today, calendar)} for name, said in stored.items()}


def _place_of(reason: str) -> tuple[int, str]:
    return (REASONS.index(reason) if reason in REASONS else len(REASONS), reason)
