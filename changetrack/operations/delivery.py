"""Getting messages out of the outbox: claiming some, delivering them, noting what came of it, sending again."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.delivery import pause_after
from changetrack.domain.letters import from_json, short
from changetrack.domain.parcels import Message, Parcel, Tried
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused, Reason
from changetrack.models import Endpoint, Notification, OutboxMessage, db
from changetrack.operations import _claims
from changetrack.operations._attempts import is_mine, record_try, settle_address, settle_endpoint, settle_message
from changetrack.operations._lists import look_again
from changetrack.operations._transaction import transaction

SOON = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Claim:
    """What was claimed to be sent out of the house; `counts` says what became of the rest: dropped, given up.

    When nothing was there, `again_in` says after how long there will be, if that is soon.
    """

    parcels: tuple[Parcel, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    again_in: timedelta | None = None


def claim_messages(*, channel: str, limit: int, lease: timedelta, actor: Actor, now: datetime) -> list[Message]:
    """Lease up to `limit` messages of a channel that are due, longest due first: until then nobody else gets them.

    A worker that is lost loses its lease, and the same message with the same key goes to the next one.
    """
    del actor  # a job of the system
    if not _claims.is_any_waiting(_reader(), channel, now):
        return []
    with transaction() as session:
        return _claims.lease_oldest(session, channel, limit=limit, lease=lease, now=now)


def claim_letters(*, limit: int, lease: timedelta, actor: Actor, now: datetime) -> Claim:
    """Lease up to `limit` e-mails that are due; what is no longer so, or cannot arrive, is dropped with the reason."""
    del actor  # a job of the system
    if not _claims.is_any_waiting(_reader(), "email", now):
        return Claim()
    with transaction() as session:
        messages = _claims.lease_oldest(session, "email", limit=limit, lease=lease, now=now)
        boxes = _claims.mailboxes(session, {m.user_id for m in messages})
        told, reasons = look_again(session, messages)
        parcels = []
        for message in told:
            box = boxes[cast(int, message.user_id)]
            if isinstance(box, str):
                reasons.setdefault(message.id, box)
            elif message.id not in reasons:
                parcels.append(Parcel(message, box))
        _claims.drop(session, reasons, now)
        return Claim(tuple(parcels), {"dropped": len(reasons)})


def claim_for_endpoints(
    *, channel: str, limit: int, lease: timedelta, secrets: Sequence[str], actor: Actor, now: datetime
) -> Claim:
    """Lease the next message of each of up to `limit` endpoints that are free: one at a time is under way to each.

    `secrets` open their addresses. What goes to an endpoint that is switched off is given up; what is no longer so is
    dropped with the reason.
    """
    del actor  # a job of the system
    reader = _reader()
    is_due = _claims.free_endpoints(reader, channel, limit=1, now=now)
    if not is_due and not _claims.is_any_switched_off(reader, channel, now):
        soon = _claims.free_soon(reader, channel, now=now, within=SOON)
        return Claim(again_in=soon - now if soon is not None else None)
    with transaction() as session:
        endpoints = _claims.free_endpoints(session, channel, limit=limit, now=now, lock=True)
        hooks = _claims.readable(endpoints, secrets=secrets, now=now)
        free = [endpoint for endpoint, _ in hooks.values()]
        messages = _claims.lease_next_of(session, free, channel, until=now + lease, now=now)
        told, reasons = look_again(session, messages)
        _claims.drop(session, reasons, now)
        parcels = []
        for message in told:
            if message.id not in reasons:
                endpoint, hook = hooks[cast(int, message.endpoint_id)]
                endpoint.leased_until = message.leased_until
                parcels.append(Parcel(message, hook))
        session.flush()
        given_up = _claims.give_up_switched_off(session, channel, now)
        return Claim(tuple(parcels), {"dropped": len(reasons), "given_up": given_up})


def deliver_in_app(*, messages: Sequence[Message], actor: Actor, now: datetime) -> dict[str, int]:
    """Put claimed messages into the inboxes of the application and mark them done, in one transaction.

    Each is checked again first: what is no longer so, or no longer the person's to know, is dropped with the
    reason. Returns how many were delivered and how many dropped; those that somebody else has done count as neither.
    """
    del actor  # a job of the system
    with transaction() as session:
        mine = update(OutboxMessage).where(
            OutboxMessage.id.in_([m.id for m in messages]),
            OutboxMessage.delivered_at.is_(None),
            OutboxMessage.dead_at.is_(None),
        )
        done = set(session.scalars(mine.values(delivered_at=now, leased_until=None).returning(OutboxMessage.id)))
        told, reasons = look_again(session, [m for m in messages if m.id in done])
        rows = [_notification(m, now) for m in told if m.id not in reasons]
        if rows:
            _insert_once(session, rows)
        _claims.drop(session, reasons, now)
        return {"delivered": len(rows), "dropped": len(reasons)}


def note_tries(*, tries: Sequence[Tried], actor: Actor, now: datetime) -> dict[str, int]:
    """Note what came of some tries: delivered, to be tried again ("failed"), given up; returns how many of each.

    An address that is refused for good is marked. An endpoint that fails is tried again later and later, one message at
    a time, and switched off after five days. What somebody else has settled meanwhile is left alone.
    """
    del actor  # a job of the system
    counts: Counter[str] = Counter()
    with transaction() as session:
        for tried in tries:
            outcome = settle_message(session, tried, now)
            record_try(session, tried)
            if tried.message.endpoint_id is not None:
                settle_endpoint(session, tried, now)
            elif tried.is_address and outcome == "given_up":
                settle_address(session, tried, now)
            counts[outcome] += 1
    return {name: counts[name] for name in ("delivered", "failed", "given_up")}


def note_failure(*, message: Message, error: str, chance: float, actor: Actor, now: datetime) -> bool:
    """Note why a claimed message could not be delivered and when to try again; returns False when it is given up.

    `chance`, evenly drawn from 0 to 1, spreads the pause. Does nothing if the lease has passed to somebody else.
    """
    del actor  # a job of the system
    pause = pause_after(message.attempts, chance)
    outcome: dict[str, Any] = {"dead_at": now} if pause is None else {"due_at": now + pause}
    with transaction() as session:
        failed = update(OutboxMessage).where(is_mine(message))
        session.execute(failed.values(leased_until=None, last_error=error[:2000], **outcome))
    return pause is not None


def send_again(*, message_id: int, actor: Actor, now: datetime) -> None:
    """Send a message that was given up again; to an endpoint also one that was taken: with the same key.

    For administrators, and for the person whose own the endpoint is. Raises Forbidden, NotFound for a message that is
    still on its way or was dropped, OperationRefused while its endpoint is switched off.
    """
    with transaction() as session:
        query = select(OutboxMessage, Endpoint).outerjoin(Endpoint, Endpoint.id == OutboxMessage.endpoint_id)
        found = session.execute(query.where(OutboxMessage.id == message_id).with_for_update(of=OutboxMessage)).first()
        message, endpoint = found if found is not None else (None, None)
        is_own = endpoint is not None and endpoint.user_id is not None and endpoint.user_id == actor.user_id
        if not is_own and not may(actor, Action.ADMINISTER):
            raise Forbidden("Only administrators send messages again.")
        if message is None or not _can_go_again(message):
            raise NotFound("message")
        if endpoint is not None and endpoint.disabled_at is not None:
            raise OperationRefused([Reason(None, f"{endpoint.name} is switched off. Switch it on first.")])
        message.dead_at, message.delivered_at, message.leased_until = None, None, None
        message.attempts, message.due_at = 0, now


def _can_go_again(message: OutboxMessage) -> bool:
    was_taken = message.delivered_at is not None and message.dropped_because is None
    return message.dead_at is not None or (was_taken and message.endpoint_id is not None)


def _reader() -> scoped_session[Session]:
    """The session outside of a transaction of ours: it sees what is there now."""
    session = cast(scoped_session[Session], db.session)
    session.rollback()
    return session


def _notification(message: Message, now: datetime) -> dict[str, Any]:
    letter = from_json(message.payload)
    return {
        "key": message.key,
        "user_id": message.user_id,
        "account_id": message.account_id,
        "title": letter.title,
        "body": short(letter),
        "path": letter.path,
        "created_at": now,
    }


def _insert_once(session: scoped_session[Session], rows: list[dict[str, Any]]) -> None:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(dialect.insert(Notification).values(rows).on_conflict_do_nothing())
