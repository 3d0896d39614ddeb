"""An account whose use arrives day by day, and what is recognised of it."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, select, update

from changetrack.domain.people import Actor
from changetrack.models import Account, LedgerEntry, Metric, Outcome, OutcomeStatement, Reading, UsageDaily, UsageMember
from changetrack.operations.accounts import create_account
from changetrack.operations.playbook import install_playbook
from changetrack.operations.usage._touch import touch_outcomes
from changetrack.operations.value.recognition import recognise_account
from tests.factories import make_cast, make_metric, make_outcome, make_statement
from tests.factories._saving import Saver

FIRST_DAY = date(2026, 1, 5)  # a Monday, the first day of the worked examples
NIGHT = Actor.system("recognise-value")

Posting = tuple[int, str, date, date, int]


def moment(day: date) -> datetime:
    """Nine in the morning of that day."""
    return datetime.combine(day, time(9), UTC)


def week(number: int) -> date:
    """The Monday of a week, counted from 1."""
    return FIRST_DAY + timedelta(weeks=number - 1)


class Use:
    """One account with a metric, from the first day of the worked examples on."""

    def __init__(self, session: Saver, aggregation: str = "sum") -> None:
        self.session = session
        self.cast = cast = make_cast(session)
        install_playbook(actor=Actor.system("test"), now=moment(FIRST_DAY))
        record = {"name": "Acme", "team_id": cast.team.id, "owner_id": cast.olu.id, "started_on": FIRST_DAY}
        self.account_id = create_account(record=record, actor=cast.actor("olu"), now=moment(FIRST_DAY), today=FIRST_DAY)
        self.metric: Metric = make_metric(session, "orders", aggregation=aggregation)

    def account(self) -> Account:
        """The account as it is on record now."""
        self.session.rollback()
        return self.session.get_one(Account, self.account_id)

    def propose(self, **terms: Any) -> int:
        """Forty orders a week are worth 100.00 USD; periods close at once."""
        given: dict[str, Any] = {"settle_lag_days": 0, "proposed_on": FIRST_DAY, "proposed_at": moment(FIRST_DAY)}
        given |= {"state_since": FIRST_DAY, "due_on": FIRST_DAY, **terms}
        return make_outcome(self.session, self.account(), self.metric, **given).seq

    def outcome(self, seq: int = 1) -> Outcome:
        """The outcome as it is on record now."""
        self.session.rollback()
        return self.session.get_one(Outcome, (self.account_id, seq))

    def say(self, kind: str, given_on: date, seq: int = 1, *, recorded_on: date | None = None) -> None:
        """A word of the customer, known on the day it was given unless said otherwise."""
        known_on = recorded_on or given_on
        outcome = self.outcome(seq)
        make_statement(
            self.session, outcome, kind, given_on=given_on, recorded_on=known_on, recorded_at=moment(known_on)
        )
        if kind == "agreed":
            outcome.agreed_on = given_on
        self._make_due(known_on, seq)

    def retract(self, kind: str, on: date, seq: int = 1) -> None:
        """The newest word of that kind was never said."""
        mine = (OutcomeStatement.account_id == self.account_id, OutcomeStatement.outcome_seq == seq)
        said = select(OutcomeStatement).where(*mine, OutcomeStatement.kind == kind).order_by(OutcomeStatement.seq)
        statement = self.session.scalars(said).all()[-1]
        statement.retracted_on, statement.retracted_at = on, moment(on)
        statement.retracted_because = "A mistake."
        self._make_due(on, seq)

    def count(self, day: date, number: int | None, *, recorded_on: date | None = None, counted: int = 0) -> None:
        """The number of a day, known on that day unless said otherwise; `number` is stated, `counted` from events."""
        known_on = recorded_on or day
        row = {"account_id": self.account_id, "metric_id": self.metric.id, "day": day, "recorded_on": known_on}
        old = self.session.get(UsageDaily, tuple(row.values()))
        if old is not None:
            self.session.delete(old)
            self.session.flush()
        numbers = {"stated": None if number is None else Decimal(number), "counted": Decimal(counted) or None}
        self.session.add(UsageDaily(**row, **numbers, recorded_at=moment(known_on)))
        self._news(day, known_on)

    def see(self, day: date, members: Iterable[str], *, recorded_on: date | None = None) -> None:
        """Who was counted on a day, beside those counted already."""
        known_on, row = recorded_on or day, {"account_id": self.account_id, "metric_id": self.metric.id, "day": day}
        names = [name.ljust(32, "0") for name in members]
        self.session.add_all(UsageMember(**row, member=name, recorded_on=known_on) for name in names)
        self.session.commit()
        mine = (UsageMember.account_id == self.account_id, UsageMember.day == day, UsageMember.recorded_on <= known_on)
        self.count(
            day, None, recorded_on=known_on, counted=len(self.session.scalars(select(UsageMember).where(*mine)).all())
        )

    def forget(self, day: date) -> None:
        """Who was counted on a day is kept no longer; how many there were is."""
        self.session.execute(delete(UsageMember).where(UsageMember.day == day))
        self.session.commit()

    def spoil_readings(self, value: Decimal) -> None:
        """Somebody writes into the database by hand."""
        self.session.execute(update(Reading).values(value=value))
        self.session.commit()

    def weeks(self, numbers: Sequence[int | None], first: int = 1) -> None:
        """The number of each week, on its Wednesday; None: nothing came."""
        for place, number in enumerate(numbers):
            if number is not None:
                self.count(week(first + place) + timedelta(days=2), number)

    def recognise(self, today: date) -> None:
        """The job comes by."""
        recognise_account(account_id=self.account_id, actor=NIGHT, now=moment(today), today=today)
        self.session.rollback()

    def ledger(self, measure: str | None = None) -> list[LedgerEntry]:
        """What was posted, in order."""
        self.session.rollback()
        order = (LedgerEntry.outcome_seq, LedgerEntry.seq)
        entries = self.session.scalars(select(LedgerEntry).order_by(*order))
        return [entry for entry in entries if measure in (None, entry.measure)]

    def postings(self) -> list[Posting]:
        """What was posted, without what does not matter to its sums, in an order of its own."""
        return sorted((e.outcome_seq, e.measure, e.posted_on, e.known_on, e.amount) for e in self.ledger())

    def realized(self, as_of: date, known_at: date | None = None, measure: str = "realized") -> int:
        """What the ledger says."""
        known = known_at or as_of
        return sum(e.amount for e in self.ledger(measure) if e.posted_on <= as_of and e.known_on <= known)

    def readings(self, seq: int = 1) -> list[tuple[date, date, Decimal | None]]:
        """(first day of the period, recorded on, value) of an outcome."""
        self.session.rollback()
        mine = (Reading.account_id == self.account_id, Reading.outcome_seq == seq)
        rows = self.session.scalars(select(Reading).where(*mine).order_by(Reading.period_start, Reading.recorded_on))
        return [(row.period_start, row.recorded_on, row.value) for row in rows]

    def _news(self, day: date, known_on: date) -> None:
        touch_outcomes(self.session, {(self.account_id, self.metric.id): day}, today=known_on)
        self.session.commit()

    def _make_due(self, day: date, seq: int) -> None:
        outcome = self.session.get_one(Outcome, (self.account_id, seq))
        outcome.due_on = min(outcome.due_on or day, day)
        self.session.commit()
