"""Where messages go and what persons chose: endpoints, tries to deliver, settings."""

from typing import Any

from changetrack.models import DeliveryAttempt, Endpoint, MessageSettings, OutboxMessage, User
from tests.clock import NOW
from tests.factories._saving import Saver, number, save


def make_endpoint(session: Saver, **fields: Any) -> Endpoint:
    """A webhook that hears of alerts that were raised; what is sealed in it opens with no key."""
    given: dict[str, Any] = {"kind": "webhook", "name": f"Endpoint {number()}", "url_sealed": "sealed"}
    given |= {"secret_sealed": "sealed", "url_shown": "hooks.example.com", "events": ["alert.raised"]}
    return save(session, Endpoint(**{**given, "created_at": NOW, "created_by": "ada@example.com", **fields}))


def make_attempt(session: Saver, message: OutboxMessage, **fields: Any) -> DeliveryAttempt:
    """A first try that went well."""
    given = {"message_id": message.id, "seq": 1, "tried_at": NOW, "took_ms": 87, "status": 200}
    return save(session, DeliveryAttempt(**{**given, **fields}))


def make_message_settings(session: Saver, user: User, **fields: Any) -> MessageSettings:
    """That `user` once saved what holds by default."""
    return save(session, MessageSettings(**{"user_id": user.id, "choices": {}, **fields}))
