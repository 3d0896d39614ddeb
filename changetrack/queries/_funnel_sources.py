"""The sources of the funnel's figures, and the one rule that chooses between them.

What the summaries hold is taken from them, with constant work whatever the number of accounts: today's picture, whole,
of one value of a field, or by the values of one; a past day's, whole, as is known now, by taking away what changed
since; a past day's as was known then, from that night's record. Else today's is counted from the accounts, and a past
one from the standings.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, and_, exists, func, select, union_all

from changetrack.domain.filters import CARRIED_FIELDS, NO_VALUE
from changetrack.domain.funnel import OPEN_PLACES, PlaceCount
from changetrack.models import Account, FunnelCell, FunnelSnapshot, MovementCell, db
from changetrack.queries._funnel_question import Question
from changetrack.queries.filters import account_conditions, group_value
from changetrack.queries.standings import standing_accounts

MOST_GROUPS = 1000  # of a field that no summary holds, such as the organization

Counted = dict[str, dict[int, PlaceCount]]


def count_places(question: Question, most: int | None = None) -> Counted:
    """Return the count at each place, by value of the grouping field ('' without one)."""
    ready = count_ready(question)
    if ready is not None:
        return ready
    return count_accounts(question, most) if question.is_today else count_standings(question, most)


def count_ready(question: Question) -> Counted | None:
    """Return what `count_places` does where the summaries hold it, None where accounts would have to be counted."""
    if question.is_today:
        rows = _from_cells(question, FunnelCell)
        return None if rows is None else _read(rows)
    return _counted_back(question) if question.is_summed else _kept(question)


def count_accounts(question: Question, most: int | None = None) -> Counted:
    """Return today's counts, counted from the accounts one by one."""
    return _read(_from_accounts(question, most))


def count_standings(question: Question, most: int | None = None) -> Counted:
    """Return the counts of any day, counted from where each account stood."""
    return _read(_from_standings(question, most))


def count_total(question: Question) -> dict[int, PlaceCount] | None:
    """Return the count of all groups together where the groups counted are only the largest, else None."""
    if question.by is None or question.by in CARRIED_FIELDS:
        return None
    return count_places(replace(question, by=None)).get("", {})


def _counted_back(question: Question) -> Counted:
    """Today's counts less what changed after the day that is asked for."""
    cell, moved = FunnelCell, MovementCell
    now = select(cell.place, cell.accounts, cell.unsupported, cell.stale).where(cell.field == "")
    since = select(moved.place, -moved.accounts, -moved.unsupported, -moved.stale).where(moved.day > question.as_of)
    both = union_all(now, since).subquery("both")
    sums = [func.sum(both.c[name]) for name in ("accounts", "unsupported", "stale")]
    return _read(select(both.c.place, *sums).group_by(both.c.place))


def _kept(question: Question) -> Counted | None:
    """The counts from the nightly record of that day, None where it does not hold the answer."""
    if question.as_of != question.known_at or question.teams is not None:
        return None
    rows, cell = _from_cells(question, FunnelSnapshot), cells_of(question)
    if rows is None or cell is None:
        return None
    was_kept = exists().where(FunnelSnapshot.day == question.as_of, FunnelSnapshot.field == cell[0])
    return _read(rows) if db.session.scalar(select(was_kept)) else None


def cells_of(question: Question) -> tuple[str, Sequence[str] | None] | None:
    """The field, and its values (None: all), whose cells together answer the question; None if no cells do."""
    teams = None if question.teams is None else [str(team) for team in sorted(question.teams)]
    if not question.filters and question.by is None:
        return ("", None) if teams is None else ("team", teams)
    if not question.filters and question.by in CARRIED_FIELDS:
        by = question.by or ""
        return (by, teams) if by == "team" or teams is None else None
    if len(question.filters) == 1 and question.by is None:
        ((field, value),) = question.filters.items()
        if field == "team" or (teams is None and field in CARRIED_FIELDS):
            return field, ["" if value == NO_VALUE else value]
    return None


def _from_cells(question: Question, table: Any) -> Select[Any] | None:
    cell = cells_of(question)
    if cell is None:
        return None
    field, values = cell
    sums = [func.sum(column) for column in (table.accounts, table.unsupported, table.stale)]
    keys = [table.place] if question.by is None else [table.place, table.value]
    rows = select(table.place, *sums, *keys[1:]).where(table.field == field).group_by(*keys)
    if table is FunnelSnapshot:
        rows = rows.where(table.day == question.as_of)
    return rows if values is None else rows.where(table.value.in_(values))


def _from_accounts(question: Question, most: int | None) -> Select[Any]:
    is_open = Account.place <= max(OPEN_PLACES)
    unsupported = and_(is_open, Account.supported_step < Account.claimed_step)
    counts = [func.count(), func.count().filter(unsupported), func.count().filter(and_(is_open, Account.stale))]
    rows: Any = select(Account.place, *counts).where(*account_conditions(question.filters, question.teams))
    return _grouped(rows, Account.place, question, Account, most)


def _from_standings(question: Question, most: int | None) -> Select[Any]:
    at = standing_accounts(
        as_of=question.as_of, known_until=question.known_until, filters=question.filters, teams=question.teams
    ).subquery()
    counts = [func.count(), func.count().filter(at.c.unsupported), func.count().filter(at.c.stale)]
    rows = select(at.c.place, *counts).select_from(at)
    if question.by is not None and question.by not in CARRIED_FIELDS:
        rows = rows.join(Account, Account.id == at.c.account_id)
    return _grouped(rows, at.c.place, question, at.c, most)


def _grouped(rows: Select[Any], place: Any, question: Question, table: Any, most: int | None) -> Select[Any]:
    """Group by place, and by the grouping field; where that may have any number of values, by the largest ones."""
    if question.by is None:
        return rows.group_by(place)
    value = group_value(table, question.by)
    if question.by not in CARRIED_FIELDS:
        size = func.count().desc()
        largest = rows.with_only_columns(value.label("grouped_by")).group_by("grouped_by").order_by(size, "grouped_by")
        rows = rows.where(value.in_(select(largest.limit(most or MOST_GROUPS).subquery().c.grouped_by)))
    return rows.add_columns(value).group_by(place, value)


def _read(rows: Select[Any]) -> Counted:
    counted: Counted = defaultdict(dict)
    for place, accounts, unsupported, stale, *value in db.session.execute(rows):
        if accounts:
            counted[value[0] if value else ""][place] = PlaceCount(int(accounts), int(unsupported), int(stale))
    return dict(counted)
