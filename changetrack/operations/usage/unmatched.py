"""Giving up use whose account nobody knows: once, with a reason, and on record."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import CursorResult, Result, delete

from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Forbidden, NotFound, Reason, refuse_if
from changetrack.models import UnmatchedUsage, UsageEvent
from changetrack.operations._audit import record_audit
from changetrack.operations._texts import text_reasons
from changetrack.operations._transaction import transaction
from changetrack.operations.usage._locks import hold_names

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much was given up: events, and stated numbers of a day."""

    events: int
    numbers: int


def forget_unmatched(*, actor: Actor, now: datetime, name: str, reason: str) -> Forgotten:
    """Delete all that waits under a name for its account, and say how much it was.

    What comes under that name later waits again. Raises Forbidden, NotFound when nothing waits, and
    OperationRefused without a reason.
    """
    if not may(actor, Action.ADMINISTER):
        raise Forbidden("Only an administrator gives up what waits for its account.")
    problems = [] if reason.strip() else [Reason("reason", "Say why it can be forgotten.")]
    refuse_if(problems + text_reasons({"reason": reason}, {"reason": LONGEST_REASON}))
    with transaction() as session:
        hold_names(session)
        waiting = (UsageEvent.name == name, UsageEvent.state == "unmatched")
        events = _deleted(session.execute(delete(UsageEvent).where(*waiting)))
        numbers = _deleted(session.execute(delete(UnmatchedUsage).where(UnmatchedUsage.name == name)))
        if not events and not numbers:
            raise NotFound("Nothing waits under that name.")
        changes: dict[str, object] = {"name": [name, None], "events": [events, 0], "numbers": [numbers, 0]}
        record_audit(
            session, subject=f"unmatched:{sha256(name.encode()).hexdigest()[:32]}", kind="unmatched_forgotten",
            actor=actor, now=now, changes=changes, note=reason.strip(),
        )  # fmt: skip
        return Forgotten(events, numbers)


def _deleted(result: Result[Any]) -> int:
    """How many rows a statement deleted: a million are not fetched to be counted."""
    return result.rowcount if isinstance(result, CursorResult) else 0
