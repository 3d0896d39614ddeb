"""Reads about a person's messages inside the application."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, literal, or_, select, tuple_

from changetrack.domain.people import Actor, visible_teams
from changetrack.models import Account, Notification, db
from changetrack.queries.keyset import Cursor, read_cursor

PAGE = 50
_MESSAGES = "messages"


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message inside the application; `path` is the page where something can be done about it."""

    key: str
    account_id: int | None
    title: str
    body: str
    created_at: datetime
    is_read: bool
    path: str | None = None


@dataclass(frozen=True, slots=True)
class MessagePage:
    """A page of messages, newest first; `following` is the cursor of the next one, '' on the last."""

    messages: tuple[MessageRow, ...]
    following: str


def readable_messages(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    """The actor's own messages but for those about accounts that they may no longer see."""
    mine, teams = Notification.user_id == actor.user_id, visible_teams(actor)
    if teams is None:
        return (mine,)
    seen = select(Account.id).where(Account.id == Notification.account_id, Account.team_id.in_(teams))
    return (mine, or_(Notification.account_id.is_(None), seen.correlate(Notification).exists()))


def list_messages(*, actor: Actor, after: str = "", limit: int = PAGE) -> MessagePage:
    """Return a page of the actor's own messages about what they may see, newest first."""
    mine = select(Notification).where(*readable_messages(actor))
    cursor = read_cursor(after, _MESSAGES, (str,))
    if cursor is not None:
        last = select(Notification.created_at).where(Notification.key == cursor.values[0]).scalar_subquery()
        mine = mine.where(tuple_(Notification.created_at, Notification.key) < tuple_(last, literal(cursor.values[0])))
    newest = mine.order_by(Notification.created_at.desc(), Notification.key.desc())
    rows = db.session.scalars(newest.limit(limit + 1)).all()
    shown = tuple(
        MessageRow(row.key, row.account_id, row.title, row.body, row.created_at, row.read_at is not None, row.path)
        for row in rows[:limit]
    )
    return MessagePage(shown, Cursor(_MESSAGES, (shown[-1].key,)).text if len(rows) > limit else "")
