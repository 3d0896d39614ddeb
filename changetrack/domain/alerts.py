"""The life of an alert: how grave it is, who takes it up, how long it may wait."""

from collections.abc import Iterable
from datetime import date
from typing import Literal

from changetrack.domain.calendar import WorkCalendar
from changetrack.domain.day_words import day_in_words
from changetrack.domain.refusal import Reason
from changetrack.domain.staleness import StaleReason

STATES = ("firing", "acknowledged", "snoozed", "resolved")
UNCOUNTED = frozenset({"evidence_expiring"})
"""Reasons that never raise the severity; each alone is a notice."""

REST_MAX_DAYS = 20
"""Business days: so far ahead the next step may be announced, and so much longer an alert rests if it is put off."""

SNOOZE_MAX_DAYS = 10
SNOOZES_A_VISIT = 2

Severity = Literal["notice", "warning", "critical"]


def severity(reasons: Iterable[StaleReason | str]) -> Severity:
    """Return how grave a non-empty set of reasons is: its distinct counted reasons, 1, 2 or 3 and more.

    Takes reasons or their names. Source: DOMAIN section 6.
    """
    names = {r if isinstance(r, str) else r.reason for r in reasons}
    counted = len(names - UNCOUNTED)
    if counted > 2:
        return "critical"
    return "warning" if counted == 2 else "notice"


def acknowledge_reasons(
    status: str, next_step: str, next_step_on: date | None, today: date, calendar: WorkCalendar
) -> list[Reason]:
    """Return every reason to refuse acknowledging an alert; empty when it may be.

    `next_step` is the next step the customer will see, `next_step_on` its date: by the account's `calendar` at most
    REST_MAX_DAYS business days ahead. Source: DOMAIN section 6.
    """
    reasons = []
    if status == "resolved":
        reasons.append(Reason(None, "This alert is resolved; there is nothing left to acknowledge."))
    elif status != "firing":
        reasons.append(Reason(None, "This alert is already acknowledged."))
    if not next_step.strip():
        reasons.append(Reason("next_step", "Name the next step that the customer will see."))
    if next_step_on is None:
        reasons.append(Reason("next_step_on", "Give the date of that step."))
    elif next_step_on < today:
        reasons.append(Reason("next_step_on", "The date of the next step is in the past."))
    elif next_step_on > (last := calendar.add(today, REST_MAX_DAYS)):
        reasons.append(Reason("next_step_on", f"{_TOO_FAR} by {day_in_words(last)}."))
    return reasons


def snooze_reasons(status: str, days: int | None, reason: str, snoozes_used: int) -> list[Reason]:
    """Return every reason to refuse a snooze of that many business `days`; empty when it may be.

    `snoozes_used` counts those of this visit. Source: DOMAIN section 6.
    """
    reasons = []
    if status != "acknowledged":
        reasons.append(Reason(None, _NOT_SNOOZABLE.get(status, "Acknowledge the alert before snoozing it.")))
    if days is None or not 1 <= days <= SNOOZE_MAX_DAYS:
        reasons.append(Reason("days", f"Snooze for 1 to {SNOOZE_MAX_DAYS} business days."))
    if not reason.strip():
        reasons.append(Reason("reason", "Say why this can wait."))
    if snoozes_used >= SNOOZES_A_VISIT:
        reasons.append(Reason(None, f"An alert is snoozed at most {SNOOZES_A_VISIT} times a visit."))
    return reasons


def ends_snooze(before: Iterable[str], after: Iterable[str]) -> bool:
    """Say whether a snooze ends early: a reason joined, without which severity cannot rise either."""
    return not set(after) <= set(before)


_TOO_FAR = f"Name a step within {REST_MAX_DAYS} business days:"
_NOT_SNOOZABLE = {
    "snoozed": "This alert is already snoozed.",
    "resolved": "This alert is resolved; there is nothing left to snooze.",
}
