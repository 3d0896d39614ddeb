"""Forgetting messages that were dealt with long ago; what is still to be sent, or could be written again, stays.

A message may go only when its key, which makes it one message for ever, can never be written again:

- of an alert: once that is resolved, since a resolved alert tells nobody anything, and one that an undo opens again
  goes on from the rung that it had reached, without those before (another time that it is stale is another alert); and
  once it is measured, which asks when somebody first heard of it;
- of a commitment: once none of its account is open, since each is told for each of its days that it is due;
- a digest: the table `digests` says that it was written, and is not touched;
- to a program: its key holds the number of an event of the append-only history;
- gathered, a test, or that an endpoint was switched off: its key holds the day or moment at which it was written.

A message of an inbox can be told again only while its row in the outbox waits, and that has been delivered since.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, delete, exists, or_, select

from changetrack.domain.people import Actor
from changetrack.models import OPEN_ALERT, OPEN_COMMITMENT, Alert, Commitment, Notification, OutboxMessage, User, db
from changetrack.operations._transaction import transaction


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many messages were deleted, and after which one to go on; None at the end."""

    messages: int
    after: int | None


def forget_messages(*, before: datetime, after: int, limit: int, actor: Actor, now: datetime) -> Forgotten:
    """Delete what was delivered or dropped before a moment, with its tries, among the next `limit` of the outbox.

    Rows are walked in the order in which they were written, by their primary key, up to the first page that is younger
    altogether. What waits, is held back or was given up stays, however old it is.
    """
    del actor, now  # a job of the system
    with transaction() as session:
        page = session.execute(_next(after, limit)).all()
        if all(row.created_at >= before for row in page):
            return Forgotten(0, None)
        last: int = page[-1].id
        is_here = (OutboxMessage.id > after, OutboxMessage.id <= last)
        gone = delete(OutboxMessage).where(*is_here, *_is_over(before)).returning(OutboxMessage.id)
        return Forgotten(len(session.scalars(gone).all()), last if len(page) == limit else None)


def forget_notifications(*, before: datetime, limit: int, actor: Actor, now: datetime) -> int:
    """Delete some messages of inboxes from before a moment; returns how many.

    What was not read stays, unless its reader can no longer sign in.
    """
    del actor, now  # a job of the system
    is_done = or_(Notification.read_at.is_not(None), User.disabled_at.is_not(None))
    some = select(Notification.key).join(User, User.id == Notification.user_id)
    old = db.session.scalars(some.where(Notification.created_at < before, is_done).limit(limit)).all()
    if not old:
        return 0  # found out without anybody having to wait
    with transaction() as session:
        gone = delete(Notification).where(Notification.key.in_(old)).returning(Notification.key)
        return len(session.scalars(gone).all())


def _next(after: int, limit: int) -> Select[int, datetime]:
    rows = select(OutboxMessage.id, OutboxMessage.created_at).where(OutboxMessage.id > after)
    return rows.order_by(OutboxMessage.id).limit(limit)


def _is_over(before: datetime) -> tuple[ColumnElement[bool], ...]:
    is_unmeasured = Alert.useful.is_(None) & Alert.useful_until.is_not(None)
    of_live_alert = exists().where(Alert.id == OutboxMessage.alert_id, or_(OPEN_ALERT, is_unmeasured))
    is_promised = exists().where(Commitment.account_id == OutboxMessage.account_id, OPEN_COMMITMENT)
    return (
        OutboxMessage.delivered_at < before,
        OutboxMessage.dead_at.is_(None),
        ~of_live_alert,
        or_(OutboxMessage.kind != "commitment", ~is_promised),
    )
