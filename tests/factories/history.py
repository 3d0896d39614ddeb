"""Events, chained like real ones."""

from typing import Any

from changetrack.domain.history import GENESIS, event_hash
from changetrack.models import Account, AuditEvent, Event
from tests.clock import NOW, TODAY
from tests.factories._saving import Saver, next_seq, save


def make_event(session: Saver, account: Account, **fields: Any) -> Event:
    """A note on `account`; the first of its chain unless `previous_hash` says otherwise."""
    given: dict[str, Any] = {"account_id": account.id, "seq": next_seq(session, Event, account.id)}
    given |= {"kind": "noted", "actor": "olu@example.com", "effective_on": TODAY, "recorded_at": NOW}
    payload = {**given, "changes": {}, "note": None, "is_progress": False, **fields}
    previous = payload.pop("previous_hash", GENESIS)
    return save(session, Event(**payload, previous_hash=previous, hash=event_hash(previous, payload)))


def make_audit_event(session: Saver, **fields: Any) -> AuditEvent:
    """The making of a team; the first of its subject's chain."""
    payload: dict[str, Any] = {"subject": "team:1", "seq": 1, "kind": "team_created"}
    payload |= {"actor": "ada@example.com", "recorded_at": NOW, "changes": {}, "note": None, **fields}
    return save(session, AuditEvent(**payload, previous_hash=GENESIS, hash=event_hash(GENESIS, payload)))
