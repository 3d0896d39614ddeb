"""Staleness and what people answer to it: sweeping one account, acknowledging, snoozing, reading one's messages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, insert, not_, or_, select, update
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.alerts import acknowledge_reasons, snooze_reasons
from changetrack.domain.people import Action, Actor
from changetrack.domain.refusal import NotFound, StaleVersion, refuse_if
from changetrack.models import Account, Alert, AuditEvent, Event, Notification, Visit
from changetrack.operations._alerts import open_alert, tell
from changetrack.operations._dossier import CALENDAR, Dossier, lock_account, open_dossier
from changetrack.operations._history import event_row
from changetrack.operations._settle import current_reasons, settle
from changetrack.operations._transaction import transaction
from changetrack.operations._use_facts import look_at_use


@dataclass(frozen=True, slots=True)
class Swept:
    """What the night did to one account.

    `alert_events` are the kinds of the events about its alert, oldest first: alert_raised, alert_changed,
    alert_fired_again, alert_resolved. `is_ahead`: left alone, because it is on record beyond the day of the sweep.
    """

    alert_events: tuple[str, ...] = ()
    support_fell: bool = False
    is_ahead: bool = False


def sweep_account(*, account_id: int, actor: Actor, now: datetime, today: date, secret: str | None = None) -> Swept:
    """Settle one account as it is on `today`: evidence that ended, staleness, its alert, and its next due day.

    With the `secret` that hashes who uses the product, the points that counted use proves are looked at, too.
    Sweeping again the same day changes nothing. What was so already when a file brought the account in is listed,
    but nobody is told. Raises NotFound. Source: DOMAIN section 6.
    """
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        account = dossier.account
        if account.due_on is None or account.due_on > today:
            return Swept()  # another run was here first
        if today < account.standing_on:
            return Swept(is_ahead=True)
        look_at_use(dossier, secret)
        quiet, supported = _stems_from_import(dossier), account.supported_step
        alert = open_alert(dossier) if account.stale else None
        with session.no_autoflush:  # nothing here reads back what it has just written
            if alert is not None:
                alert.quiet = alert.quiet and quiet
                _fire_again_if_due(dossier, alert)
            settle(dossier, since=today, cause="The night found none of its reasons true.", at_night=True, quiet=quiet)
        if alert is not None and alert.state == "snoozed" and alert.snoozed_until is not None:
            _look_again(account, alert.snoozed_until)
        kinds = tuple(event["kind"] for event in dossier.events if event["kind"].startswith("alert_"))
        return Swept(kinds, support_fell=account.supported_step < supported)


def acknowledge_alert(
    *,
    alert_id: int,
    next_step: str,
    next_step_on: date | None,
    version: int,
    actor: Actor,
    now: datetime,
    today: date,
) -> None:
    """Take a firing alert up: name the next step that the customer will see, and its date.

    That stops the reminders, not the clock. `version` is the one that was shown. Raises NotFound, Forbidden,
    StaleVersion, OperationRefused with all that is missing. Source: DOMAIN section 6.
    """
    typed = {"next_step": next_step, "next_step_on": next_step_on}
    with transaction() as session:
        account, alert = _lock_alert(session, alert_id, actor)
        _refuse_stale(alert, version, typed)
        refuse_if(acknowledge_reasons(alert.state, next_step, next_step_on, today))
        changes: dict[str, list[object]] = {
            "state": [alert.state, "acknowledged"],
            "next_step_on": [_iso(alert.next_step_on), _iso(next_step_on)],
        }
        alert.state, alert.quiet, alert.version = "acknowledged", False, alert.version + 1
        alert.acknowledged_at, alert.acknowledged_by = now, actor.user_id
        alert.next_step, alert.next_step_on = next_step.strip(), next_step_on
        _append(session, account, "alert_acknowledged", actor, now, today, changes, alert.next_step)


def snooze_alert(
    *, alert_id: int, days: int | None, reason: str, version: int, actor: Actor, now: datetime, today: date
) -> date:
    """Let an acknowledged alert rest for up to ten business `days`; returns the day on which it fires again.

    At most two snoozes a visit; none changes the age, and a reason that joins ends it. Raises NotFound, Forbidden,
    StaleVersion, OperationRefused with all that speaks against it. Source: DOMAIN section 6.
    """
    with transaction() as session:
        account, alert = _lock_alert(session, alert_id, actor)
        _refuse_stale(alert, version, {"days": days, "reason": reason})
        refuse_if(snooze_reasons(alert.state, days, reason, _snoozes_in_visit(session, alert)))
        until = CALENDAR.add(today, days or 1)
        alert.state, alert.version, alert.snoozes = "snoozed", alert.version + 1, alert.snoozes + 1
        alert.snoozed_until, alert.snooze_reason = until, reason.strip()
        _look_again(account, until)
        changes: dict[str, list[object]] = {
            "state": ["acknowledged", "snoozed"],
            "snoozed_until": [None, until.isoformat()],
        }
        _append(session, account, "alert_snoozed", actor, now, today, changes, alert.snooze_reason)
        return until


def mark_read(*, key: str | None = None, actor: Actor, now: datetime) -> int:
    """Note that the actor has read a message of theirs, or without `key` all of them; returns how many were unread.

    Raises NotFound for a message that is somebody else's or does not exist.
    """
    mine = Notification.user_id == actor.user_id
    with transaction() as session:
        if key is not None:
            mine = mine & (Notification.key == key)
            if session.scalar(select(Notification.key).where(mine)) is None:
                raise NotFound("message")
        unread = update(Notification).where(mine, Notification.read_at.is_(None)).values(read_at=now)
        return len(session.execute(unread.returning(Notification.key)).all())


def _was_import(moment: Any) -> ColumnElement[bool]:
    """Whether a file was read in at that very moment: what an import writes, it writes with one time."""
    return exists().where(AuditEvent.recorded_at == moment, AuditEvent.subject.startswith("import:"))


_IS_WORK = and_(
    Event.account_id == Visit.account_id,
    Event.recorded_at >= Visit.recorded_at,
    not_(or_(Event.kind.endswith("imported"), Event.actor.startswith("system:"), _was_import(Event.recorded_at))),
)
_HOW_IT_CAME = select(
    Visit.recorded_at,
    or_(Visit.kind == "imported", _was_import(Visit.recorded_at)).label("by_file"),
    exists().where(_IS_WORK).label("worked_on"),
).where(Visit.account_id == bindparam("account_id"), Visit.seq == bindparam("seq"))


def _stems_from_import(dossier: Dossier) -> bool:
    """Whether today's reasons all were true when a file told of this visit, and nobody worked on it since."""
    current = {"account_id": dossier.account.id, "seq": dossier.account.visit_seq}
    visit = dossier.session.execute(_HOW_IT_CAME, current).first()
    if visit is None or not visit.by_file or visit.worked_on:
        return False
    return all(reason.since <= visit.recorded_at.date() for reason in current_reasons(dossier))


