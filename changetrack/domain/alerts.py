"""Staleness as reasons with words, when they can next change, and the life of an alert."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from changetrack.domain.calendar import WorkCalendar
from changetrack.domain.refusal import Reason

STATES = ("firing", "acknowledged", "snoozed", "resolved")
REASONS = ("no_progress", "over_age", "usage_falling", "evidence_expiring")
UNCOUNTED = frozenset({"evidence_expiring"})
"""Reasons that never raise the severity; each alone is a notice."""

WARNING_DAYS = 14
SNOOZE_MAX_DAYS = 10
SNOOZES_A_VISIT = 2
_LAST_STEP = 8
_FIRST_LATE_STEP = 6
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

Severity = Literal["notice", "warning", "critical"]


@dataclass(frozen=True, slots=True)
class StaleLimits:
    """The limits of one step: calendar days in it, business days without progress; None never ends."""

    age_days: int | None
    progress_days: int | None
    rule_version: str


@dataclass(frozen=True, slots=True)
class EvidenceEnd:
    """A required point that held: `ends_on` is the first day on which it no longer does.

    `step` is the point's own. An end that was not `foreseen` (a retraction, a record that changed)
    gave no warning before its day.
    """

    point: str
    ends_on: date
    step: int
    foreseen: bool = True


@dataclass(frozen=True, slots=True)
class StaleFacts:
    """What decides whether one visit is stale.

    `is_open`: active or anchored. `held_days`: calendar days of holds in this visit;
    `held_workdays`: business days of holds since `progress_on`; neither counts.
    """

    step: int
    is_open: bool
    entered_on: date
    held_days: int
    progress_on: date
    evidence_ends: tuple[EvidenceEnd, ...]
    limits: StaleLimits
    held_workdays: int = 0
    falling_since: date | None = None  # the use of an outcome fell short, or cannot be seen
    falling_why: str = ""


@dataclass(frozen=True, slots=True)
class StaleReason:
    """One reason, the first day on which it was true, and a sentence that says why.

    It `urges` once it is not only to be known, but something must be done: the grace of lost evidence is over.
    A reason that a clock gives says its `limit`, so that `why_on` can say it anew on a later day.
    """

    reason: str
    since: date
    why: str
    urges: bool = False
    step: int = 0
    limit: int | None = None


def stale_reasons(facts: StaleFacts, calendar: WorkCalendar, today: date) -> tuple[StaleReason, ...]:
    """Return the reasons that are true on `today`, in the order of `REASONS`; none unless open.

    Source: DOMAIN section 6.
    """
    if not facts.is_open:
        return ()
    found = (
        _no_progress(facts, calendar, today),
        _over_age(facts, calendar, today),
        _usage_falling(facts, today),
        _evidence_expiring(facts, today),
    )
    return tuple(reason for reason in found if reason)


def severity(reasons: Iterable[StaleReason | str]) -> Severity:
    """Return how grave a non-empty set of reasons is: its distinct counted reasons, 1, 2 or 3 and more.

    Takes reasons or their names. Source: DOMAIN section 6.
    """
    names = {r if isinstance(r, str) else r.reason for r in reasons}
    counted = len(names - UNCOUNTED)
    if counted > 2:
        return "critical"
    return "warning" if counted == 2 else "notice"


def next_due_on(facts: StaleFacts, calendar: WorkCalendar, today: date) -> date | None:
    """Return the first day after `today` on which anything said about the visit can change by itself.

    That is a reason becoming true, evidence beginning to end, ending, or outliving its grace; None
    when time alone changes nothing. A visit that is not open still sees its evidence end.
    """
    days = _turning_days(facts, calendar) if facts.is_open else (e.ends_on for e in facts.evidence_ends)
    return min((day for day in days if day > today), default=None)


def grace_days(step: int) -> int:
    """Return the days a point of that step may stay false before the team must act: 14, 28 from step 6.

    Source: DOMAIN section 3 (slipping).
    """
    return 28 if step >= _FIRST_LATE_STEP else 14


def acknowledge_reasons(status: str, next_step: str, next_step_on: date | None, today: date) -> list[Reason]:
    """Return every reason to refuse acknowledging an alert; empty when it may be.

    `next_step` is the next step the customer will see, `next_step_on` its date. Source: DOMAIN section 6.
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


