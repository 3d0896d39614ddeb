"""How an outcome stands on a day: its state, what was promised by then, and when to look again."""

from collections.abc import Iterable
from datetime import date

from changetrack.domain.value.course import Course
from changetrack.domain.value.periods import NEVER, bounds, first_whole, last_closed, number_of
from changetrack.domain.value.terms import OutcomeTerms


def state_of(terms: OutcomeTerms, course: Course, as_of: date) -> tuple[str, str | None, date]:
    """Return the state, its detail, and since when it has been so."""
    withdrawn, replaced, disputed = terms.withdrawn_on, terms.replaced_on, terms.disputed_on
    if withdrawn and withdrawn <= as_of and not (replaced and replaced < withdrawn):
        return "withdrawn", None, withdrawn
    if replaced and replaced <= as_of:
        return "withdrawn", "replaced", replaced
    if disputed and disputed <= as_of:
        return "disputed", None, disputed
    if terms.agreed_on is None or terms.agreed_on > as_of:
        return "proposed", None, terms.proposed_on or as_of
    detail = course.detail or None
    if course.phase == "confirmed":
        detail = "unverifiable" if course.silent else "at_risk" if course.fails else None
    return course.phase, detail, date.fromordinal(course.since)


def promised(terms: OutcomeTerms, as_of: date) -> int:
    """Return the agreed worth of the planned periods that have ended by a day."""
    if terms.agreed_on is None or terms.agreed_on > as_of:
        return 0
    last = as_of.toordinal()
    for end in (terms.withdrawn_on, terms.replaced_on):
        if end is not None and end <= as_of:
            last = min(last, end.toordinal() - 1)
    first = first_whole((terms.plan_start or terms.agreed_on).toordinal(), terms.period)
    ended = max(0, last_closed(last, 0, terms.period) - first + 1)
    return terms.rate * (ended if terms.plan_periods is None else min(ended, terms.plan_periods))


def due_on(terms: OutcomeTerms, today: int, carried: int, coming: Iterable[date]) -> date | None:
    """Return the next day on which a period ends or closes, an attestation begins or runs out, or an end takes effect.

    `carried` is the day on which the attestations end, `coming` holds the days of those not yet valid.
    """
    kind, lag = terms.period, terms.settle_lag_days
    ends = [d.toordinal() for d in (terms.withdrawn_on, terms.replaced_on) if d]
    promise_stop = min(ends, default=NEVER)
    ends += [terms.disputed_on.toordinal()] if terms.disputed_on else []
    days, stop = ends, min(ends, default=NEVER)
    if terms.agreed_on:
        closes = bounds(last_closed(today, lag, kind) + 1, kind)[1]
        days = [*ends, terms.agreed_on.toordinal()]
        days += [closes + lag] if closes < stop else []
        days += [bounds(number_of(today + 1, kind), kind)[1]] if today < promise_stop else []
        days += [carried, *(day.toordinal() for day in coming)] if today < stop else []
    following = min((day for day in days if day > today), default=NEVER)
    return date.fromordinal(following) if following < NEVER else None
