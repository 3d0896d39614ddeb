"""What is told of an alert that changed hands: its words are made when it is told, from how it stands then."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.alert_letters import handed_over
from changetrack.domain.letters import Letter
from changetrack.models import Account, Alert, OutboxMessage
from changetrack.operations._audience import Audience
from changetrack.operations._ladder import alert_story
from changetrack.operations._night_ladder import Told, rung_letter, told_before
from changetrack.operations._outbox import HANDED, rung_of, told_of
from changetrack.queries.alert_words import said_today
from changetrack.queries.work_calendars import Calendars, load_calendars

log = structlog.get_logger("changetrack.jobs")


@dataclass(frozen=True, slots=True)
class Handed:
    """What somebody is told to whom an alert was handed over at a moment (`at`), and what it is about."""

    letter: Letter
    at: datetime
    alert_id: int
    account_id: int
    team_id: int | None


def is_handed(key: str) -> bool:
    """Whether a message is to somebody who answers for an alert since it changed hands."""
    return told_of(key).startswith(HANDED)


def handed_letters(
    session: scoped_session[Session], message_ids: Collection[int], audience: Audience, day: date
) -> Mapping[int, Handed]:
    """What these messages tell as it reads on `day`, by a few statements whatever their number."""
    if not message_ids:
        return {}
    query = (
        select(OutboxMessage.id, OutboxMessage.key, OutboxMessage.user_id, OutboxMessage.created_at, Alert, Account)
        .join(Alert, Alert.id == OutboxMessage.alert_id)
        .join(Account, Account.id == Alert.account_id)
        .where(OutboxMessage.id.in_(message_ids))
        .order_by(OutboxMessage.id)
    )
    rows = session.execute(query).all()
    audience.learn_people({row.Account.owner_id for row in rows if row.Account.owner_id is not None})
    told, calendars = told_before(session, [row.Alert.id for row in rows]), load_calendars()
    found = {}
    for row in rows:
        try:
            letter = _letter(row, audience, told, calendars, day)
        except (AttributeError, KeyError, TypeError, ValueError):
            letter = bare_letter(row.id, row.Alert.id)
        found[row.id] = Handed(letter, row.created_at, row.Alert.id, row.Account.id, row.Account.team_id)
    return found


def bare_letter(message_id: int, alert_id: int) -> Letter:
    """No more than that there is an alert, while the reason is handled why it cannot be told, so that it holds up
    nobody.
    """
    log.exception("letter_unreadable", message_id=message_id)
    return Letter(kind="alert", title="An account needs you", lead="", path=f"/alerts/{alert_id}")


def _letter(row: Any, audience: Audience, told: Told, calendars: Calendars, day: date) -> Letter:
    alert: Alert = row.Alert
    account: Account = row.Account
    calendar = calendars.of(account.calendar_id, account.blackout_days)
    owner, listener = audience.person(account.owner_id), audience.person(row.user_id)
    reasons = said_today(alert.reasons, day, calendar)
    letter = rung_letter(
        alert_story(account, reasons, alert.severity, owner=owner.name if owner else "nobody", today=day),
        rung_of(row.key),
        who=listener.name if listener else "",
        fired_on=alert.fired_on,
        told=[each for each in told.get(alert.id, ()) if alert.fired_on <= each[2] <= day],
        waited=calendar.elapsed(alert.fired_on, day),
    )
    return handed_over(letter, path=f"/alerts/{alert.id}")
