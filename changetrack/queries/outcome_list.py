"""The list of all outcomes, the latest change of state first, and how many there are in which state.

In large portfolios it is read along one index, a branch for each currency and standing; what belongs to few accounts
is reached through these. Either way a page costs the same wherever it is and however many outcomes there are.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, select, union_all

from changetrack.domain.filters import filter_reasons
from changetrack.domain.people import Actor
from changetrack.domain.refusal import refuse_if
from changetrack.models import Account, Metric, Outcome, db
from changetrack.queries.account_scope import Scope, get_scope
from changetrack.queries.keyset import Cursor, beyond, read_cursor
from changetrack.queries.outcome_words import state_words

PAGE = 50
STANDINGS: Mapping[str, tuple[str | None, ...]] = {
    "proposed": (None,),
    "agreed": (None,),
    "in_use": (None,),
    "confirmed": (None, "at_risk", "unverifiable"),
    "lapsed": (None, "use", "attestation"),
    "disputed": (None,),
    "withdrawn": (None, "replaced"),
}
"""Every state with the details that it can have."""
_MOST_CURRENCIES = 12  # up to which each has a branch of its own
_SORT = "since"
_KEY: tuple[Any, ...] = (Outcome.state_since, Outcome.account_id, Outcome.seq)


@dataclass(frozen=True, slots=True)
class OutcomeFilters:
    """What a list of outcomes is narrowed to; `detail` "none" means without any, `fields` are those of accounts."""

    state: str = ""
    detail: str = ""
    currency: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def are_none(self) -> bool:
        """Whether nothing is left out."""
        return not (self.state or self.detail or self.currency or self.fields)


@dataclass(frozen=True, slots=True)
class OutcomeLine:
    """One outcome of a list: amounts in minor units of `currency`, `live` for each `period`."""

    account_id: int
    account: str
    seq: int
    statement: str
    metric: str
    state: str
    detail: str | None
    name: str
    state_since: date
    promised: int
    realized: int
    live: int
    currency: str
    period: str


@dataclass(frozen=True, slots=True)
class OutcomeList:
    """A page of outcomes; `after` is the cursor of the next one, None at the end."""

    rows: tuple[OutcomeLine, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How many outcomes of a currency stand so."""

    currency: str
    state: str
    detail: str | None
    outcomes: int


def list_all_outcomes(
    filters: OutcomeFilters, *, actor: Actor, today: date, after: str = "", limit: int = PAGE
) -> OutcomeList:
    """Return the page of outcomes after a cursor, the latest change of state first, by at most three statements.

    Raises OperationRefused for a field of accounts that there is not. Other teams' accounts have none.
    """
    refuse_if(filter_reasons(filters.fields))
    scope = get_scope(filters.fields, actor=actor)
    cursor = read_cursor(after, _SORT, (date, int, int))
    rows = db.session.execute(_page(filters, scope, cursor, limit + 1)).all() if not scope.is_empty else []
    last = rows[limit - 1].Outcome if len(rows) > limit else None
    return OutcomeList(
        tuple(_line(row, today) for row in rows[:limit]),
        Cursor(_SORT, (last.state_since, last.account_id, last.seq)).text if last else None,
    )


def count_standings(*, actor: Actor, fields: Mapping[str, str]) -> tuple[Standing, ...]:
    """Return how many outcomes there are of each currency, state and detail; proposals that were taken back too.

    `fields` are those of accounts, validated. By at most two statements, from an index alone for the whole house.
    """
    scope = get_scope(fields, actor=actor)
    if scope.is_empty:
        return ()
    keys = (Outcome.currency, Outcome.state, Outcome.detail)
    query: Any = select(*keys, func.count()).where(*scope.conditions(Outcome.account_id)).group_by(*keys)
    return tuple(Standing(*row) for row in db.session.execute(query))


def list_currencies() -> tuple[str, ...]:
    """Return the currencies of all outcomes, by one look into an index for each."""
    first = select(func.min(Outcome.currency).label("code")).cte("used", recursive=True)
    following = select(func.min(Outcome.currency)).where(Outcome.currency > first.c.code).scalar_subquery()
    used = first.union_all(select(following).where(first.c.code.is_not(None)))
    return tuple(code for code in db.session.scalars(select(used.c.code)) if code is not None)


def _page(filters: OutcomeFilters, scope: Scope, cursor: Cursor | None, limit: int) -> Any:
    behind = () if cursor is None else (beyond(_KEY, cursor.values, descending=True),)
    kept = (*scope.conditions(Outcome.account_id), *behind)
    along = (Outcome.detail.desc(),)  # the same throughout a branch; said, PostgreSQL sees the order of the index
    parts = [
        select(*_KEY).where(*one, *kept).order_by(*_newest(_KEY, hidden=scope.is_small, along=along)).limit(limit)
        for one in _branches(filters, scope)
    ]
    found = parts[0] if len(parts) == 1 else union_all(*(select(part.subquery()) for part in parts))
    some = found.subquery()
    page: Any = select(some).order_by(*_newest(tuple(some.c))).limit(limit).subquery()
    rows: Any = (
        select(Outcome, Account.name.label("account"), Metric.name.label("metric"))
        .join(page, (page.c.account_id == Outcome.account_id) & (page.c.seq == Outcome.seq))
        .join(Account, Account.id == Outcome.account_id)
        .join(Metric, Metric.id == Outcome.metric_id)
        .order_by(*_newest(_KEY))
    )
    return rows


def _branches(filters: OutcomeFilters, scope: Scope) -> Iterator[Sequence[ColumnElement[bool]]]:
    """The conditions of each part of the list that the index holds in order; of few accounts one, hidden from it."""
    wanted = _standings(filters)
    if scope.is_small:
        states, details = {state for state, _ in wanted}, {detail or "" for _, detail in wanted}
        found = [func.coalesce(Outcome.state, "").in_(states), func.coalesce(Outcome.detail, "").in_(details)]
        yield [*found, func.coalesce(Outcome.currency, "") == filters.currency] if filters.currency else found
        return
    currencies = (filters.currency,) if filters.currency else list_currencies()
    for currency in currencies if len(currencies) <= _MOST_CURRENCIES else ("",):
        for state, detail in wanted:
            stands = (Outcome.state == state, Outcome.detail.is_(None) if detail is None else Outcome.detail == detail)
            yield (*stands, Outcome.currency == currency) if currency else stands
    if not currencies:
        yield (Outcome.account_id < 0,)


def _standings(filters: OutcomeFilters) -> list[tuple[str, str | None]]:
    return [
        (state, detail)
        for state, details in STANDINGS.items()
        for detail in details
        if filters.state in ("", state) and filters.detail in ("", detail or "none")
    ]


def _newest(columns: Sequence[Any], *, hidden: bool = False, along: Sequence[Any] = ()) -> list[Any]:
    """The order; `hidden` from an index that must not lead the way, else `along` one."""
    order = [column.desc() for column in columns]
    return [func.coalesce(columns[0], date.max).desc(), *order[1:]] if hidden else [*along, *order]


def _line(row: Any, today: date) -> OutcomeLine:
    outcome: Outcome = row.Outcome
    of_row = ("account", "metric", "name")
    same = {name: getattr(outcome, name) for name in OutcomeLine.__slots__ if name not in of_row}
    words = state_words(outcome, beneficiary="", attested_by=None, today=today)
    return OutcomeLine(**same, account=row.account, metric=row.metric, name=words.name)
