"""Reads of outcomes: those of an account in short, and one of them with all that it rests on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, func, or_, select

from changetrack.domain.people import Action, Actor, may, visible_teams
from changetrack.domain.refusal import NotFound
from changetrack.models import Account, Contact, Metric, Outcome, OutcomeStatement, db
from changetrack.queries.outcome_readings import Period, newest_readings, periods_of
from changetrack.queries.outcome_words import StateWords, state_words

MOST_LISTED = 100
"""So many outcomes of an account are shown at once."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What an outcome, or several of one currency, came to: minor units of `currency`."""

    currency: str
    promised: int
    probationary: int
    realized: int
    live: int


@dataclass(frozen=True, slots=True)
class OutcomeView:
    """An outcome in short: its terms, how it stands, its figures, and its last periods, oldest first.

    `attested_by` is who gave the newest attestation that was not taken back; `replaced_by` the number of the newest
    proposal of other terms that was not taken back. Numbers of use are in units of the metric, `rate` and
    `group_cap` minor units of `currency`, `valid_until` is the first day on which no attestation carries it.
    """

    seq: int
    beneficiary_seq: int
    beneficiary: str
    statement: str
    metric_id: int
    metric: str
    unit: str
    aggregation: str
    baseline: Decimal | None
    period: str
    threshold: Decimal
    target: Decimal | None
    rate: int
    accrual: str
    confirm_after: int
    lapse_after: int
    restore_after: int
    min_hold: int
    attestation_valid_days: int
    settle_lag_days: int
    requires_attestation: bool
    plan_start: date | None
    plan_periods: int | None
    overlap_group: str | None
    group_cap: int | None
    replaces: int | None
    replaced_by: int | None
    proposed_on: date
    proposed_by: str
    agreed_on: date | None
    replaced_on: date | None
    state: str
    detail: str | None
    state_since: date
    confirmed_from: date | None
    valid_until: date | None
    attested_by: str | None
    is_due: bool
    figures: Figures
    words: StateWords
    periods: tuple[Period, ...]
    version: int

    @property
    def currency(self) -> str:
        """The currency of its worth."""
        return self.figures.currency

    @property
    def values(self) -> tuple[Decimal | None, ...]:
        """The use of its last closed periods, None where there is no data: half a week's use says nothing yet."""
        return tuple(period.value for period in self.periods if period.verdict != "open")

    @property
    def is_counted(self) -> bool:
        """Whether it is one of the account's outcomes: not ended, and no mere change of another."""
        is_change = self.replaces is not None and self.state == "proposed"
        return not self.has_ended and not is_change

    @property
    def has_ended(self) -> bool:
        """Whether nothing can come of it any more."""
        return self.replaced_on is not None or self.state == "withdrawn"


@dataclass(frozen=True, slots=True)
class MetricChoice:
    """A metric that an outcome can be measured by."""

    id: int
    name: str
    unit: str
    aggregation: str


def list_outcomes(account_id: int, *, actor: Actor, today: date) -> tuple[OutcomeView, ...]:
    """Return an account's outcomes, those that go on first, by two statements whatever their number.

    An account that `actor` may not see has none. Proposals that were taken back are left out.
    """
    query = _lines(account_id).where(or_(Outcome.replaced_on.is_(None), Outcome.agreed_on.is_not(None)))
    teams = visible_teams(actor)
    if teams is not None:
        query = query.where(Account.team_id.in_(teams))
    rows = db.session.execute(query.order_by(Outcome.replaced_on.is_not(None), Outcome.seq).limit(MOST_LISTED)).all()
    readings = newest_readings(account_id, [row.Outcome for row in rows], today) if rows else {}
    return tuple(outcome_view(row, periods_of(row.Outcome, readings, today), today) for row in rows)


def find_outcome_row(account_id: int, seq: int) -> Any:
    """Return an outcome's row with its names and its account's team, None if there is none."""
    return db.session.execute(_lines(account_id).where(Outcome.seq == seq)).one_or_none()


