"""The limit of days in a step that is learned from how long those took who advanced from it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from changetrack.domain.journey.steps import CLOSED_PLACE, HELD_PLACE, STEPS
from changetrack.domain.journey.timeline import Span
from changetrack.domain.statistics import Curve, Visit, kaplan_meier

ENOUGH_ADVANCES = 8
WINDOW_DAYS = 365
SHARE = 0.85
ADVANCED, LEFT = "advanced", "left"


@dataclass(frozen=True, slots=True)
class StepVisit:
    """One visit to a step: left on a day and `how` (“advanced” or “left”), or both None; `held_days` do not count.

    `seen_from`: the day on which a file told of it when it was under way. Had it ended before, nobody would know.
    """

    entered_on: date
    left_on: date | None
    how: str | None
    held_days: int = 0
    seen_from: date | None = None


@dataclass(frozen=True, slots=True)
class Learned:
    """What the visits teach: the `limit`, None where the fixed one stays, and what it rests on.

    `quantile`: the days within which 85 % advance, None where that is not reached; `curve`: the share still there.
    """

    limit: int | None
    quantile: int | None
    advances: int
    visits: int
    curve: Curve


def step_visits(spans: Iterable[Span], *, last: date, seen_from: date) -> Iterator[tuple[int, StepVisit]]:
    """Yield (step, visit) for the steps 1 to 8 at which an account stayed up to `last`, from its places by day.

    Of several places of one day the last stands; days on hold are those up to `last`. An account is on record from
    `seen_from` on: a first stay that began before is seen from then, unless it was told of when it was over.
    """
    by_day = {span.first: span for span in spans}
    visits = [list(run) for _, run in groupby(by_day.values(), key=lambda span: (span.visit_seq, span.step))]
    for number, visit in enumerate(visits):
        begun, following = visit[0], visits[number + 1][0] if number + 1 < len(visits) else None
        if begun.step not in STEPS or begun.place == CLOSED_PLACE:
            continue
        left_on, how = _end(visit, following)
        is_told_midway = number == 0 and begun.first < seen_from and (left_on is None or left_on > seen_from)
        held_days = _held_days(visit, left_on or last)
        yield begun.step, StepVisit(begun.first, left_on, how, held_days, seen_from if is_told_midway else None)


def _end(visit: Sequence[Span], following: Span | None) -> tuple[date | None, str | None]:
    closed_on = next((span.first for span in visit if span.place == CLOSED_PLACE), None)
    if closed_on is not None or following is None:
        return closed_on, None if closed_on is None else LEFT
    return following.first, ADVANCED if following.step > visit[0].step else LEFT


def _held_days(visit: Sequence[Span], end: date) -> int:
    until = [*(span.first for span in visit[1:]), end]
    held = [(span.first, day) for span, day in zip(visit, until, strict=True) if span.place == HELD_PLACE]
    return sum((min(day, end) - min(first, end)).days for first, day in held)


def learn(visits: Iterable[StepVisit], *, fixed: int | None, today: date) -> Learned:
    """Return the limit learned from one step's visits in the 365 days up to and including `today`.

    Only what was so by `today` counts. With 8 advances and more it is the 85 % quantile of the time to advance, by
    Kaplan-Meier: whoever is still there, or left in another way, counts up to that day; who was there before those
    365 days counts from their first day on. It is no less than half and no more than twice the `fixed` limit of
    the playbook; without one, nothing is learned. Source: DOMAIN section 6.
    """
    start = today - timedelta(days=WINDOW_DAYS)
    seen = [seen for visit in visits if (seen := _seen(visit, start, today))]
    advances = sum(visit.ended for visit in seen)
    curve = kaplan_meier(seen)
    quantile = curve.quantile(SHARE)
    limit = None
    if fixed is not None and quantile is not None and advances >= ENOUGH_ADVANCES:
        limit = min(max(quantile, (fixed + 1) // 2), 2 * fixed)
    return Learned(limit, quantile, advances, len(seen), curve)


def _seen(visit: StepVisit, start: date, today: date) -> Visit | None:
    """The part of a visit within (start, today]; None if there is none.

    When its holds were is not known: they shorten it, and the day from which it is seen is taken as late as can be,
    so that it counts on no day on which it could not have ended.
    """
    left_on = visit.left_on if visit.left_on is not None and visit.left_on <= today else None
    last = left_on or today
    start = max(start, visit.seen_from or start)
    if visit.entered_on > today or last <= start:
        return None
    days = max((last - visit.entered_on).days - visit.held_days, 0)
    entry = min(max((start - visit.entered_on).days, 0), days)
    return Visit(days, left_on is not None and visit.how == ADVANCED, entry)
