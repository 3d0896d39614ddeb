"""What the accounts at each place of the funnel are worth: promised, probationary, realized and live, by currency."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Any, Self

from sqlalchemy import Select, func, select

from changetrack.domain.filters import CARRIED_FIELDS
from changetrack.domain.people import Actor
from changetrack.models import Account, Outcome, ValueCell, ValueSnapshot, db
from changetrack.queries._funnel_question import Question, ask
from changetrack.queries._funnel_sources import cells_of
from changetrack.queries.filters import account_conditions, group_value
from changetrack.queries.standings import standing_accounts
from changetrack.queries.worth_then import worth_then

MEASURES = ("promised", "probationary", "realized", "live")


@dataclass(frozen=True, slots=True)
class Worth:
    """Amounts in minor units of one currency; `live` is a rate, summed over outcomes whatever their period."""

    promised: int = 0
    probationary: int = 0
    realized: int = 0
    live: int = 0

    def __add__(self, other: Self) -> "Worth":
        return Worth(*(getattr(self, name) + getattr(other, name) for name in MEASURES))

    @property
    def ratio(self) -> float | None:
        """Realized as a share of promised; None where nothing is promised yet."""
        return self.realized / self.promised if self.promised else None


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
        return _read(ready)
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
    return None if ready is None else _read(ready).get("", NOTHING)


def total(places: ByPlace, among: Iterable[int]) -> dict[str, Worth]:
    """What the accounts at these places are worth together, the currency with most live value first."""
    sums: defaultdict[str, Worth] = defaultdict(Worth)
    for place in among:
        for currency, worth in places.get(place, {}).items():
            sums[currency] += worth
    return dict(sorted(sums.items(), key=lambda pair: (-pair[1].live, -pair[1].promised, pair[0])))


def _ready(question: Question) -> Select[Any] | None:
    if question.is_today:
        return _of_cells(question, ValueCell)
    if question.as_of != question.known_at or question.teams is not None:
        return None
    rows = _of_cells(question, ValueSnapshot)
    if rows is None or db.session.scalar(select(func.count()).where(ValueSnapshot.day == question.as_of)) == 0:
        return None
    return rows.where(ValueSnapshot.day == question.as_of)


def _of_cells(question: Question, table: Any) -> Select[Any] | None:
    cell = cells_of(question)
    if cell is None:
        return None
    field, values = cell
    group = [table.value] if question.by is not None else []
    sums = [func.sum(getattr(table, name)) for name in MEASURES]
    keys = [table.place, table.currency, *group]
    rows = select(table.place, table.currency, *sums, *group).where(table.field == field).group_by(*keys)
    return rows if values is None else rows.where(table.value.in_(values))


def _from_outcomes(question: Question) -> Select[Any]:
    group = [group_value(Account, question.by)] if question.by is not None else []
    sums = [func.sum(getattr(Outcome, name)) for name in MEASURES]
    return (
        select(Account.place, Outcome.currency, *sums, *group)
        .join(Outcome, Outcome.account_id == Account.id)
        .where(*account_conditions(question.filters, question.teams))
        .group_by(Account.place, Outcome.currency, *group)
    )


def _read(rows: Select[Any]) -> dict[str, dict[int, dict[str, Worth]]]:
    found: defaultdict[str, dict[int, dict[str, Worth]]] = defaultdict(dict)
    for place, currency, promised, probationary, realized, live, *value in db.session.execute(rows):
        worth = Worth(int(promised), int(probationary), int(realized), int(live))
        if worth != Worth():
            found[value[0] if value else ""].setdefault(place, {})[currency] = worth
    return dict(found)


def _past(question: Question) -> dict[str, dict[int, dict[str, Worth]]]:
    """Amounts that were so, and known, by then, at the place where the account stood then."""
    found: defaultdict[str, defaultdict[int, defaultdict[str, Worth]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(Worth))
    )
    worth = worth_then(as_of=question.as_of, known_at=question.known_at)
    for account_id, place, *value in db.session.execute(_stood(question)) if worth else ():
        for currency, amounts in worth.get(account_id, {}).items():
            found[value[0] if value else ""][place][currency] += Worth(*amounts)
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
