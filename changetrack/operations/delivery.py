"""Getting messages out of the outbox: claiming some, delivering in the application, failing, sending again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.delivery import pause_after
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Forbidden, NotFound
from changetrack.models import Account, Alert, Notification, OutboxMessage, TeamMember, User
from changetrack.operations._transaction import transaction


@dataclass(frozen=True, slots=True)
class Message:
    """A message that this worker has claimed until `leased_until`; `attempts` counts this one."""

    id: int
    key: str
    channel: str
    user_id: int
    account_id: int | None
    alert_id: int | None
    payload: Mapping[str, Any]
    attempts: int
    leased_until: datetime


def claim_messages(*, limit: int, lease: timedelta, actor: Actor, now: datetime) -> list[Message]:
    """Lease up to `limit` messages that are due, longest due first: until the lease ends, nobody else gets them.

    A worker that is lost loses its lease, and the same message with the same key goes to the next one.
    """
    del actor  # a job of the system
    waiting = (OutboxMessage.delivered_at.is_(None), OutboxMessage.dead_at.is_(None), OutboxMessage.due_at <= now)
    oldest = select(OutboxMessage.id).where(*waiting).order_by(OutboxMessage.due_at, OutboxMessage.id).limit(limit)
    with transaction() as session:
        ids = session.scalars(oldest.with_for_update(skip_locked=True)).all()
        claim = update(OutboxMessage).where(OutboxMessage.id.in_(ids), *waiting)
        until = now + lease
        claimed = claim.values(leased_until=until, due_at=until, attempts=OutboxMessage.attempts + 1)
        columns = [getattr(OutboxMessage, name) for name in Message.__slots__]
        return sorted((Message(*row) for row in session.execute(claimed.returning(*columns))), key=lambda m: m.id)


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
        reasons = _reasons_to_drop(session, done)
        rows = [_notification(m, now) for m in messages if m.id in done and m.id not in reasons]
        if rows:
            _insert_once(session, rows)
        for message_id, why in reasons.items():
            session.execute(update(OutboxMessage).where(OutboxMessage.id == message_id).values(last_error=why))
        return {"delivered": len(rows), "dropped": len(reasons)}


def note_failure(*, message: Message, error: str, chance: float, actor: Actor, now: datetime) -> bool:
    """Note why a claimed message could not be delivered and when to try again; returns False when it is given up.

    `chance`, evenly drawn from 0 to 1, spreads the pause. Does nothing if the lease has passed to somebody else.
    """
    del actor  # a job of the system
    pause = pause_after(message.attempts, chance)
    outcome: dict[str, Any] = {"dead_at": now} if pause is None else {"due_at": now + pause}
    with transaction() as session:
        is_mine = and_(OutboxMessage.id == message.id, OutboxMessage.leased_until == message.leased_until)
        failed = update(OutboxMessage).where(is_mine, OutboxMessage.delivered_at.is_(None))
        session.execute(failed.values(leased_until=None, last_error=error[:2000], **outcome))
    return pause is not None


def send_again(*, message_id: int, actor: Actor, now: datetime) -> None:
    """Give a message that was given up another round of attempts. Raises Forbidden, and NotFound if it was not."""
    if not may(actor, Action.ADMINISTER):
        raise Forbidden("Only administrators send messages again.")
    with transaction() as session:
        dead = update(OutboxMessage).where(OutboxMessage.id == message_id, OutboxMessage.dead_at.is_not(None))
        revived = dead.values(dead_at=None, leased_until=None, attempts=0, due_at=now)
        if session.scalar(revived.returning(OutboxMessage.id)) is None:
            raise NotFound("message")


def _notification(message: Message, now: datetime) -> dict[str, Any]:
    return {
        "key": message.key,
        "user_id": message.user_id,
        "account_id": message.account_id,
        "title": message.payload.get("title", "")[:300],
        "body": message.payload.get("body", ""),
        "created_at": now,
    }


def _insert_once(session: scoped_session[Session], rows: list[dict[str, Any]]) -> None:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(dialect.insert(Notification).values(rows).on_conflict_do_nothing())


def _reasons_to_drop(session: scoped_session[Session], message_ids: set[int]) -> dict[int, str]:
    """Of these messages, those that should no longer be told, and why."""
    sees_all = User.role.in_(("admin", "executive"))
    is_theirs = or_(OutboxMessage.account_id.is_(None), sees_all, TeamMember.user_id.is_not(None))
    query = (
        select(OutboxMessage.id, User.disabled_at, Alert.state, is_theirs.label("is_theirs"))
        .join(User, User.id == OutboxMessage.user_id)
        .outerjoin(Alert, Alert.id == OutboxMessage.alert_id)
        .outerjoin(Account, Account.id == OutboxMessage.account_id)
        .outerjoin(TeamMember, _membership())
        .where(OutboxMessage.id.in_(message_ids))
    )
    found = {row.id: _why_drop(row.disabled_at, row.state, row.is_theirs) for row in session.execute(query)}
    return {message_id: why for message_id, why in found.items() if why}


def _membership() -> ColumnElement[bool]:
    return and_(TeamMember.team_id == Account.team_id, TeamMember.user_id == OutboxMessage.user_id)


def _why_drop(disabled_at: datetime | None, alert_state: str | None, is_theirs: bool) -> str | None:
    if disabled_at is not None:
        return "Not told: they can no longer sign in."
    if alert_state == "resolved":
        return "Not told: the alert had been resolved by then."
    return None if is_theirs else "Not told: the account is no longer theirs to see."
