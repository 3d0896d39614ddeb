"""What the night does to an alert that nobody takes up: it climbs the ladder, and who is on the next rung is told."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.alert_letters import AlertStory, alert_letter, escalation_letter, reminder_letter
from changetrack.domain.ladder import OWNER, REMINDER, next_rung_day, rung_on
from changetrack.domain.letters import Letter
from changetrack.models import Alert, OutboxMessage, User
from changetrack.operations._alerts import alert_happened
from changetrack.operations._announcements import announce
from changetrack.operations._audience import Listener
from changetrack.operations._dossier import Dossier
from changetrack.operations._ladder import alert_story, weight_of
from changetrack.operations._outbox import letter_messages, rung_of
from changetrack.queries.alert_words import said_today

Told = Mapping[int, Sequence[tuple[str, int, date]]]
"""Who was told of an alert before, by its number: (name, rung, day), oldest first."""


def climb(dossier: Dossier, told: Told) -> bool:
    """Let the account's alert climb to the highest rung that is due, and tell who is on it; says whether it did."""
    alert = dossier.ahead.alert if dossier.ahead is not None else None
    if alert is None or alert.rung_due_on is None or alert.rung_due_on > dossier.today:
        return False
    was = alert.rung
    alert.rung = max(was, rung_on(alert.fired_on, dossier.today, dossier.calendar))
    alert.rung_due_on = next_rung_day(alert.fired_on, alert.rung, dossier.calendar)
    if alert.rung == was:
        return False  # its calendar has changed since: the day has yet to come
    alert.reasons = said_today(alert.reasons, dossier.today, dossier.calendar)
    before = [each for each in told.get(alert.id, ()) if alert.fired_on <= each[2] < dossier.today]
    account = dossier.account
    for listener in dossier.audience.on_rung(account.team_id, account.owner_id, alert.rung):
        _tell(dossier, alert, listener, before)
    alert_happened(dossier, alert, "alert_escalated", {"rung": [was, alert.rung]})
    dossier.writes.events += dossier.events
    announce(dossier)
    return True


def told_before(session: scoped_session[Session], alert_ids: Iterable[int]) -> Told:
    """Who was told of these alerts, on which rung and when, by one statement."""
    query = (
        select(OutboxMessage.alert_id, OutboxMessage.key, OutboxMessage.run_on, User.name)
        .join(User, User.id == OutboxMessage.user_id)
        .where(OutboxMessage.alert_id.in_(list(alert_ids)), OutboxMessage.run_on.is_not(None))
        .where(or_(OutboxMessage.dropped_because.is_(None), ~OutboxMessage.dropped_because.startswith("Not told")))
        .order_by(OutboxMessage.id)
    )
    found: defaultdict[int, dict[tuple[str, int, date], None]] = defaultdict(dict)
    rows: Any = session.execute(query)
    for alert_id, key, day, name in rows:
        found[alert_id][name, rung_of(key), day] = None
    return {alert_id: tuple(each) for alert_id, each in found.items()}


def _tell(dossier: Dossier, alert: Alert, listener: Listener, before: Sequence[tuple[str, int, date]]) -> None:
    account, audience = dossier.account, dossier.audience
    owner = audience.person(account.owner_id)
    name = owner.name if owner else "nobody"
    story = alert_story(account, alert.reasons, alert.severity, owner=name, today=dossier.today)
    dossier.writes.messages += letter_messages(
        rung_letter(
            story,
            alert.rung,
            who=listener.name,
            fired_on=alert.fired_on,
            told=before,
            waited=dossier.calendar.elapsed(alert.fired_on, dossier.today),
        ),
        listener,
        audience.reach,
        dossier.rulebook.endpoints,
        key=f"alert:{alert.id}:rung-{alert.rung}-{alert.fired_on.isoformat()}",
        now=dossier.now,
        account_id=account.id,
        alert_id=alert.id,
        team_id=account.team_id,
        weight=weight_of(alert, account),
        held_for=dossier.today,
    )


def rung_letter(
    story: AlertStory, rung: int, *, who: str, fired_on: date, told: Sequence[tuple[str, int, date]], waited: int
) -> Letter:
    """What `who` is told on a rung, `waited` business days after the alert fired; `told` says who was before."""
    if rung == OWNER:
        return alert_letter(story, who=who)
    if rung == REMINDER:
        return reminder_letter(story, who=who, fired_on=fired_on)
    return escalation_letter(story, who=who, rung=rung, fired_on=fired_on, told=told, waited=waited)
