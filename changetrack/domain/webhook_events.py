"""What programs are told by webhooks: the events, their JSON bodies, and how they are signed."""

from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from hmac import digest
from typing import Any

EVENTS: Mapping[str, str] = {
    "alert.raised": "An account went stale",
    "alert.changed": "A reason joined or left an open alert",
    "alert.escalated": "An alert came up to the next on the ladder",
    "alert.acknowledged": "Somebody took an alert up, with a next step",
    "alert.decided": "An executive decided about an alert",
    "alert.snoozed": "An alert was put off",
    "alert.resolved": "An alert's reasons are gone",
    "account.moved": "An account went to another step, back, on hold, on, or was closed",
    "commitment.met": "A commitment was met",
    "commitment.reopened": "A commitment was not met after all, and is open again",
    "commitment.missed": "A commitment is overdue",
}
"""What an endpoint can subscribe to, with labels."""

SECRET_PREFIX = "whsec_"  # noqa: S105 - what a secret begins with
SECRET_BYTES = 32
_LEAST_BYTES, _MOST_BYTES = 24, 64


def event_body(event: str, *, timestamp: datetime, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON body of an event, {"type", "timestamp", "data"}; ValueError for an unknown one.

    Source: Standard Webhooks, payload structure.
    """
    if event not in EVENTS:
        raise ValueError(f"There is no event {event!r}.")
    return {"type": event, "timestamp": _moment(timestamp), "data": dict(data)}


def account_data(
    *,
    id: int,  # as the API calls it
    external_id: str | None,
    name: str,
    organization: str | None,
    product: str | None,
    claimed_step: int,
    supported_step: int,
    status: str,
    owner: str | None,
    team: str | None,
    path: str,
) -> dict[str, Any]:
    """Return an account as an event names it; `path` is its page in the application."""
    return {
        "id": id,
        "external_id": external_id,
        "name": name,
        "organization": organization,
        "product": product,
        "claimed_step": claimed_step,
        "supported_step": supported_step,
        "status": status,
        "owner": owner,
        "team": team,
        "path": path,
    }


def alert_data(
    *,
    id: int,
    state: str,
    severity: str,
    step: int,
    fired_on: date,
    rung: str,
    reasons: Iterable[tuple[str, date, str, str]],
    next_step: str | None = None,
    next_step_on: date | None = None,
    snoozed_until: date | None = None,
    resolved_because: str | None = None,
) -> dict[str, Any]:
    """Return an alert as an event names it; `reasons` are (reason, since, why, rule), `rung` the highest one told."""
    return {
        "id": id,
        "state": state,
        "severity": severity,
        "step": step,
        "fired_on": fired_on.isoformat(),
        "rung": rung,
        "reasons": [
            {"reason": reason, "since": since.isoformat(), "why": why, "rule": rule}
            for reason, since, why, rule in reasons
        ],
        "next_step": next_step,
        "next_step_on": _day(next_step_on),
        "snoozed_until": _day(snoozed_until),
        "resolved_because": resolved_because,
    }


def commitment_data(
    *,
    seq: int,
    action: str,
    owner: str,
    due_on: date,
    state: str,
    ended_on: date | None = None,
    result: str | None = None,
) -> dict[str, Any]:
    """Return a commitment as an event names it; `seq` is its number within the account."""
    return {
        "seq": seq,
        "action": action,
        "owner": owner,
        "due_on": due_on.isoformat(),
        "state": state,
        "ended_on": _day(ended_on),
        "result": result,
    }


def move_data(*, kind: str, from_step: int, to_step: int, effective_on: date, reason: str | None) -> dict[str, Any]:
    """Return how an account moved as an event names it; `kind` as the API has it: advance, regress, hold, …"""
    return {
        "kind": kind,
        "from_step": from_step,
        "to_step": to_step,
        "effective_on": effective_on.isoformat(),
        "reason": reason,
    }


def sign(secrets: bytes | Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """Return the `webhook-signature` header of a message: one “v1,<base64>” for each secret, parted by a space.

    `timestamp` is the `webhook-timestamp` header, in whole seconds; `secrets` one key or, while an old one is being
    replaced, several. Source: Standard Webhooks, symmetric signatures (HMAC-SHA256 of id.timestamp.body).
    """
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    keys = [secrets] if isinstance(secrets, bytes) else secrets
    return " ".join(f"v1,{b64encode(digest(key, signed, 'sha256')).decode()}" for key in keys)


def secret_from(key: bytes) -> str:
    """Return a key in the form in which people copy it: “whsec_” and its base64; ValueError unless 24 to 64 bytes."""
    if not _LEAST_BYTES <= len(key) <= _MOST_BYTES:
        raise ValueError(f"A key has {_LEAST_BYTES} to {_MOST_BYTES} bytes.")
    return SECRET_PREFIX + b64encode(key).decode()


def key_of(secret: str) -> bytes:
    """Return the key of a “whsec_…” secret. Raises ValueError for anything else."""
    try:
        key = b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (Error, ValueError):
        key = b""
    if not secret.startswith(SECRET_PREFIX) or not _LEAST_BYTES <= len(key) <= _MOST_BYTES:
        raise ValueError("This is no webhook secret.")
    return key


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
