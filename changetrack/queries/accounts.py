"""The list of accounts: filtered, sorted, cut into pages that cost the same wherever they are."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select, union_all

from changetrack.domain.people import Actor
from changetrack.models import Account, Journey, LearnedLimit, Team, User, db
from changetrack.queries.account_filters import AccountFilters, teams_in_scope
from changetrack.queries.account_reach import Branch, is_searched_whole, reach
from changetrack.queries.account_signs import find_stale_reasons, get_step_limits
from changetrack.queries.account_sizes import Sizes, get_sizes
from changetrack.queries.funnel_worth import Worths, worth_of
from changetrack.queries.keyset import Cursor, beyond, read_cursor
from changetrack.queries.learned_limits import is_limit_of_account

PAGE = 50
SORTS = ("name", "-name", "step", "-step", "days", "-days")
_COLUMNS: Mapping[str, tuple[Any, ...]] = {
    "name": (Account.name_key,),
    "step": (Account.place, Account.name_key),
    "days": (Account.step_entered_on,),
}
_PLACE_COLUMNS = (Account.place, Account.step_entered_on, Account.id)
_OF_ACCOUNT = (
    "id", "external_id", "name", "organization", "product", "segment", "region", "industry", "tier", "team_id",
    "owner_id", "started_on", "annual_value", "currency", "status", "place", "claimed_step", "supported_step",
    "self_attested", "review_on", "visit_seq", "version", "stale", "severity",
)  # fmt: skip
_KINDS: Mapping[str, tuple[type, ...]] = {"name": (str, int), "step": (int, str, int), "days": (date, int)}


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account of a list. `days` at its step, holds left out; `limit` the days allowed there, None without one.

    Where the limit was learned, `limit_learned_for` is the month for which it was, and `fixed_limit` the playbook's.
    `reasons` are (code, why) of the open alert, `annual_value` is in minor units of `currency`, `worth` is by currency.
    """

    id: int
    external_id: str
    name: str
    organization: str | None
    product: str | None
    segment: str | None
    region: str | None
    industry: str | None
    tier: str | None
    team_id: int | None
    team: str | None
    owner_id: int | None
    owner: str | None
    owner_email: str | None
    started_on: date | None
    annual_value: int | None
    currency: str | None
    status: str
    place: int
    claimed_step: int
    supported_step: int
    entered_on: date
    self_attested: bool
    review_on: date | None
    visit_seq: int
    version: int
    days: int = 0
    limit: int | None = None
    fixed_limit: int | None = None
    limit_learned_for: date | None = None
    stale: bool = False
    severity: str | None = None
    reasons: tuple[tuple[str, str], ...] = ()
    worth: Worths = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccountPage:
    """A page of accounts; `after` and `before` are the cursors of the next and the previous page, if there is one.

    `total` counts the whole list, None where that would have to be counted one by one.
    `searched_whole`: a text was looked for anywhere in names, else where they begin.
    """

    rows: tuple[AccountRow, ...]
    after: str | None
    before: str | None
    total: int | None
    searched_whole: bool = True


def list_accounts(
    filters: AccountFilters, *, actor: Actor, today: date, sort: str = "name", after: str = "", before: str = "",
    limit: int = PAGE,
) -> AccountPage:  # fmt: skip
    """Return the page that follows the cursor `after`, or precedes `before`; the first without either.

    `sort` is one of SORTS; of `days` the fewest come first. A cursor of another sort is no cursor. The number of
    statements does not depend on the number of accounts, nor does the work, but for filters by attributes.
    """
    teams = teams_in_scope(filters, actor)
    sizes = get_sizes(filters, teams)
    by = sort.lstrip("-")
    cursor = read_cursor(before or after, sort, _KINDS[by])
    backwards = bool(before) and cursor is not None
    branches = reach(filters, teams, sizes, by=by, limit=limit)
    found = _read(branches, sort, cursor, backwards=backwards, limit=limit + 1, today=today)
    has_more, found = len(found) > limit, found[:limit]
    if backwards:
        found.reverse()
    return AccountPage(
        rows=_rows_of(found, today),
        after=_cursor(sort, found[-1]) if found and (has_more or backwards) else None,
        before=_cursor(sort, found[0]) if found and cursor and (has_more or not backwards) else None,
        total=_total(filters, sizes, found, is_all=not has_more and cursor is None),
        searched_whole=not filters.text or filters.as_of is not None or is_searched_whole(filters, sizes),
    )


def list_longest_at(
    places: Collection[int], filters: AccountFilters, *, actor: Actor, today: date, limit: int
) -> Mapping[int, tuple[AccountRow, ...]]:
    """Return for each of `places` the accounts that have been there longest, at most `limit` of each."""
    at = replace(filters, places=frozenset(places))
    teams = teams_in_scope(at, actor)
    branches = reach(at, teams, get_sizes(at, teams), by="days", limit=limit)
    ids = _parts(branches, "-days", None, backwards=False, limit=limit, columns=_PLACE_COLUMNS)
    columns: dict[int, list[AccountRow]] = {place: [] for place in places}
    if ids:
        whole = _united(ids)
        order = (whole.c.step_entered_on, whole.c.id)
        number = func.row_number().over(partition_by=whole.c.place, order_by=order).label("number")
        first = select(whole.c.id, number).subquery()
        query = _select_rows(today).join(first, first.c.id == Account.id).where(first.c.number <= limit)
        for row in _rows_of(db.session.execute(query.order_by(Account.place, first.c.number)).all(), today):
            columns[row.place].append(row)
    return {place: tuple(rows) for place, rows in columns.items()}


