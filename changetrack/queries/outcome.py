"""Reads of one outcome: its terms, what was said of it, what use shows, and what was posted for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, select

from changetrack.domain.people import Action, Actor, may
from changetrack.models import Event, LedgerEntry, Outcome, OutcomeStatement, Reading, db
from changetrack.queries.coalition import ContactView, load_contacts
from changetrack.queries.history import EventView
from changetrack.queries.outcome_readings import newest_readings, periods_of
from changetrack.queries.outcomes import OutcomeView, outcome_row_for, outcome_view

ENTRIES = 12
MEASURES = ("realized", "probationary", "live")
_EVENTS = 60


@dataclass(frozen=True, slots=True)
class StatementView:
    """What a named person of the customer's said, by which hand, and whether it was taken back.

    `good_until` is the last day that an attestation carries.
    """

    seq: int
    kind: str
    person: str
    role: str | None
    hand: str
    said_how: str | None
    given_on: date
    good_until: date | None
    note: str | None
    recorded_at: datetime
    recorded_by: str
    retracted_on: date | None
    retracted_because: str | None

    @property
    def is_retractable(self) -> bool:
        """Whether the team can take it back: it reported it, and has not done so yet."""
        return self.hand == "reported" and self.retracted_on is None


@dataclass(frozen=True, slots=True)
class EntryView:
    """An amount that was posted: from when it was so, since when it was known, why, and the reading behind it.

    `amount` is in minor units; `use` and `read_on` are the reading's number and the day it was recorded.
    """

    seq: int
    measure: str
    posted_on: date
    known_on: date
    amount: int
    currency: str
    cause: str
    words: str
    period_start: date | None
    use: Decimal | None
    read_on: date | None


@dataclass(frozen=True, slots=True)
class Ledger:
    """Some entries of one measure, newest first; `before` is the argument for older ones, None at the end."""

    measure: str
    entries: tuple[EntryView, ...]
    before: int | None


@dataclass(frozen=True, slots=True)
class OutcomePage:
    """One outcome with all that it rests on; `is_frozen`: the beneficiary once agreed to or disputed these terms."""

    account_id: int
    account: str
    status: str
    may_work: bool
    outcome: OutcomeView
    statements: tuple[StatementView, ...]
    ledger: Ledger
    events: tuple[EventView, ...]
    people: tuple[ContactView, ...]
    group: tuple[tuple[int, str], ...]
    is_frozen: bool


def get_outcome(
    account_id: int,
    seq: int,
    *,
    actor: Actor,
    today: date,
    measure: str = MEASURES[0],
    before: int | None = None,
) -> OutcomePage:
    """Return an outcome with all that it rests on, by at most seven statements.

    The ledger is that of one measure, of MEASURES; `before` asks for its older entries.
    Raises NotFound if it is absent, or the account is another team's.
    """
    row = outcome_row_for(account_id, seq, actor)
    readings = newest_readings(account_id, [row.Outcome], today)
    outcome = outcome_view(row, periods_of(row.Outcome, readings, today), today)
    statements = _statements(account_id, seq)
    return OutcomePage(
        account_id=account_id,
        account=row.account_name,
        status=row.account_status,
        may_work=may(actor, Action.WORK, row.team_id),
        outcome=outcome,
        statements=statements,
        ledger=_ledger(account_id, seq, measure, before),
        events=_events(account_id, seq),
        people=tuple(load_contacts(account_id, today=today)),
        group=_group(account_id, outcome),
        is_frozen=outcome.state == "disputed" or any(s.kind == "agreed" for s in statements),
    )


def _statements(account_id: int, seq: int) -> tuple[StatementView, ...]:
    mine = (OutcomeStatement.account_id == account_id, OutcomeStatement.outcome_seq == seq)
    order = (OutcomeStatement.given_on.desc(), OutcomeStatement.seq.desc())
    return tuple(_statement(row) for row in db.session.scalars(select(OutcomeStatement).where(*mine).order_by(*order)))


def _statement(row: OutcomeStatement) -> StatementView:
    until = row.given_on + timedelta(days=row.valid_days - 1) if row.valid_days is not None else None
    return StatementView(
        seq=row.seq,
        kind=row.kind,
        person=row.person_name,
        role=row.person_role,
        hand=row.hand,
        said_how=row.said_how,
        given_on=row.given_on,
        good_until=until,
        note=row.note,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        retracted_on=row.retracted_on,
        retracted_because=row.retracted_because,
    )


def _ledger(account_id: int, seq: int, measure: str, before: int | None) -> Ledger:
    behind = and_(
        Reading.account_id == LedgerEntry.account_id,
        Reading.outcome_seq == LedgerEntry.outcome_seq,
        Reading.period_start == LedgerEntry.period_start,
        Reading.recorded_on == LedgerEntry.reading_recorded_on,
    )
    query = (
        select(LedgerEntry, Reading.value)
        .outerjoin(Reading, behind)
        .where(LedgerEntry.account_id == account_id, LedgerEntry.outcome_seq == seq, LedgerEntry.measure == measure)
    )
    if before is not None:
        query = query.where(LedgerEntry.seq < before)
    rows: Sequence[Any] = db.session.execute(query.order_by(LedgerEntry.seq.desc()).limit(ENTRIES + 1)).all()
    shown = tuple(_entry(entry, use) for entry, use in rows[:ENTRIES])
    return Ledger(measure, shown, shown[-1].seq if len(rows) > ENTRIES else None)


def _entry(row: LedgerEntry, use: Decimal | None) -> EntryView:
    same = ("seq", "measure", "posted_on", "known_on", "amount", "currency", "cause", "words", "period_start")
    return EntryView(**{name: getattr(row, name) for name in same}, use=use, read_on=row.reading_recorded_on)


def _events(account_id: int, seq: int) -> tuple[EventView, ...]:
    """The newest of the history's events that speak of this outcome."""
    speaks = Event.changes[("outcome_seq", 1)].as_integer() == seq
    mine = (Event.account_id == account_id, Event.kind.startswith("outcome_"), speaks)
    rows = db.session.scalars(select(Event).where(*mine).order_by(Event.seq.desc()).limit(_EVENTS))
    return tuple(
        EventView(r.seq, r.kind, r.actor, r.effective_on, r.recorded_at, r.changes, r.note, r.is_progress) for r in rows
    )


def _group(account_id: int, outcome: OutcomeView) -> tuple[tuple[int, str], ...]:
    """The other outcomes that share its limit, by number and statement."""
    if outcome.overlap_group is None:
        return ()
    query = select(Outcome.seq, Outcome.statement).where(
        Outcome.account_id == account_id,
        Outcome.overlap_group == outcome.overlap_group,
        Outcome.replaced_on.is_(None),
        Outcome.seq != outcome.seq,
    )
    return tuple((seq, statement) for seq, statement in db.session.execute(query.order_by(Outcome.seq)))
