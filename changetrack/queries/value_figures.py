"""What an account, a team or the portfolio was worth on any day, as it was known on any day."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Self

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from changetrack.domain.people import Action, Actor, may, visible_teams
from changetrack.domain.refusal import NotFound
from changetrack.domain.value import OutcomeTerms
from changetrack.domain.value.standing import promised
from changetrack.models import Account, LedgerEntry, Outcome, OutcomeStatement, db
from changetrack.queries.filters import account_conditions

MEASURES = ("promised", "probationary", "realized", "live")


@dataclass(frozen=True, slots=True)
class Worth:
    """Amounts in minor units of one currency; `live` is a rate, summed over outcomes whatever their period."""

    promised: int = 0
    probationary: int = 0
    realized: int = 0
    live: int = 0

    def __add__(self, other: Self) -> "Worth":
        return Worth(
            self.promised + other.promised,
            self.probationary + other.probationary,
            self.realized + other.realized,
            self.live + other.live,
        )

    @property
    def ratio(self) -> float | None:
        """Realized as a share of promised; None where nothing is promised yet."""
        return self.realized / self.promised if self.promised else None


ByCurrency = Mapping[str, Worth]
Scope = Callable[[Any], ColumnElement[bool] | None]
"""Which rows of a table count; None: all."""


def get_account_value(*, actor: Actor, account_id: int, as_of: date, known_at: date) -> ByCurrency:
    """Return what an account was worth at the end of `as_of`, as known at the end of `known_at`, by currency.

    In two statements. Raises NotFound for an account that `actor` may not see. Source: DOMAIN sections 5 and 7.
    """
    team_id = db.session.execute(select(Account.team_id).where(Account.id == account_id)).one_or_none()
    if team_id is None or not may(actor, Action.SEE, team_id[0]):
        raise NotFound("account")
    return _figures(as_of, known_at, lambda table: table.account_id == account_id)


def get_portfolio_value(*, actor: Actor, as_of: date, known_at: date, team_id: int | None = None) -> ByCurrency:
    """Return what the accounts that `actor` may see were worth, or only those that a team has today (0: of none).

    As of and known at the ends of days. In two statements that add up in the database: ledger entries, and
    outcomes whose plans and words are alike.
    """
    teams, mine = visible_teams(actor), select(Account.id)
    if teams is not None:
        mine = mine.where(Account.team_id.in_(sorted(teams)))
    if team_id is not None:
        mine = mine.where(Account.team_id.is_(None) if team_id == 0 else Account.team_id == team_id)
    is_whole = teams is None and team_id is None
    return _figures(as_of, known_at, lambda table: None if is_whole else table.account_id.in_(mine))


def get_filtered_value(*, actor: Actor, filters: Mapping[str, str], as_of: date, known_at: date) -> ByCurrency:
    """Return the same of the accounts that `actor` may see and that match validated `filters` today."""
    conditions = account_conditions(filters, visible_teams(actor))
    mine = select(Account.id).where(*conditions)
    return _figures(as_of, known_at, lambda table: table.account_id.in_(mine) if conditions else None)


def get_account_values(*, as_of: date, known_at: date) -> Mapping[int, ByCurrency]:
    """Return the same of every account that ever had outcomes, whoever asks; an account without any worth is left out.

    Exact, with work for every outcome and ledger entry: for what no summary holds.
    """
    return {key[0]: worth for key, worth in _sums(as_of, known_at, _everything, "account_id").items()}


def _figures(as_of: date, known_at: date, scope: Scope) -> ByCurrency:
    return _sums(as_of, known_at, scope).get((), {})


def _everything(_table: Any) -> None:
    return None


def _sums(as_of: date, known_at: date, scope: Scope, *by: str) -> dict[tuple[Any, ...], dict[str, Worth]]:
    """The figures by the values of some columns that both entries and outcomes have, and by currency.

    Of days after the one it is known at nothing was known: all four figures are those of that day then.
    """
    as_of = min(as_of, known_at)
    found: defaultdict[tuple[Any, ...], dict[str, dict[str, int]]] = defaultdict(dict)
    width = len(by)
    for row in db.session.execute(_posted(as_of, known_at, scope(LedgerEntry), by)):
        currency, measure, amount = row[width:]
        sums = found[row[:width]].setdefault(currency, dict.fromkeys(MEASURES, 0))
        sums[measure] += int(amount)
    for row in db.session.execute(plans_known(known_at, scope(Outcome), by)):
        currency, rate, *rest = row[width:]
        sums = found[row[:width]].setdefault(currency, dict.fromkeys(MEASURES, 0))
        sums["promised"] += promised(plan_terms(rate, rest), as_of)
    worths = {
        key: {currency: Worth(**sums) for currency, sums in sorted(of.items()) if any(sums.values())}
        for key, of in found.items()
    }
    return {key: worth for key, worth in worths.items() if worth}


def _posted(as_of: date, known_at: date, scope: ColumnElement[bool] | None, by: Sequence[str]) -> Select[Any]:
    entry = LedgerEntry
    known = (entry.posted_on <= as_of, entry.known_on <= known_at)
    keys: list[Any] = [*(getattr(entry, name) for name in by), entry.currency, entry.measure]
    rows: Any = select(*keys, func.sum(entry.amount)).where(*known)
    return within(rows, scope).group_by(*keys)


def plans_known(known_at: date, scope: ColumnElement[bool] | None, by: Sequence[str] = ()) -> Select[Any]:
    """The worth of a period of all outcomes with the same plan, the same day of agreement and the same end.

    `by` names columns of outcomes that come first, and by which they are told apart, too.
    """
    agreed, withdrawn = _said("agreed", known_at), _said("withdrawn", known_at)
    successor, agreed_instead = aliased(Outcome), _said("agreed", known_at)
    instead = (
        select(successor.account_id, successor.replaces.label("seq"), func.max(agreed_instead.c.given_on).label("day"))
        .join(agreed_instead, _is_of(agreed_instead, successor))
        .where(successor.replaces.is_not(None))
        .group_by(successor.account_id, successor.replaces)
        .subquery()
    )
    alike: list[Any] = [
        Outcome.period, Outcome.plan_start, Outcome.plan_periods, agreed.c.given_on, withdrawn.c.given_on,
        instead.c.day,
    ]  # fmt: skip
    keys: list[Any] = [getattr(Outcome, name) for name in by]
    rows: Any = (
        select(*keys, Outcome.currency, func.sum(Outcome.rate), *alike)
        .join(agreed, _is_of(agreed, Outcome))
        .outerjoin(withdrawn, _is_of(withdrawn, Outcome))
        .outerjoin(instead, and_(instead.c.account_id == Outcome.account_id, instead.c.seq == Outcome.seq))
    )
    return within(rows, scope).group_by(*keys, Outcome.currency, *alike)


def _said(kind: str, known_at: date) -> Any:
    """The day of the word of that kind on each outcome, as known at a day."""
    said = OutcomeStatement
    stands = or_(said.retracted_on.is_(None), said.retracted_on > known_at)
    return (
        select(said.account_id, said.outcome_seq, func.max(said.given_on).label("given_on"))
        .where(said.kind == kind, said.recorded_on <= known_at, stands)
        .group_by(said.account_id, said.outcome_seq)
        .subquery()
    )


def _is_of(said: Any, outcome: Any) -> ColumnElement[bool]:
    return and_(said.c.account_id == outcome.account_id, said.c.outcome_seq == outcome.seq)


def within(rows: Select[Any], scope: ColumnElement[bool] | None) -> Select[Any]:
    """Keep to a scope if there is one."""
    return rows if scope is None else rows.where(scope)


def plan_terms(rate: int, rest: Sequence[Any]) -> OutcomeTerms:
    """Return the terms of one row of `plans_known`, as far as promises go by them."""
    period, plan_start, plan_periods, agreed_on, withdrawn_on, replaced_on = rest
    return OutcomeTerms(
        period=period,
        threshold=_NONE,
        rate=int(rate),
        agreed_on=agreed_on,
        plan_start=plan_start,
        plan_periods=plan_periods,
        withdrawn_on=withdrawn_on,
        replaced_on=replaced_on,
    )


_NONE = Decimal(0)  # what was promised does not depend on use