def list_accounts_by_id(ids: Collection[int], *, actor: Actor, today: date) -> tuple[AccountRow, ...]:
    """Return those of the named accounts that the actor may see, by name."""
    teams = teams_in_scope(AccountFilters(), actor)
    query = _select_rows(today).where(Account.id.in_(ids)).order_by(Account.name_key, Account.id)
    if teams is not None:
        query = query.where(Account.team_id.in_(teams))
    return _rows_of(db.session.execute(query).all(), today)


def _read(
    branches: Sequence[Branch], sort: str, cursor: Cursor | None, *, backwards: bool, limit: int, today: date
) -> list[Row[Any]]:
    columns = (*_COLUMNS[sort.lstrip("-")], Account.id)
    parts = _parts(branches, sort, cursor, backwards=backwards, limit=limit, columns=columns)
    if not parts:
        return []
    first = _united(parts)
    order = _ordered([first.c[column.key] for column in columns], sort, backwards)
    page = select(first.c.id).order_by(*order).limit(limit).subquery()
    query = _select_rows(today).join(page, page.c.id == Account.id).order_by(*_ordered(columns, sort, backwards))
    return list(db.session.execute(query))


def _parts(
    branches: Sequence[Branch], sort: str, cursor: Cursor | None, *, backwards: bool, limit: int, columns: Sequence[Any]
) -> list[Select[Any]]:
    """Select of each branch the first few behind the cursor."""
    order = _ordered((*_COLUMNS[sort.lstrip("-")], Account.id), sort, backwards)
    parts = []
    for branch in branches:
        behind = _behind(branch, sort, cursor, backwards)
        if behind is not None:
            parts.append(select(*columns).where(*branch.conditions, *behind).order_by(*order).limit(limit))
    return parts


def _united(parts: Sequence[Select[Any]]) -> Any:
    if len(parts) == 1:
        return parts[0].subquery()
    return union_all(*(select(part.subquery()) for part in parts)).subquery()


def _behind(
    branch: Branch, sort: str, cursor: Cursor | None, backwards: bool
) -> tuple[ColumnElement[bool], ...] | None:
    """The condition that keeps a branch to what follows the cursor; None where nothing of it does."""
    if cursor is None:
        return ()
    down, columns, values = _runs_down(sort, backwards), (*_COLUMNS[sort.lstrip("-")], Account.id), cursor.values
    if branch.place is not None and columns[0] is Account.place:
        if branch.place != values[0]:
            return () if (branch.place > values[0]) is not down else None
        columns, values = columns[1:], values[1:]
    return (beyond(columns, values, descending=down),)


def _runs_down(sort: str, backwards: bool) -> bool:
    """Whether the order's columns descend: the fewest days are those of the latest entry."""
    return (sort.startswith("-") is not (sort.lstrip("-") == "days")) is not backwards


def _ordered(columns: Sequence[Any], sort: str, backwards: bool) -> list[Any]:
    down = _runs_down(sort, backwards)
    return [column.desc() if down else column.asc() for column in columns]


def _cursor(sort: str, row: Row[Any]) -> str:
    keys = [column.key for column in (*_COLUMNS[sort.lstrip("-")], Account.id)]
    return Cursor(sort, tuple(getattr(row, key) for key in keys)).text


def _total(filters: AccountFilters, sizes: Sizes, found: Sequence[Row[Any]], *, is_all: bool) -> int | None:
    return len(found) if is_all else sizes.total(filters)


def _select_rows(today: date) -> Select[Any]:
    account = [getattr(Account, name) for name in _OF_ACCOUNT]
    people = (Team.name.label("team"), User.name.label("owner"), User.email.label("owner_email"))
    derived = (Account.name_key, Account.step_entered_on, Account.held_days, Account.value)
    return (
        select(*account, *derived, *people, Journey.judged_by, LearnedLimit.limit_days, LearnedLimit.month)
        .outerjoin(Team, Team.id == Account.team_id)
        .outerjoin(User, User.id == Account.owner_id)
        .outerjoin(Journey, Journey.account_id == Account.id)
        .outerjoin(LearnedLimit, is_limit_of_account(today))
    )


def _rows_of(found: Sequence[Row[Any]], today: date) -> tuple[AccountRow, ...]:
    limits = get_step_limits({v for row in found for v in (row.judged_by or {}).values()})
    reasons = find_stale_reasons([row.id for row in found], today)
    return tuple(
        AccountRow(
            **{name: getattr(row, name) for name in (*_OF_ACCOUNT, "team", "owner", "owner_email")},
            entered_on=row.step_entered_on,
            days=max((today - row.step_entered_on).days - row.held_days, 0),
            limit=row.limit_days or limits.days(row.claimed_step, row.judged_by),
            fixed_limit=limits.days(row.claimed_step, row.judged_by),
            limit_learned_for=row.month if row.limit_days else None,
            reasons=reasons.get(row.id, ()),
            worth=worth_of(row.value),
        )
        for row in found
    )
