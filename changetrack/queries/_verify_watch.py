"""What is kept of an account for its clocks verified: the commitment due first, and when the customer last acted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from changetrack.domain.commitments import commitment_words
from changetrack.domain.outcomes import STATEMENT_KINDS

Found = tuple[str, object, object]
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


def watch_differences(record: WatchRecord) -> Iterator[Found]:
    """(figure, kept, recomputed) for the first commitment and for the day of the customer's last act.

    What was taken back since may count or not: an act that ended their silence keeps doing so, but where the record
    is older than this clock it was left out.
    """
    account = record.account
    is_open = [one for one in record.commitments if one.state == "open"]
    first = min(is_open, key=lambda one: (one.due_on, one.seq), default=None)
    due_on, words = (first.due_on, commitment_words(first.action, first.owner_name)) if first else (None, None)
    if account.commitment_due_on != due_on:
        yield "commitment_due_on", account.commitment_due_on, due_on
    if account.commitment_words != words:
        yield "commitment_words", account.commitment_words, words
    acts, standing = _acts(record), _standing_acts(record)
    last = max(acts, default=None)
    kept: date | None = account.customer_on
    is_right = (kept in acts or kept is None) and (kept or date.min) >= max(standing, default=date.min)
    if not is_right:
        yield "customer_on", kept, last


def _acts(record: WatchRecord) -> set[date]:
    """Every day on which the customer acted by the history, whatever was taken back since."""
    signed_at = {one.signed_at for one in record.sign_offs if one.contact_seq is not None}
    signed = {e.effective_on for e in record.events if e.kind == "proposal_signed" and e.recorded_at in signed_at}
    declined = {e.effective_on for e in record.events if e.kind == "customer_declined"}
    attended = {row.effective_on for row in _told(record, record.evidence) if row.point == _ATTENDANCE}
    said = {e.effective_on for e in _told(record, record.evidence) if e.side == "customer"}
    stated = {row.given_on for row in _told(record, record.statements)}
    return signed | declined | attended | said | stated | _standing_acts(record)


def _standing_acts(record: WatchRecord) -> set[date]:
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
