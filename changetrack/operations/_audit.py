"""How what is done to users, teams, the playbook and imports is kept: a hash chain for each subject."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.history import GENESIS, event_hash
from changetrack.domain.people import Actor
from changetrack.models import AuditEvent


def record_audit(
    session: scoped_session[Session],
    *,
    subject: str,
    kind: str,
    actor: Actor,
    now: datetime,
    changes: Mapping[str, object],
    note: str | None = None,
) -> None:
    """Append one event to the chain of `subject` ("user:7", "team:3", "playbook"), inside a transaction.

    `changes` is a field diff {field: [old, new]} and never holds a secret. What is hashed is every column
    but the two hashes. Two transactions that append to one subject at once meet at its primary key and the
    second fails whole, so callers first lock the row that the subject names.
    """
    last = session.scalars(
        select(AuditEvent).where(AuditEvent.subject == subject).order_by(AuditEvent.seq.desc()).limit(1)
    ).first()
    payload: dict[str, object] = {
        "subject": subject,
        "seq": last.seq + 1 if last else 1,
        "kind": kind,
        "actor": actor.email or actor.name,
        "recorded_at": now,
        "changes": dict(changes),
        "note": note,
    }
    previous = last.hash if last else GENESIS
    session.add(AuditEvent(**payload, previous_hash=previous, hash=event_hash(previous, payload)))
