"""Looking at messages again before they are told: what is no longer so is not."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from changetrack.models import Account, Alert, OutboxMessage, User
from changetrack.operations._audience import SEE_ALL, Audience
from changetrack.operations._outbox import rung_of, told_of

GONE = "Not told: they can no longer sign in."
NOT_THEIRS = "Not told: somebody else answers for the account by then."
ABOUT_ALERTS = frozenset({"alert", "reminder", "escalation"})
"""Kinds of messages that ask a person to take one alert up."""

_LOOKED_AT = (
    select(
        OutboxMessage.id,
        OutboxMessage.key,
        OutboxMessage.kind,
        OutboxMessage.user_id,
        OutboxMessage.account_id,
        OutboxMessage.created_at,
        User.role,
        User.disabled_at,
        Account.team_id,
        Account.owner_id,
        Alert.state,
        Alert.acknowledged_at,
    )
    .join(User, User.id == OutboxMessage.user_id)
    .outerjoin(Alert, Alert.id == OutboxMessage.alert_id)
    .outerjoin(Account, Account.id == OutboxMessage.account_id)
)


def reasons_to_drop(
    session: scoped_session[Session], message_ids: Collection[int], audience: Audience | None = None
) -> dict[int, str]:
    """Return of these messages to persons those that should no longer be told, and why, by two statements.

    An alert that was resolved is told to nobody; what was written before it was taken up, or put off, urges nobody;
    and on a rung only who answers there now is told. What was decided is told in any case. `audience` are the people
    as they are known already. Source: DOMAIN section 6 (re-checked when sent).
    """
    rows = session.execute(_LOOKED_AT.where(OutboxMessage.id.in_(message_ids))).all()
    audience = audience or Audience(session)
    audience.learn_teams({row.team_id for row in rows if row.team_id is not None})
    found = {row.id: _why_drop(row, audience) for row in rows}
    return {message_id: why for message_id, why in found.items() if why}


def was_taken_up(alert: Any, written_at: datetime) -> bool:
    """Whether somebody has taken an alert up, or put it off, since a message about it was written."""
    taken_up_at = alert.acknowledged_at
    return alert.state == "snoozed" or (taken_up_at is not None and taken_up_at >= written_at)


def _why_drop(row: Any, audience: Audience) -> str | None:
    if row.disabled_at is not None:
        return GONE
    is_decision = told_of(row.key).startswith("decided")
    asks = row.kind in ABOUT_ALERTS and row.state is not None and not is_decision
    if row.state == "resolved" and not is_decision:
        return "Not told: the alert had been resolved by then."
    if asks and was_taken_up(row, row.created_at):
        return "Not told: somebody had taken the alert up by then."
    if row.account_id is not None and row.role not in SEE_ALL and row.user_id not in audience.of_team(row.team_id):
        return "Not told: the account is no longer theirs to see."
    return NOT_THEIRS if asks and not _is_on_rung(row, audience) else None


def _is_on_rung(row: Any, audience: Audience) -> bool:
    return any(one.id == row.user_id for one in audience.on_rung(row.team_id, row.owner_id, rung_of(row.key)))
