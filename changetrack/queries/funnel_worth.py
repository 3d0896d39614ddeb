"""What the accounts at each place of the funnel are worth: promised, probationary, realized and live, by currency."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, tzinfo
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, literal, select, union_all

from changetrack.domain.filters import CARRIED_FIELDS
from changetrack.domain.people import Actor
from changetrack.models import Account, Outcome, ValueCell, ValueSnapshot, db
from changetrack.queries._funnel_question import Question, ask
from changetrack.queries._funnel_sources import cells_of
from changetrack.queries.filters import account_conditions, group_value
from changetrack.queries.standings import standing_accounts
from changetrack.queries.value_figures import MEASURES, Worth, get_account_values


def worth_of(kept: Mapping[str, Sequence[int]]) -> dict[str, Worth]:
    """An account's `value` as it is kept: {currency: [promised, probationary, realized, live]}."""
    return {currency: Worth(*amounts) for currency, amounts in sorted(kept.items())}


Worths = Mapping[str, Worth]
"""By currency."""
ByPlace = Mapping[int, Worths]
NOTHING: ByPlace = {}


def get_worth(
    *,
    actor: Actor,
    today: date,
    zone: tzinfo,
    as_of: date | None = None,
    known_at: date | None = None,
    filters: Mapping[str, str] | None = None,
    by: str | None = None,
) -> Mapping[str, ByPlace]:
    """Return {value of the grouping field ('' without one): {place: {currency: worth}}} of what `get_funnel` counts.

    Raises as `get_funnel` does. Source: DOMAIN section 7 (value).
    """
    question = ask(actor=actor, today=today, zone=zone, as_of=as_of, known_at=known_at, filters=filters or {}, by=by)
    ready = _ready(question)
    if ready is not None:
        return ready
    return _read(_from_outcomes(question)) if question.is_today else _past(question)


def find_ready_worth(
    *,
    actor: Actor,
    today: date,
    zone: tzinfo,
    as_of: date,
    known_at: date | None = None,
    filters: Mapping[str, str] | None = None,
) -> ByPlace | None:
    """Return what `get_worth` does without groups if the summaries hold it, None where outcomes would be added up."""
    question = ask(actor=actor, today=today, zone=zone, as_of=as_of, known_at=known_at, filters=filters or {}, by=None)
    ready = _ready(question)
    return None if ready is None else ready.get("", NOTHING)


def find_worth_since(
    *, actor: Actor, today: date, zone: tzinfo, compare: date, filters: Mapping[str, str] | None = None
) -> tuple[ByPlace, ByPlace | None] | None:
    """Return today's worth by place, and that of the night that ended `compare` (None: it kept none), in one statement.

    None where the summaries do not hold it.
    """
    question = ask(actor=actor, today=today, zone=zone, as_of=None, known_at=None, filters=filters or {}, by=None)
    cell = cells_of(question)
    if cell is None or question.teams is not None:
        return None
    given = {"field": cell[0], "values": cell[1] or [], "day": compare}
    found = _read(_since(is_narrowed=cell[1] is not None), given)
    return found.get("now", NOTHING), found.get("then")


def total(places: ByPlace, among: Iterable[int]) -> dict[str, Worth]:
    """What the accounts at these places are worth together, the currency with most live value first."""
    sums: defaultdict[str, Worth] = defaultdict(Worth)
    for place in among:
        for currency, worth in places.get(place, {}).items():
            sums[currency] += worth
    return dict(sorted(sums.items(), key=lambda pair: (-pair[1].live, -pair[1].promised, pair[0])))


def _ready(question: Question) -> Mapping[str, ByPlace] | None:
    """What the summaries hold; a night that kept nothing at all tells nothing."""
    cell, day = cells_of(question), question.as_of
    if cell is None or not (question.is_today or (day == question.known_at and question.teams is None)):
        return None
    table = ValueCell if question.is_today else ValueSnapshot
    statement = _of_cells(table, is_grouped=question.by is not None, is_narrowed=cell[1] is not None)
    found = _read(statement, {"field": cell[0], "values": cell[1] or [], "day": day})
    if found or question.is_today or db.session.scalar(select(ValueSnapshot.day).where(ValueSnapshot.day == day)):
        return found
    return None


@cache
def _of_cells(table: Any, *, is_grouped: bool, is_narrowed: bool) -> Select[Any]:
    """The statement for it, made once: every look at the funnel asks it."""
    group = [table.value] if is_grouped else []
    keys = [table.place, table.currency, *group]
    sums = [func.sum(getattr(table, name)) for name in MEASURES]
    rows = select(table.place, table.currency, *sums, *group).where(table.field == bindparam("field"))
    if is_narrowed:
        rows = rows.where(table.value.in_(bindparam("values", expanding=True)))
    return (rows.where(table.day == bindparam("day")) if table is ValueSnapshot else rows).group_by(*keys)


@cache
def _since(*, is_narrowed: bool) -> Any:
    """Today's cells and those of a night together, each told apart like a group."""
    parts = []
    for moment, table in (("now", ValueCell), ("then", ValueSnapshot)):
        rows = _of_cells(table, is_grouped=False, is_narrowed=is_narrowed)
        parts.append(rows.add_columns(literal(moment).label("moment")))
    return union_all(*parts)


def _from_outcomes(question: Question) -> Select[Any]:
    group = [group_value(Account, question.by)] if question.by is not None else []
    sums = [func.sum(getattr(Outcome, name)) for name in MEASURES]
    return (
        select(Account.place, Outcome.currency, *sums, *group)
        .join(Outcome, Outcome.account_id == Account.id)
        .where(*account_conditions(question.filters, question.teams))
        .group_by(Account.place, Outcome.currency, *group)
    )


def _read(rows: Any, given: Mapping[str, Any] | None = None) -> dict[str, dict[int, dict[str, Worth]]]:
    found: defaultdict[str, dict[int, dict[str, Worth]]] = defaultdict(dict)
    for place, currency, promised, probationary, realized, live, *value in db.session.connection().execute(rows, given):
        worth = Worth(int(promised), int(probationary), int(realized), int(live))
        if worth != Worth():
            found[value[0] if value else ""].setdefault(place, {})[currency] = worth
    return dict(found)


def _past(question: Question) -> dict[str, dict[int, dict[str, Worth]]]:
    """Amounts that were so, and known, by then, at the place where the account stood then."""
    found: defaultdict[str, defaultdict[int, defaultdict[str, Worth]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(Worth))
    )
    worths = get_account_values(as_of=question.as_of, known_at=question.known_at)
    for account_id, place, *value in db.session.execute(_stood(question)) if worths else ():
        for currency, worth in worths.get(account_id, {}).items():
            found[value[0] if value else ""][place][currency] += worth
    return {value: {place: dict(currencies) for place, currencies in places.items()} for value, places in found.items()}


def _stood(question: Question) -> Select[Any]:
    """Where the accounts with outcomes stood then, and their value of the grouping field."""
    at = standing_accounts(
        as_of=question.as_of, known_until=question.known_until, filters=question.filters, teams=question.teams
    ).subquery()
    rows = select(at.c.account_id, at.c.place).where(at.c.account_id.in_(select(Outcome.account_id)))
    table: Any = at.c
    if question.by is not None and question.by not in CARRIED_FIELDS:
        rows, table = rows.join(Account, Account.id == at.c.account_id), Account
    return rows if question.by is None else rows.add_columns(group_value(table, question.by))
