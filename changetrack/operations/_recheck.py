"""Looking at messages again before they are told: what is no longer so is not."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, scoped_session

from changetrack.models import Account, Alert, OutboxMessage, TeamMember, User

_URGING = ("reminder", "escalation")


def reasons_to_drop(session: scoped_session[Session], message_ids: Collection[int]) -> dict[int, str]:
    """Return of these messages to persons those that should no longer be told, and why, by one statement.

    An alert that was resolved is told to nobody; one that was taken up, or put off, urges nobody. Source: DOMAIN
    section 6 (re-checked when sent).
    """
    sees_all = User.role.in_(("admin", "executive"))
    is_theirs = or_(OutboxMessage.account_id.is_(None), sees_all, TeamMember.user_id.is_not(None))
    query = (
        select(OutboxMessage.id, OutboxMessage.kind, User.disabled_at, Alert.state, is_theirs.label("is_theirs"))
        .join(User, User.id == OutboxMessage.user_id)
        .outerjoin(Alert, Alert.id == OutboxMessage.alert_id)
        .outerjoin(Account, Account.id == OutboxMessage.account_id)
        .outerjoin(TeamMember, _membership())
        .where(OutboxMessage.id.in_(message_ids))
    )
    found = {row.id: _why_drop(row.kind, row.disabled_at, row.state, row.is_theirs) for row in session.execute(query)}
    return {message_id: why for message_id, why in found.items() if why}


def _membership() -> ColumnElement[bool]:
    return and_(TeamMember.team_id == Account.team_id, TeamMember.user_id == OutboxMessage.user_id)


def _why_drop(kind: str, disabled_at: datetime | None, alert_state: str | None, is_theirs: bool) -> str | None:
    if disabled_at is not None:
        return "Not told: they can no longer sign in."
    if alert_state == "resolved":
        return "Not told: the alert had been resolved by then."
    if kind in _URGING and alert_state in ("acknowledged", "snoozed"):
        return "Not told: somebody had taken the alert up by then."
    return None if is_theirs else "Not told: the account is no longer theirs to see."
