"""Reads of use whose account nobody knows: the names it came under, and how much waits under each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, and_, exists, func, literal, or_, select, union_all

from changetrack.domain.refusal import NotFound
from changetrack.models import UNMATCHED_EVENT, Metric, UnmatchedUsage, UsageEvent, db

PAGE = 50
COUNTED_UP_TO = 1_000  # events or numbers of a name; more are said to be more
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class UnmatchedName:
    """A name that no account has; counts stop at one more than COUNTED_UP_TO. Days are those of the use."""

    name: str
    events: int
    numbers: int
    first_day: date | None
    last_day: date | None


@dataclass(frozen=True, slots=True)
class WaitingUse:
    """What waits under one name: some of its events by name, and the metrics of its stated numbers."""

    row: UnmatchedName
    events: tuple[tuple[str, int], ...]
    metrics: tuple[tuple[str, int], ...]


def list_unmatched(*, after: str = "", start: str = "", limit: int = PAGE) -> list[UnmatchedName]:
    """Return up to `limit` names in their order, after one or from one on, by two statements.

    From one name to the next is one look into each of two keys, however much waits under it.
    """
    walk = _names(after=after, start=start, most=limit)
    names = [name for name in db.session.scalars(select(walk.c.name)) if name is not None]
    return _counted(names)


def get_unmatched(name: str) -> WaitingUse:
    """Return what waits under a name, by three statements. Raises NotFound when nothing does."""
    row = next(iter(_counted([name])), None)
    if row is None or not (row.events or row.numbers):
        raise NotFound("Nothing waits under that name.")
    some = select(UsageEvent.event).where(UsageEvent.name == name, UNMATCHED_EVENT).limit(COUNTED_UP_TO).subquery()
    events = select(some.c.event, func.count().label("many")).group_by(some.c.event)
    stated = select(UnmatchedUsage.metric_id).where(UnmatchedUsage.name == name).limit(COUNTED_UP_TO).subquery()
    numbers = select(Metric.name, func.count().label("many")).join(stated, stated.c.metric_id == Metric.id)
    return WaitingUse(row, _pairs(events, some.c.event), _pairs(numbers.group_by(Metric.name), Metric.name))


def has_unmatched() -> bool:
    """Say whether anything waits for its account."""
    events, numbers = (
        exists(select(1).where(UsageEvent.name.is_not(None), UNMATCHED_EVENT)),
        exists(select(UnmatchedUsage.name)),
    )
    return bool(db.session.scalar(select(or_(events, numbers))))


def _names(*, after: str, start: str, most: int) -> CTE:
    """The names, each found from the one before it."""
    from_here = literal(start or after)
    first = _next_name(from_here, inclusive=bool(start))
    walk = select(first.label("name"), literal(1).label("place")).cte("names", recursive=True)
    following = _next_name(walk.c.name, inclusive=False, walk=walk)
    return walk.union_all(select(following, walk.c.place + 1).where(walk.c.name.is_not(None), walk.c.place < most))


def _next_name(bound: ColumnElement[str], *, inclusive: bool, walk: CTE | None = None) -> ColumnElement[str]:
    parts: list[Select[Any]] = []
    for column, condition in ((UsageEvent.name, UNMATCHED_EVENT), (UnmatchedUsage.name, None)):
        beyond = column >= bound if inclusive else column > bound
        least = select(func.min(column).label("name")).where(beyond if condition is None else and_(beyond, condition))
        parts.append(least if walk is None else least.correlate(walk))
    both = union_all(*parts).subquery()
    return select(func.min(both.c.name)).scalar_subquery()


def _counted(names: Sequence[str]) -> list[UnmatchedName]:
    """How much waits under each of these names, by one statement."""
    if not names:
        return []
    wanted = union_all(
        *(select(literal(name).label("name"), literal(i).label("place")) for i, name in enumerate(names))
    )
    n = wanted.subquery("wanted")
    of_events, of_numbers = and_(UsageEvent.name == n.c.name, UNMATCHED_EVENT), UnmatchedUsage.name == n.c.name
    columns: list[ColumnElement[Any]] = [
        _up_to(select(UsageEvent.message_id).where(of_events), n).label("events"),
        _up_to(select(UnmatchedUsage.day).where(of_numbers), n).label("numbers"),
    ]
    for word, pick in (("first", func.min), ("last", func.max)):
        columns.append(
            select(pick(UsageEvent.day)).where(of_events).correlate(n).scalar_subquery().label(f"{word}_event")
        )
        columns.append(
            select(pick(UnmatchedUsage.day)).where(of_numbers).correlate(n).scalar_subquery().label(f"{word}_number")
        )
    rows = db.session.execute(select(n.c.name, *columns).order_by(n.c.place))
    return [
        UnmatchedName(
            row.name, row.events, row.numbers,
            min(filter(None, (row.first_event, row.first_number)), default=None),
            max(filter(None, (row.last_event, row.last_number)), default=None),
        )
        for row in rows
    ]  # fmt: skip


def _up_to(rows: Select[Any], wanted: Any) -> ColumnElement[int]:
    some = rows.correlate(wanted).limit(COUNTED_UP_TO + 1).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def _pairs(query: Select[Any, Any], words: Any) -> tuple[tuple[str, int], ...]:
    return tuple(
        (row[0], row[1]) for row in db.session.execute(query.order_by(func.count().desc(), words).limit(_SHOWN))
    )
