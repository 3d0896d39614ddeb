"""The ledger across accounts, newest first: what a figure or a bar of the chart is made of, down to the reading."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select, union_all

from changetrack.domain.filters import filter_reasons
from changetrack.domain.people import Actor
from changetrack.domain.refusal import refuse_if
from changetrack.domain.value_flows import CAUSES
from changetrack.models import Account, LedgerEntry, Metric, Outcome, Reading, db
from changetrack.queries.account_scope import Scope, get_scope
from changetrack.queries.keyset import Cursor, beyond, read_cursor
from changetrack.queries.outcome_list import list_currencies

PAGE = 50
_MOST_CURRENCIES = 12  # up to which each has a branch of its own
_SORT = "posted"
_KEY: tuple[Any, ...] = (LedgerEntry.posted_on, LedgerEntry.account_id, LedgerEntry.outcome_seq, LedgerEntry.seq)
_MONTH = timedelta(days=32)


@dataclass(frozen=True, slots=True)
class LedgerFilters:
    """What the ledger is narrowed to: one measure; causes of it, none for all; `month` by its first day.

    `as_of` and `known_at` leave out what was not so, or could not be known, by then. `fields` are those of accounts.
    """

    measure: str = "realized"
    causes: tuple[str, ...] = ()
    currency: str = ""
    month: date | None = None
    account_id: int | None = None
    as_of: date | None = None
    known_at: date | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """An entry: from when it was so, since when it could be known, why; and the reading behind it, if there is one.

    `amount` is in minor units, `use` in units of the metric.
    """

    account_id: int
    account: str
    outcome_seq: int
    statement: str
    seq: int
    posted_on: date
    known_on: date
    amount: int
    currency: str
    cause: str
    words: str
    period_start: date | None
    period: str
    unit: str
    use: Decimal | None
    read_on: date | None


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """A page of the ledger; `after` is the cursor of the next one, None at the end."""

    rows: tuple[LedgerLine, ...]
    after: str | None


def list_ledger(filters: LedgerFilters, *, actor: Actor, after: str = "", limit: int = PAGE) -> LedgerPage:
    """Return the page of entries after a cursor, the latest day first, by at most three statements.

    Raises OperationRefused for a field of accounts that there is not. Other teams' accounts have none.
    """
    refuse_if(filter_reasons(filters.fields))
    scope = get_scope(filters.fields, actor=actor)
    cursor = read_cursor(after, _SORT, (date, int, int, int))
    rows = db.session.execute(_page(filters, scope, cursor, limit + 1)).all() if not scope.is_empty else []
    last = rows[limit - 1] if len(rows) > limit else None
    return LedgerPage(
        tuple(LedgerLine(*row) for row in rows[:limit]),
        Cursor(_SORT, (last.posted_on, last.account_id, last.outcome_seq, last.seq)).text if last else None,
    )


def _page(filters: LedgerFilters, scope: Scope, cursor: Cursor | None, limit: int) -> Select[Any]:
    is_hidden = scope.is_small or filters.account_id is not None
    kept = (*_kept(filters), *scope.conditions(LedgerEntry.account_id))
    kept += () if cursor is None else (beyond(_KEY, cursor.values, descending=True),)
    parts = [
        select(*_KEY).where(*one, *kept).order_by(*_newest(_KEY, hidden=is_hidden)).limit(limit)
        for one in _branches(filters, is_hidden=is_hidden)
    ]
    found = parts[0] if len(parts) == 1 else union_all(*(select(part.subquery()) for part in parts))
    some = found.subquery()
    page = select(some).order_by(*_newest(tuple(some.c), hidden=False)).limit(limit).subquery()
    return (
        _whole().join(page, and_(*(page.c[key.key] == key for key in _KEY[1:]))).order_by(*_newest(_KEY, hidden=False))
    )


def _whole() -> Select[Any]:
    entry, behind = LedgerEntry, Reading
    columns: list[Any] = [
        entry.account_id, Account.name, entry.outcome_seq, Outcome.statement, entry.seq, entry.posted_on,
        entry.known_on, entry.amount, entry.currency, entry.cause, entry.words, entry.period_start, Outcome.period,
        Metric.unit, behind.value, entry.reading_recorded_on,
    ]  # fmt: skip
    same = and_(
        behind.account_id == entry.account_id, behind.outcome_seq == entry.outcome_seq,
        behind.period_start == entry.period_start, behind.recorded_on == entry.reading_recorded_on,
    )  # fmt: skip
    return (
        select(*columns)
        .join(Account, Account.id == entry.account_id)
        .join(Outcome, and_(Outcome.account_id == entry.account_id, Outcome.seq == entry.outcome_seq))
        .join(Metric, Metric.id == Outcome.metric_id)
        .outerjoin(behind, same)
    )


def _kept(filters: LedgerFilters) -> Iterator[ColumnElement[bool]]:
    if filters.account_id is not None:
        yield LedgerEntry.account_id == filters.account_id
    if filters.month is not None:
        yield LedgerEntry.posted_on >= filters.month
        yield LedgerEntry.posted_on < (filters.month + _MONTH).replace(day=1)
    if filters.as_of is not None:
        yield LedgerEntry.posted_on <= filters.as_of
    if filters.known_at is not None:
        yield LedgerEntry.known_on <= filters.known_at


def _branches(filters: LedgerFilters, *, is_hidden: bool) -> Iterator[Sequence[ColumnElement[bool]]]:
    """The conditions of each part of the ledger that the index holds in order; of few accounts one, hidden from it."""
    causes = filters.causes or CAUSES[filters.measure]
    if is_hidden:
        found = [func.coalesce(LedgerEntry.measure, "") == filters.measure, LedgerEntry.cause.in_(causes)]
        yield [*found, func.coalesce(LedgerEntry.currency, "") == filters.currency] if filters.currency else found
        return
    currencies = (filters.currency,) if filters.currency else list_currencies()
    for currency in currencies if len(currencies) <= _MOST_CURRENCIES else ("",):
        for cause in causes:
            one = (LedgerEntry.measure == filters.measure, LedgerEntry.cause == cause)
            yield (*one, LedgerEntry.currency == currency) if currency else one
    if not currencies:
        yield (LedgerEntry.account_id < 0,)


def _newest(columns: Sequence[Any], *, hidden: bool) -> list[Any]:
    """The order; `hidden` from an index that must not lead the way."""
    first = func.coalesce(columns[0], date.max) if hidden else columns[0]
    return [first.desc(), *(column.desc() for column in columns[1:])]
