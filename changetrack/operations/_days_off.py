"""Which days off can be kept, of a calendar or of one account."""

from collections.abc import Sequence
from datetime import date

from changetrack.domain.days_off import EARLIEST, LATEST, MOST_DAYS_OFF
from changetrack.domain.refusal import Reason


def days_off_reasons(days: Sequence[date]) -> list[Reason]:
    """Return why these days cannot be kept; empty when they can."""
    reasons = []
    if any(not EARLIEST <= day <= LATEST for day in days):
        reasons.append(Reason("blackout_days", f"Only days from {EARLIEST.year} to {LATEST.year} are kept."))
    if len(days) > MOST_DAYS_OFF:
        reasons.append(Reason("blackout_days", f"At most {MOST_DAYS_OFF:,} days off are kept."))
    return reasons
