"""Appending to an account's history: numbered, chained by hash, in the transaction of what happened."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from changetrack.domain.history import event_hash
from changetrack.domain.people import Actor
from changetrack.models import Account


def actor_label(actor: Actor) -> str:
    """How the history names who acted: an e-mail address, or the job or shell that ran."""
    return actor.email if actor.kind == "user" and actor.email else f"{actor.kind}:{actor.name}"


def event_payload(row: Mapping[str, Any]) -> dict[str, Any]:
    """Of an event row (as a mapping of columns) what its hash covers."""
    names = ("account_id", "seq", "kind", "actor", "effective_on", "recorded_at", "changes", "note")
    return {name: row[name] for name in names}


def event_row(
    account: Account | Any,
    kind: str,
    *,
    actor: Actor,
    effective_on: date,
    now: datetime,
    changes: Mapping[str, Any],
    note: str | None = None,
    is_progress: bool = False,
) -> dict[str, Any]:
    """The next event of an account as a row to insert; advances the account's `event_seq` and `event_hash`.

    `account` is anything with id, event_seq and event_hash, so that bulk loads need no table object.
    """
    account.event_seq += 1
    row: dict[str, Any] = {
        "account_id": account.id,
        "seq": account.event_seq,
        "kind": kind,
        "actor": actor_label(actor),
        "effective_on": effective_on,
        "recorded_at": now,
        "changes": dict(changes),
        "note": note,
        "is_progress": is_progress,
        "previous_hash": account.event_hash,
    }
    row["hash"] = event_hash(account.event_hash, event_payload(row))
    account.event_hash = row["hash"]
    return row
