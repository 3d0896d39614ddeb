"""Staleness as reasons with words, and when they can next change."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from changetrack.domain.calendar import WorkCalendar
from changetrack.domain.day_words import day_in_words, short_day
from changetrack.domain.stale_words import learned_for, why_on

REASONS = (
    "no_progress",
    "over_age",
    "silent_customer",
    "overdue_commitment",
    "usage_falling",
    "evidence_expiring",
)
"""In the order in which they are always told."""

WARNING_DAYS = 14
_FIRST_LATE_STEP = 6


@dataclass(frozen=True, slots=True)
class StaleLimits:
    """The limits of one step; None never ends.

    `age_days`: calendar days in it; `progress_days`: business days without progress; `silent_days`: business days
    without a word from the customer. Where `age_days` was learned, `learned_month` is any day of the month for which
    it was, and `fixed_age_days` the playbook's own limit, which stays visible beside it.
    """

    age_days: int | None
    progress_days: int | None
    rule_version: str
    silent_days: int | None = None
    fixed_age_days: int | None = None
    learned_month: date | None = None


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

    `is_open`: active or anchored. `held_days`: calendar days of holds in this visit; `held_workdays`: business days of
    holds since `progress_on`; `customer_held_workdays`: those since `customer_on`; none of them counts.
    `customer_on`: the last act that the customer originated; None, none that we know of, counts from the visit's
    beginning. `commitment_due_on`, `commitment_words`: of the open commitment that is due first.
    `falling_since`: since when the use of an outcome fell short, or cannot be seen.
    """

    step: int
    is_open: bool
    entered_on: date
    held_days: int
    progress_on: date
    evidence_ends: tuple[EvidenceEnd, ...]
    limits: StaleLimits
    held_workdays: int = 0
    falling_since: date | None = None
    falling_why: str = ""
    customer_on: date | None = None
    customer_held_workdays: int = 0
    commitment_due_on: date | None = None
    commitment_words: str = ""


@dataclass(frozen=True, slots=True)
class StaleReason:
    """One reason, the first day on which it was true, a sentence that says why, and the `rule` it was judged by.

    It `urges` once it is not only to be known, but something must be done: the grace of lost evidence is over.
    A reason that a clock gives says its `step`, `limit` and `words`, so that `why_on` can say it anew on a later day.
    """

    reason: str
    since: date
    why: str
    urges: bool = False
    step: int = 0
    limit: int | None = None
    words: str = ""
    rule: str = ""


def stale_reasons(facts: StaleFacts, calendar: WorkCalendar, today: date) -> tuple[StaleReason, ...]:
    """Return the reasons that are true on `today`, in the order of `REASONS`; none unless open.

    Source: DOMAIN section 6.
    """
    if not facts.is_open:
        return ()
    found = (
        _no_progress(facts, calendar, today),
        _over_age(facts, calendar, today),
        _silent_customer(facts, calendar, today),
        _overdue_commitment(facts, calendar, today),
        _usage_falling(facts, today),
        _evidence_expiring(facts, today),
    )
    return tuple(reason for reason in found if reason)


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


def _no_progress(facts: StaleFacts, calendar: WorkCalendar, today: date) -> StaleReason | None:
    return _by_clock("no_progress", facts, calendar, today, _stuck_from(facts, calendar), facts.limits.progress_days)


def _over_age(facts: StaleFacts, calendar: WorkCalendar, today: date) -> StaleReason | None:
    limits = facts.limits
    words = ""
    if limits.learned_month is not None:
        fixed = "none" if limits.fixed_age_days is None else limits.fixed_age_days
        words = f"{learned_for(limits.learned_month)} (fixed: {fixed})"
    return _by_clock("over_age", facts, calendar, today, _old_from(facts), limits.age_days, words)


def _silent_customer(facts: StaleFacts, calendar: WorkCalendar, today: date) -> StaleReason | None:
    since = _silent_from(facts, calendar)
    return _by_clock("silent_customer", facts, calendar, today, since, facts.limits.silent_days)


def _overdue_commitment(facts: StaleFacts, calendar: WorkCalendar, today: date) -> StaleReason | None:
    due_on = facts.commitment_due_on
    if due_on is None:
        return None
    words = f"{facts.commitment_words or 'A commitment'} was due on {day_in_words(due_on)}"
    return _by_clock("overdue_commitment", facts, calendar, today, calendar.add(due_on, 1), 0, words)


def _by_clock(
    reason: str,
    facts: StaleFacts,
    calendar: WorkCalendar,
    today: date,
    since: date | None,
    limit: int | None,
    words: str = "",
) -> StaleReason | None:
    if since is None or limit is None or today < since:
        return None
    why = why_on(today, reason, since=since, step=facts.step, limit=limit, calendar=calendar, words=words)
    return StaleReason(
        reason, since, why, step=facts.step, limit=limit, words=words, rule=rule_words(facts.limits, reason)
    )


def _usage_falling(facts: StaleFacts, today: date) -> StaleReason | None:
    if facts.falling_since is None or today < facts.falling_since:
        return None
    since = max(facts.falling_since, facts.entered_on)
    return StaleReason("usage_falling", since, facts.falling_why, rule=facts.limits.rule_version)


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
    since = max(min(map(_warned_from, ends)), facts.entered_on)
    words = f"evidence {'ends' if ends[0].ends_on > today else 'ended'} on {short_day(ends[0].ends_on)}"
    return StaleReason("evidence_expiring", since, why, urges, words=words, rule=facts.limits.rule_version)


def rule_words(limits: StaleLimits, reason: str) -> str:
    """Return which version of the rules a reason is judged by: “playbook 3, limit learned for Nov 2026”."""
    if reason == "over_age" and limits.learned_month is not None:
        return f"{limits.rule_version}, limit {learned_for(limits.learned_month)}"
    return limits.rule_version


def _turning_days(facts: StaleFacts, calendar: WorkCalendar) -> Iterator[date]:
    due_on = facts.commitment_due_on
    overdue_from = None if due_on is None else calendar.add(due_on, 1)
    for day in (_stuck_from(facts, calendar), _old_from(facts), _silent_from(facts, calendar), overdue_from):
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


def _silent_from(facts: StaleFacts, calendar: WorkCalendar) -> date | None:
    limit = facts.limits.silent_days
    if limit is None:
        return None
    return calendar.add(facts.customer_on or facts.entered_on, limit + facts.customer_held_workdays + 1)


def _warned_from(end: EvidenceEnd) -> date:
    return end.ends_on - timedelta(days=WARNING_DAYS) if end.foreseen else end.ends_on


def _grace_over_on(end: EvidenceEnd) -> date:
    return end.ends_on + timedelta(days=grace_days(end.step))


def _ending(end: EvidenceEnd, today: date) -> str:
    return f"{end.point} {'ended' if end.ends_on <= today else 'ends'} on {day_in_words(end.ends_on)}"