_NOT_SNOOZABLE = {
    "snoozed": "This alert is already snoozed.",
    "resolved": "This alert is resolved; there is nothing left to snooze.",
}


def why_on(day: date, reason: str, *, since: date, step: int, limit: int, calendar: WorkCalendar) -> str:
    """Return the sentence of a clock's reason (`no_progress`, `over_age`) as it reads on `day`.

    `since` is the first day on which it was true, so its clock then stood one past the `limit`.
    """
    passed = calendar.elapsed(since, day) if reason == "no_progress" else (day - since).days
    return _clock_words(reason, limit + 1 + passed, step, limit)


def _clock_words(reason: str, count: int, step: int, limit: int) -> str:
    is_step = step <= _LAST_STEP
    if reason == "no_progress":
        where = f"in step {step}" if is_step else "while anchored"
        return f"{_counted(count, 'business day')} without progress {where}; the limit is {limit}."
    return f"{_counted(count, 'day')} {f'in step {step}' if is_step else 'anchored'}; the limit is {limit}."


def _no_progress(facts: StaleFacts, calendar: WorkCalendar, today: date) -> StaleReason | None:
    since, limit = _stuck_from(facts, calendar), facts.limits.progress_days
    if since is None or limit is None or today < since:
        return None
    why = why_on(today, "no_progress", since=since, step=facts.step, limit=limit, calendar=calendar)
    return StaleReason("no_progress", since, why, step=facts.step, limit=limit)


def _over_age(facts: StaleFacts, calendar: WorkCalendar, today: date) -> StaleReason | None:
    since, limit = _old_from(facts), facts.limits.age_days
    if since is None or limit is None or today < since:
        return None
    why = why_on(today, "over_age", since=since, step=facts.step, limit=limit, calendar=calendar)
    return StaleReason("over_age", since, why, step=facts.step, limit=limit)


def _usage_falling(facts: StaleFacts, today: date) -> StaleReason | None:
    if facts.falling_since is None or today < facts.falling_since:
        return None
    return StaleReason("usage_falling", max(facts.falling_since, facts.entered_on), facts.falling_why)


def _evidence_expiring(facts: StaleFacts, today: date) -> StaleReason | None:
    ends = sorted(
        (end for end in facts.evidence_ends if _warned_from(end) <= today), key=lambda e: (e.ends_on, e.point)
    )
    if not ends:
        return None
    why = "; ".join(_ending(end, today) for end in ends) + "."
    urges = any(_grace_over_on(end) <= today for end in ends)
    if urges:
        why += " The grace is over: restore the evidence or move back."
    return StaleReason("evidence_expiring", max(min(map(_warned_from, ends)), facts.entered_on), why, urges)


def _turning_days(facts: StaleFacts, calendar: WorkCalendar) -> Iterator[date]:
    for day in (_stuck_from(facts, calendar), _old_from(facts)):
        if day is not None:
            yield day
    for end in facts.evidence_ends:
        yield from (_warned_from(end), end.ends_on, _grace_over_on(end))


def _stuck_from(facts: StaleFacts, calendar: WorkCalendar) -> date | None:
    limit = facts.limits.progress_days
    return None if limit is None else calendar.add(facts.progress_on, limit + facts.held_workdays + 1)


def _old_from(facts: StaleFacts) -> date | None:
    limit = facts.limits.age_days
    return None if limit is None else facts.entered_on + timedelta(days=limit + facts.held_days + 1)


def _warned_from(end: EvidenceEnd) -> date:
    return end.ends_on - timedelta(days=WARNING_DAYS) if end.foreseen else end.ends_on


def _grace_over_on(end: EvidenceEnd) -> date:
    return end.ends_on + timedelta(days=grace_days(end.step))


def _ending(end: EvidenceEnd, today: date) -> str:
    day = end.ends_on
    verb = "ended" if day <= today else "ends"
    return f"{end.point} {verb} on {day.day} {_MONTHS[day.month - 1]} {day.year}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
