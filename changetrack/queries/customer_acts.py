"""When an account's customer acted, by all that tells of it: statements, sign-offs, words, attendance, commitments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from changetrack.domain.outcomes import STATEMENT_KINDS
from changetrack.models import Account, Commitment, Event, Evidence, OutcomeStatement, SignOff, db

WATCHED = (Evidence, Event, OutcomeStatement, SignOff, Commitment)  # in the order of WatchRecord
_ATTENDANCE = "2c"
_TELLING = frozenset({"evidence_recorded", *(f"outcome_{kind}" for kind in STATEMENT_KINDS)})


@dataclass(frozen=True, slots=True)
class WatchRecord:
    """An account's row with what its clocks rest on."""

    account: Any
    evidence: Sequence[Any]
    events: Sequence[Any]
    statements: Sequence[Any]
    sign_offs: Sequence[Any]
    commitments: Sequence[Any]


def find_last_act(account_id: int) -> date | None:
    """Return the day of the customer's last act, None if they never acted; one statement for each table."""
    account = db.session.execute(select(Account.__table__).where(Account.id == account_id)).one()
    tables: list[Any] = [model.__table__ for model in WATCHED]
    rows = [db.session.execute(select(table).where(table.c.account_id == account_id)).all() for table in tables]
    return max(acts_of(WatchRecord(account, *rows)), default=None)


def acts_of(record: WatchRecord) -> set[date]:
    """Every day on which the customer acted by the history, whatever was taken back since."""
    signed_at = {one.signed_at for one in record.sign_offs if one.contact_seq is not None}
    signed = {e.effective_on for e in record.events if e.kind == "proposal_signed" and e.recorded_at in signed_at}
    declined = {e.effective_on for e in record.events if e.kind == "customer_declined"}
    attended = {row.effective_on for row in _told(record, record.evidence) if row.point == _ATTENDANCE}
    said = {e.effective_on for e in _told(record, record.evidence) if e.side == "customer"}
    stated = {row.given_on for row in _told(record, record.statements)}
    return signed | declined | attended | said | stated | standing_acts_of(record)


def standing_acts_of(record: WatchRecord) -> set[date]:
    """The days of those that nobody took back, and that have always counted."""
    words = (e for e in _told(record, record.evidence) if e.side == "customer" and e.retracted_on is None)
    stated = (s.given_on for s in _told(record, record.statements) if s.retracted_on is None)
    heard = (e.effective_on for e in record.events if e.kind == "customer_said")
    met = (c.ended_on for c in record.commitments if c.state == "met" and c.owner_contact_seq is not None)
    return {*(row.effective_on for row in words), *stated, *heard, *met}


def _told(record: WatchRecord, rows: Sequence[Any]) -> list[Any]:
    """The rows of which the history tells: what stood in a file was no act that anybody heard."""
    at = {event.recorded_at for event in record.events if event.kind in _TELLING}
    return [row for row in rows if row.recorded_at in at]
