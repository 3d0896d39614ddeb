"""What follows from a try to send a message out of the house: for the message, and for where it was to go."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, insert, select, update
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.delivery import LONGEST_RETRY_AFTER, pause_after
from changetrack.domain.letters import Letter, to_json
from changetrack.domain.parcels import Message, Tried
from changetrack.domain.people import Actor
from changetrack.models import DeliveryAttempt, Endpoint, MessageSettings, OutboxMessage, User
from changetrack.operations._audit import record_audit

BETWEEN_SLACK_MESSAGES = timedelta(seconds=1)
SHORTEST_PROBE, LONGEST_PROBE = timedelta(seconds=5), timedelta(minutes=15)
AWAY_AT_LEAST = timedelta(seconds=20)
SWITCHED_OFF_AFTER = timedelta(days=5)


def is_mine(message: Message) -> ColumnElement[bool]:
    """Whether the lease of a message is still the one that its worker took, and nobody has dealt with it."""
    return and_(
        OutboxMessage.id == message.id,
        OutboxMessage.leased_until == message.leased_until,
        OutboxMessage.delivered_at.is_(None),
        OutboxMessage.dead_at.is_(None),
    )


def record_try(session: scoped_session[Session], tried: Tried) -> None:
    """Append a try to those of its message."""
    last = select(func.coalesce(func.max(DeliveryAttempt.seq), 0) + 1)
    number = last.where(DeliveryAttempt.message_id == tried.message.id).scalar_subquery()
    said = tried.error[:500] if tried.error else None
    row = {"tried_at": tried.tried_at, "took_ms": tried.took_ms, "status": tried.status, "error": said}
    session.execute(insert(DeliveryAttempt).values(message_id=tried.message.id, seq=number, **row))


def settle_message(session: scoped_session[Session], tried: Tried, now: datetime) -> str:
    """Mark a message as delivered, to be tried again, or given up; returns which.

    It is "passed" when its lease has passed to somebody else, who then settles it.
    """
    outcome, values = _fate(tried, now)
    settled = update(OutboxMessage).where(is_mine(tried.message)).values(leased_until=None, **values)
    return outcome if session.scalar(settled.returning(OutboxMessage.id)) is not None else "passed"


def settle_address(session: scoped_session[Session], tried: Tried, now: datetime) -> None:
    """Note that a person's address was refused for good; they see it, and can have it tried again."""
    values = {"email_failed_at": now, "email_error": (tried.error or "")[:500]}
    marked = update(MessageSettings).where(MessageSettings.user_id == tried.message.user_id).values(**values)
    if session.scalar(marked.returning(MessageSettings.user_id)) is None:
        session.add(MessageSettings(user_id=tried.message.user_id, version=0, choices={}, **values))
        session.flush()


def settle_endpoint(session: scoped_session[Session], tried: Tried, now: datetime) -> None:
    """Free an endpoint for its next message: at once, or when it has had its time; in the end switch it off.

    While it fails, one message at a time is tried, later and later; all others wait.
    """
    endpoint = session.get(Endpoint, tried.message.endpoint_id, with_for_update=True, populate_existing=True)
    if endpoint is None or endpoint.leased_until != tried.message.leased_until:
        return
    between = BETWEEN_SLACK_MESSAGES if endpoint.kind == "slack" else timedelta()
    endpoint.leased_until, endpoint.not_before = None, now + between
    if tried.error is None:
        endpoint.failing_since = None
        return
    endpoint.failing_since = endpoint.failing_since or now
    endpoint.not_before = max(endpoint.not_before, now + _probe(now - endpoint.failing_since, tried))
    if tried.is_gone or now - endpoint.failing_since >= SWITCHED_OFF_AFTER:
        _switch_off(session, endpoint, tried, now)


def _fate(tried: Tried, now: datetime) -> tuple[str, dict[str, Any]]:
    if tried.error is None:
        return "delivered", {"delivered_at": now, "last_error": None}
    said = {"last_error": tried.error[:2000]}
    if not tried.counts and not tried.is_final:
        later = now + max(tried.retry_after or timedelta(), _away(now - tried.message.created_at, tried.chance))
        return "failed", {**said, "due_at": later, "attempts": tried.message.attempts - 1}
    pause = pause_after(tried.message.attempts, tried.chance, permanent=tried.is_final)
    if pause is None:
        return "given_up", {**said, "dead_at": now}
    return "failed", {**said, "due_at": now + pause}


def _away(waited: timedelta, chance: float) -> timedelta:
    """After how long to look again whether anybody is there: the longer it has waited, the later."""
    return min(max(waited / 4, AWAY_AT_LEAST), LONGEST_PROBE) * (0.5 + chance)


def _probe(failing: timedelta, tried: Tried) -> timedelta:
    pause = min(max(failing / 2, SHORTEST_PROBE), LONGEST_PROBE) * (0.5 + tried.chance)
    return max(pause, min(tried.retry_after or timedelta(), LONGEST_RETRY_AFTER))


def _switch_off(session: scoped_session[Session], endpoint: Endpoint, tried: Tried, now: datetime) -> None:
    why = f"It failed since {endpoint.failing_since:%-d %b %Y}: {tried.error}"
    if tried.is_gone:
        why = f"It said that it is gone: {tried.error}"
    endpoint.disabled_at, endpoint.disabled_because = now, why[:300]
    endpoint.version += 1
    by = Actor.system("deliver")
    record_audit(
        session, subject=f"endpoint:{endpoint.id}", kind="endpoint_disabled", actor=by, now=now, changes={}, note=why
    )
    for user_id in _keepers(session, endpoint):
        session.add(_notice(endpoint, user_id, why, now))


def _keepers(session: scoped_session[Session], endpoint: Endpoint) -> list[int]:
    """Who can mend it: the administrators, or the person whose own it is."""
    query = select(User.id).where(User.disabled_at.is_(None)).order_by(User.id)
    is_theirs = User.id == endpoint.user_id if endpoint.user_id is not None else User.role == "admin"
    return list(session.scalars(query.where(is_theirs)))


def _notice(endpoint: Endpoint, user_id: int, why: str, now: datetime) -> OutboxMessage:
    path = "/me/messages" if endpoint.user_id is not None else "/admin/endpoints"
    letter = Letter(
        kind="test",
        title=f"{endpoint.name} was switched off: nothing is sent there any more",
        lead=why,
        why=("What waited for it was given up; it is kept, and can be sent again once it is switched on.",),
        action_label="Look at it",
        path=path,
    )
    key = f"endpoint:{endpoint.id}:off:{now:%Y%m%dT%H%M%S}:in_app:{user_id}"
    row = OutboxMessage(key=key, channel="in_app", kind="endpoint", user_id=user_id, payload=to_json(letter))
    row.created_at = row.due_at = now
    return row
