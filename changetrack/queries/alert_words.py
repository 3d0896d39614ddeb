"""The stored reasons of an alert in the words of today: a clock that stood at 12 days then has gone on since."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from changetrack.domain.alerts import REASONS, why_on
from changetrack.domain.calendar import DEFAULT_CALENDAR

Reasons = tuple[tuple[str, str], ...]
"""(reason, why) pairs, in the order in which reasons are always told."""


def reasons_of(stored: Mapping[str, Any], today: date) -> Reasons:
    """The reasons of an open alert as (reason, why), each in today's words."""
    return tuple((name, why_today(name, stored[name], today)) for name in sorted(stored, key=_place_of))


def why_today(reason: str, said: Mapping[str, Any], today: date) -> str:
    """The sentence of one stored reason as it reads today."""
    if said.get("limit") is None:
        return str(said["why"])
    since = date.fromisoformat(said["since"])
    return why_on(
        max(today, since), reason, since=since, step=said["step"], limit=said["limit"], calendar=DEFAULT_CALENDAR
    )


def _place_of(reason: str) -> tuple[int, str]:
    return (REASONS.index(reason) if reason in REASONS else len(REASONS), reason)