def _fire_again_if_due(dossier: Dossier, alert: Alert) -> None:
    """Wake a snoozed alert on its day, unless nothing is left of its reasons."""
    until = alert.snoozed_until
    if alert.state != "snoozed" or until is None or until > dossier.today or not current_reasons(dossier):
        return
    alert.state, alert.snoozed_until, alert.version = "firing", None, alert.version + 1
    changes = {"state": ["snoozed", "firing"], "snoozed_until": [until.isoformat(), None]}
    dossier.happened("alert_fired_again", effective_on=dossier.today, changes=changes)
    tell(dossier, alert, f"again-{until.isoformat()}")


def _look_again(account: Account, day: date) -> None:
    """Have the night look at the account on that day at the latest."""
    account.due_on = day if account.due_on is None else min(account.due_on, day)


def _lock_alert(session: scoped_session[Session], alert_id: int, actor: Actor) -> tuple[Account, Alert]:
    """Lock an alert by its account, as every operation does; NotFound for another team's."""
    account_id = session.scalar(select(Alert.account_id).where(Alert.id == alert_id))
    if account_id is None:
        raise NotFound("alert")
    account = lock_account(session, account_id, actor, Action.WORK)
    return account, session.get_one(Alert, alert_id, populate_existing=True)


def _refuse_stale(alert: Alert, version: int, typed: Mapping[str, object]) -> None:
    if alert.version != version:
        shown = ("state", "next_step", "next_step_on", "snoozed_until", "version")
        raise StaleVersion(current={name: getattr(alert, name) for name in shown}, typed=typed)


def _snoozes_in_visit(session: scoped_session[Session], alert: Alert) -> int:
    of_visit = (Alert.account_id == alert.account_id, Alert.visit_seq == alert.visit_seq)
    return session.scalar(select(func.coalesce(func.sum(Alert.snoozes), 0)).where(*of_visit)) or 0


def _append(
    session: scoped_session[Session],
    account: Account,
    kind: str,
    actor: Actor,
    now: datetime,
    today: date,
    changes: Mapping[str, list[object]],
    note: str | None,
) -> None:
    row = event_row(account, kind, actor=actor, effective_on=today, now=now, changes=changes, note=note)
    session.execute(insert(Event), [row])


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
