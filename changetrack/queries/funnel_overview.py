"""The page of the funnel in one reading: the picture, an earlier one to compare it with, and the flows of a period."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, bindparam, false, func, literal_column, select, true, union_all

from changetrack.domain.funnel import FLOWS, OPEN_PLACES, PLACES, PlaceCount
from changetrack.domain.people import Actor
from changetrack.models import FunnelCell, MovementCell, db
from changetrack.queries._funnel_question import ask
from changetrack.queries.funnel import Funnel, Picture
from changetrack.queries.movement import Flows

_COUNTS = ("accounts", "unsupported", "stale")


@dataclass(frozen=True, slots=True)
class FunnelOverview:
    """A picture, the one at the end of an earlier day (None without one), and the flows of the days up to it."""

    funnel: Funnel
    before: Funnel | None
    flows: Flows


def find_overview(
    *,
    actor: Actor,
    today: date,
    zone: tzinfo,
    as_of: date,
    first: date,
    compare: date | None,
    known_at: date | None = None,
    filters: Mapping[str, str] | None = None,
) -> FunnelOverview | None:
    """Return what `get_funnel` says of `as_of` and of `compare`, and `get_flows` of the days since `first`, at once.

    One statement, with constant work whatever the number of accounts. None where the daily summaries do not hold it:
    for some accounts only, or as was known earlier. Raises as `get_funnel` does.
    """
    question = ask(actor=actor, today=today, zone=zone, as_of=as_of, known_at=known_at, filters=filters or {}, by=None)
    if not question.is_summed:
        return None
    days = {"as_of": as_of, "compare": compare or as_of, "first": first}
    found = {
        row.place: row for row in db.session.connection().execute(_STATEMENT, {**days, "since": min(*days.values())})
    }
    funnel = Funnel(as_of, question.known_at, question.is_today, None, _picture(found, "now"))
    before = compare and Funnel(compare, question.known_at, False, None, _picture(found, "then"))
    flows = {p: {f: int(getattr(found[p], f) or 0) if p in found else 0 for f in FLOWS} for p in OPEN_PLACES}
    return FunnelOverview(funnel, before or None, flows)


def _picture(found: Mapping[int, Any], prefix: str) -> Picture:
    names = [f"{prefix}_{name}" for name in _COUNTS]
    counts = {place: PlaceCount(*(int(getattr(row, n) or 0) for n in names)) for place, row in found.items()}
    return Picture({place: counts.get(place, PlaceCount()) for place in PLACES})


def _statement() -> Any:
    """The cells of today, and the movement since the earliest day that matters, summed up by place.

    What is true today is later than any day, and flows in none; the days of a row are compared once, not for each sum.
    """
    cell, moved = FunnelCell, MovementCell
    nothing: Any = literal_column("0")
    later = (true().label("is_after_now"), true().label("is_after_then"), false().label("is_in_period"))
    counts, no_flows = [getattr(cell, name).label(name) for name in _COUNTS], [nothing.label(flow) for flow in FLOWS]
    today = select(cell.place, *later, *counts, *no_flows).where(cell.field == "")
    as_of: Any = bindparam("as_of")
    day = moved.day
    compared = (day > as_of, day > bindparam("compare"), day.between(bindparam("first"), as_of))
    since = select(
        moved.place, *compared, *(-getattr(moved, n) for n in _COUNTS), *(getattr(moved, f) for f in FLOWS)
    ).where(day >= bindparam("since"))
    both = union_all(today, since).subquery("both")
    return select(
        both.c.place,
        *_sums(both, "now", both.c.is_after_now),
        *_sums(both, "then", both.c.is_after_then),
        *(func.sum(both.c[flow]).filter(both.c.is_in_period).label(flow) for flow in FLOWS),
    ).group_by(both.c.place)


def _sums(both: Any, prefix: str, counted: ColumnElement[bool]) -> list[Any]:
    return [func.sum(both.c[name]).filter(counted).label(f"{prefix}_{name}") for name in _COUNTS]


_STATEMENT = _statement()
