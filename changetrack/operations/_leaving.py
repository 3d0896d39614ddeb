"""What tells somebody of many accounts at once ends with their right to see these: a message of one ends by itself."""

from datetime import datetime

from sqlalchemy import delete, or_, update
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.letters import LISTS
from changetrack.domain.people import Action, Actor, may
from changetrack.models import Notification, OutboxMessage, User

WHY = "Not told: since it was written they may see fewer accounts."


def withdraw_lists(session: scoped_session[Session], user: User, now: datetime) -> None:
    """Take back the gathered alerts and digests of somebody who left a team or lost a role, told or not.

    Their alerts are listed still, as far as they may see them. Nothing for who sees every account. Source: OWASP ASVS
    5.0, 8.3.1.
    """
    session.flush()
    if may(Actor("user", user.id, user.name, role=user.role), Action.SEE_ALL):
        return
    unsent = (OutboxMessage.user_id == user.id, OutboxMessage.kind.in_(LISTS), OutboxMessage.delivered_at.is_(None))
    done = {"delivered_at": now, "dead_at": None, "leased_until": None, "dropped_because": WHY}
    session.execute(update(OutboxMessage).where(*unsent).values(**done))
    is_list = or_(*(Notification.key.startswith(f"{kind}:", autoescape=True) for kind in sorted(LISTS)))
    session.execute(delete(Notification).where(Notification.user_id == user.id, is_list))
