"""The visits to each step from which the time to advance is learned, as they were recorded by a moment."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select

from changetrack.domain.journey.steps import STEPS
from changetrack.domain.learned_limits import ADVANCED, StepVisit
from changetrack.models import Hold, Visit, db

_GOT_ON = frozenset({ADVANCED, "excepted"})
_READ_AT_ONCE = 5_000
_Holds = Mapping[int, Sequence[tuple[date, date | None]]]


def get_stays(*, first: date, last: date, known_until: datetime) -> Mapping[int, list[StepVisit]]:
    """Return the visits of all accounts to each step 1 to 8 that touch the days `first` to `last`.

    As recorded before `known_until`. A visit that a file told of while it was under way is seen from the day of the
    file only; one that was left with an exception was left by advancing. Two statements. Source: DOMAIN section 7.
    """
    holds, stays = _holds(last), defaultdict[int, list[StepVisit]](list)
    columns: list[Any] = [Visit.account_id, Visit.step, Visit.kind, Visit.entered_on, Visit.left_on, Visit.left_kind]
    query = select(*columns, Visit.recorded_at).where(
        Visit.step.in_(STEPS),
        Visit.entered_on <= last,
        Visit.recorded_at < known_until,
        or_(Visit.left_on.is_(None), Visit.left_on >= first),
    )
    for row in db.session.execute(query, execution_options={"yield_per": _READ_AT_ONCE}):
        stays[row.step].append(_stay(row, holds.get(row.account_id, ()), last))
    return stays


def _holds(last: date) -> _Holds:
    found: defaultdict[int, list[tuple[date, date | None]]] = defaultdict(list)
    query = select(Hold.account_id, Hold.held_on, Hold.resumed_on).where(Hold.held_on <= last)
    for account_id, held_on, resumed_on in db.session.execute(query):
        found[account_id].append((held_on, resumed_on))
    return found


def _stay(row: Any, holds: Sequence[tuple[date, date | None]], last: date) -> StepVisit:
    told_on = row.recorded_at.date()
    is_told_midway = row.kind == "imported" and (row.left_on is None or row.left_on > told_on)
    return StepVisit(
        entered_on=row.entered_on,
        left_on=row.left_on,
        how=ADVANCED if row.left_kind in _GOT_ON else row.left_kind,
        held_days=_held_days(row.entered_on, min(row.left_on or last, last), holds) if holds else 0,
        seen_from=told_on if is_told_midway else None,
    )


def _held_days(start: date, end: date, holds: Sequence[tuple[date, date | None]]) -> int:
    return sum(max((min(resumed or end, end) - max(held, start)).days, 0) for held, resumed in holds)
