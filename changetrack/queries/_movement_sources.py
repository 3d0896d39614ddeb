"""Where the flows of the funnel come from: daily summaries, or the standings of the period one by one."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select, tuple_
from sqlalchemy.orm import aliased

from changetrack.domain.funnel import OPEN_PLACES
from changetrack.models import MovementCell, Standing, db
from changetrack.queries._funnel_question import Question
from changetrack.queries.filters import carried_conditions
from changetrack.queries.standings import among, on_record

_GAINS = (MovementCell.entered, MovementCell.advanced_in, MovementCell.regressed_in)
_LOSSES = (MovementCell.advanced_out, MovementCell.regressed_out, MovementCell.left)
_COLUMNS = {column.key: column for column in (*_GAINS, *_LOSSES)}


def sum_flows(first: date, last: date) -> dict[int, dict[str, int]]:
    """Return the six flows of each place on the days `first` to `last`, of all accounts, as known now."""
    sums = [func.sum(column) for column in _COLUMNS.values()]
    rows: Any = db.session.execute(
        select(MovementCell.place, *sums).where(MovementCell.day.between(first, last)).group_by(MovementCell.place)
    )
    return {place: dict(zip(_COLUMNS, map(int, flows), strict=True)) for place, *flows in rows}


def net_flows(last: date) -> dict[int, int]:
    """Return what each place ever gained less what it lost up to `last`, as known now."""
    gained = sum((func.sum(c) for c in _GAINS[1:]), func.sum(_GAINS[0]))
    lost = sum((func.sum(c) for c in _LOSSES[1:]), func.sum(_LOSSES[0]))
    net = select(MovementCell.place, gained - lost).where(MovementCell.day <= last)
    rows: Any = db.session.execute(net.group_by(MovementCell.place))
    return {place: int(count) for place, count in rows}


def select_moves(question: Question, first: date) -> Select[Any]:
    """Select the changes of place from `first` to the question's day, as known at its moment.

    Columns: account_id, seq, effective_on; before and after, the places; was and now, the same as far as they are
    open and the carried filters hold for them, else null.
    """
    now, then = Standing, aliased(Standing)
    earlier = and_(
        then.account_id == now.account_id,
        tuple_(then.effective_on, then.seq) < tuple_(now.effective_on, now.seq),
        on_record(then, question.known_until),
    )
    latest = (then.effective_on.desc(), then.seq.desc())
    before = select(then.place).where(earlier).order_by(*latest).limit(1).scalar_subquery()
    was = select(_counted(then, question)).where(earlier).order_by(*latest).limit(1).scalar_subquery()
    return select(
        now.account_id,
        now.seq,
        now.effective_on,
        before.label("before"),
        now.place.label("after"),
        was.label("was"),
        _counted(now, question).label("now"),
    ).where(
        now.effective_on.between(first, question.as_of),
        on_record(now, question.known_until),
        *among(now, question.filters, question.teams),
    )


def count_changes(question: Question, first: date) -> Iterator[tuple[int | None, int | None, int]]:
    """Yield (was, now, how many) of the changes that `select_moves` selects; None is outside."""
    moves = select_moves(question, first).subquery()
    changed = moves.c.was.is_distinct_from(moves.c.now)
    rows: Any = db.session.execute(
        select(moves.c.was, moves.c.now, func.count()).where(changed).group_by(moves.c.was, moves.c.now)
    )
    yield from rows


def flow_condition(was: Any, now: Any, flow: str, place: int | None) -> ColumnElement[bool]:
    """The condition that a change of place is part of `flow`, at `place` or anywhere (None)."""
    both = and_(was.is_not(None), now.is_not(None))
    is_flow: dict[str, ColumnElement[bool]] = {
        "entered": and_(was.is_(None), now.is_not(None)),
        "left": and_(was.is_not(None), now.is_(None)),
        "advanced": and_(both, now > was),
        "regressed": and_(both, now < was),
    }
    verb, _, side = flow.partition("_")
    if place is None:
        return is_flow[verb]
    at = now if flow == "entered" or side == "in" else was
    return and_(is_flow[verb], at == place)


def _counted(standing: Any, question: Question) -> ColumnElement[int | None]:
    """The place of a standing as far as it is one that the funnel counts, else null."""
    is_open = standing.place <= max(OPEN_PLACES)
    return case((and_(is_open, *carried_conditions(standing, question.filters)), standing.place))
