"""An event as a signed request to a program, by the Standard Webhooks specification."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from changetrack.adapters.outgoing import Answer, Outgoing
from changetrack.domain.webhook_events import key_of, sign


def post_to_webhook(
    outgoing: Outgoing, url: str, payload: Mapping[str, Any], *, key: str, secrets: Sequence[str], now: datetime
) -> Answer:
    """Post an event, signed with each of the secrets, and return what the program answered. Raises Unreachable."""
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    return outgoing.post(url, body, webhook_headers(body, key=key, secrets=secrets, now=now))


def webhook_headers(body: bytes, *, key: str, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """Return the headers that go with a body; the same `key` has the same `webhook-id`, however often it is sent."""
    message_id, timestamp = webhook_id(key), int(now.timestamp())
    signature = sign([key_of(secret) for secret in secrets], message_id, timestamp, body)
    return {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": signature}


def webhook_id(key: str) -> str:
    """Return by what a program knows a message again."""
    return f"msg_{sha256(key.encode()).hexdigest()[:32]}"
