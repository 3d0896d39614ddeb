"""What a customer's person reads of an outcome: its terms, by whose hand it was agreed, what use shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, select

from changetrack.models import Contact, Metric, Outcome, OutcomeStatement, User, db
from changetrack.queries.outcome_readings import Period, newest_readings, periods_of

PERIODS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class UseView:
    """The latest closed periods of an outcome, oldest first, and the open ones of which something is known already."""

    closed: tuple[Period, ...]
    still_open: tuple[Period, ...]

    @property
    def plotted(self) -> list[float | None]:
        """The values of the closed periods as a plot takes them."""
        return [None if period.value is None else float(period.value) for period in self.closed]

    @property
    def measured(self) -> int:
        """How many of the closed periods have data."""
        return sum(period.value is not None for period in self.closed)

    @property
    def passed(self) -> int:
        """In how many of the closed periods it was reached."""
        return sum(period.verdict == "passed" for period in self.closed)


@dataclass(frozen=True, slots=True)
class Agreement:
    """When the beneficiary agreed, and when who of ours noted it; `is_own` is false where we reported it."""

    given_on: date
    is_own: bool
    noted_on: date
    noted_by: str | None


@dataclass(frozen=True, slots=True)
class OutcomeAsk:
    """An outcome as the person who is to benefit reads it. `rate` is in minor units of `currency` a period."""

    statement: str
    beneficiary: str
    is_mine: bool
    metric: str
    unit: str
    aggregation: str
    baseline: Decimal | None
    threshold: Decimal
    target: Decimal | None
    period: str
    rate: int
    currency: str
    accrual: str
    confirm_after: int
    valid_days: int
    plan_start: date | None
    plan_periods: int | None
    agreed_on: date | None
    agreement: Agreement | None
    is_replacement: bool
    use: UseView


def load_outcome_asks(
    account_id: int, contact_seq: int, seqs: Sequence[int], today: date
) -> dict[int | str, OutcomeAsk]:
    """Return the outcomes of these numbers as this person reads them, by two statements; none for no numbers."""
    if not seqs:
        return {}
    live = (OutcomeStatement.kind == "agreed", OutcomeStatement.retracted_on.is_(None))
    about = (OutcomeStatement.account_id == Outcome.account_id, OutcomeStatement.outcome_seq == Outcome.seq)
    rows: Sequence[Any] = db.session.execute(
        select(Outcome, Metric, Contact.name, OutcomeStatement, User.name)
        .join(Metric, Metric.id == Outcome.metric_id)
        .outerjoin(Contact, (Contact.account_id == Outcome.account_id) & (Contact.seq == Outcome.beneficiary_seq))
        .outerjoin(OutcomeStatement, and_(*about, *live))
        .outerjoin(User, User.email == OutcomeStatement.recorded_by)
        .where(Outcome.account_id == account_id, Outcome.seq.in_(seqs))
    ).all()
    outcomes = [outcome for outcome, *_ in rows]
    readings = newest_readings(account_id, outcomes, today) if outcomes else {}
    return {
        outcome.seq: _outcome_ask(
            outcome,
            metric,
            name or "",
            contact_seq,
            Agreement(said.given_on, said.hand == "own", said.recorded_on, reporter) if said is not None else None,
            _use(periods_of(outcome, readings, today)),
        )
        for outcome, metric, name, said, reporter in rows
    }


def _use(periods: Sequence[Period]) -> UseView:
    """Only what is closed has passed or failed; what is not over yet is told apart."""
    closed = tuple(period for period in periods if period.verdict != "open")
    still_open = tuple(period for period in periods if period.verdict == "open" and period.value is not None)
    return UseView(closed[-PERIODS_SHOWN:], still_open)


def _outcome_ask(
    row: Outcome, metric: Metric, beneficiary: str, contact_seq: int, agreement: Agreement | None, use: UseView
) -> OutcomeAsk:
    same = (
        "statement", "baseline", "threshold", "target", "period", "rate", "currency", "accrual", "confirm_after",
        "plan_start", "plan_periods", "agreed_on",
    )  # fmt: skip
    return OutcomeAsk(
        **{name: getattr(row, name) for name in same},
        beneficiary=beneficiary,
        is_mine=row.beneficiary_seq == contact_seq,
        metric=metric.name,
        unit=metric.unit,
        aggregation=metric.aggregation,
        valid_days=row.attestation_valid_days,
        agreement=agreement,
        is_replacement=row.replaces is not None,
        use=use,
    )
