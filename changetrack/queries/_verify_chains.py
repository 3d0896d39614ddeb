"""The audit's hash chains verified, one subject after the other."""

from collections.abc import Iterator
from itertools import groupby

from sqlalchemy import select

from changetrack.domain.history import ChainRow, broken_links
from changetrack.models import AuditEvent, db

HASHED = ("subject", "seq", "kind", "actor", "recorded_at", "changes", "note")
Found = tuple[str, str, str, str]


def audit_differences() -> Iterator[Found]:
    """Audit events whose hash does not follow from what they say and what came before."""
    query = select(AuditEvent.__table__).order_by(AuditEvent.subject, AuditEvent.seq).execution_options(yield_per=1000)
    for subject, rows in groupby(db.session.execute(query), key=lambda row: row.subject):
        chain = (ChainRow(r.seq, r.previous_hash, r.hash, {name: getattr(r, name) for name in HASHED}) for r in rows)
        for seq in broken_links(chain):
            yield f"audit of {subject}", f"event {seq}", "its hash", "does not follow from what it says"