def outcome_row_for(account_id: int, seq: int, actor: Actor) -> Any:
    """Return an outcome's row by one statement. Raises NotFound if it is absent, or the account is another team's."""
    row = find_outcome_row(account_id, seq)
    if row is None or not may(actor, Action.SEE, row.team_id):
        raise NotFound("outcome")
    return row


def outcome_view(row: Any, periods: Sequence[Period], today: date) -> OutcomeView:
    """An outcome as it is shown; `row` is one of `find_outcome_row`."""
    outcome: Outcome = row.Outcome
    same = {
        name: getattr(outcome, name)
        for name in OutcomeView.__slots__
        if name in Outcome.__table__.columns and name != "currency"
    }
    return OutcomeView(
        **same,
        beneficiary=row.beneficiary or "Somebody",
        metric=row.metric,
        unit=row.unit,
        aggregation=row.aggregation,
        replaced_by=row.replaced_by,
        attested_by=row.attested_by,
        is_due=outcome.due_on is not None and outcome.due_on <= today,
        figures=Figures(outcome.currency, outcome.promised, outcome.probationary, outcome.realized, outcome.live),
        words=state_words(outcome, beneficiary=row.beneficiary or "Somebody", attested_by=row.attested_by, today=today),
        periods=tuple(periods),
    )


def totals(outcomes: Iterable[OutcomeView]) -> tuple[Figures, ...]:
    """Return what outcomes came to together, for each currency apart, in order of its code."""
    sums: dict[str, list[int]] = {}
    for figures in (outcome.figures for outcome in outcomes):
        mine = sums.setdefault(figures.currency, [0, 0, 0, 0])
        for place, amount in enumerate((figures.promised, figures.probationary, figures.realized, figures.live)):
            mine[place] += amount
    return tuple(Figures(currency, *sums[currency]) for currency in sorted(sums))


def list_metric_choices(*, keep: int | None = None) -> tuple[MetricChoice, ...]:
    """Return the metrics that can be chosen, by name; `keep` is one that stays although it is archived."""
    is_offered = Metric.archived_at.is_(None) if keep is None else or_(Metric.archived_at.is_(None), Metric.id == keep)
    query = select(Metric.id, Metric.name, Metric.unit, Metric.aggregation).where(is_offered)
    return tuple(MetricChoice(*row) for row in db.session.execute(query.order_by(Metric.name, Metric.id)))


def _lines(account_id: int) -> Any:
    """Outcomes with the names of what they speak of, their account's team, and who attested last."""
    newer = Outcome.__table__.alias("newer")
    attested = (
        select(OutcomeStatement.person_name)
        .where(
            OutcomeStatement.account_id == Outcome.account_id,
            OutcomeStatement.outcome_seq == Outcome.seq,
            OutcomeStatement.kind == "attested",
            OutcomeStatement.retracted_on.is_(None),
        )
        .order_by(OutcomeStatement.given_on.desc(), OutcomeStatement.seq.desc())
        .limit(1)
        .correlate(Outcome)
        .scalar_subquery()
    )
    replaced_by = (
        select(func.max(newer.c.seq))
        .where(
            newer.c.account_id == Outcome.account_id,
            newer.c.replaces == Outcome.seq,
            or_(newer.c.replaced_on.is_(None), newer.c.agreed_on.is_not(None)),
        )
        .correlate(Outcome)
        .scalar_subquery()
    )
    columns: Mapping[str, Any] = {
        "team_id": Account.team_id,
        "account_name": Account.name,
        "account_status": Account.status,
        "beneficiary": Contact.name,
        "metric": Metric.name,
        "unit": Metric.unit,
        "aggregation": Metric.aggregation,
        "attested_by": attested,
        "replaced_by": replaced_by,
    }
    return (
        select(Outcome, *(column.label(name) for name, column in columns.items()))
        .join(Account, Account.id == Outcome.account_id)
        .join(Metric, Metric.id == Outcome.metric_id)
        .outerjoin(Contact, and_(Contact.account_id == Outcome.account_id, Contact.seq == Outcome.beneficiary_seq))
        .where(Outcome.account_id == account_id)
    )
