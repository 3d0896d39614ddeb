"""What the night does to an alert that nobody takes up: it climbs the ladder, and who is on the next rung is told."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.alert_letters import AlertStory, escalation_letter, reminder_letter
from changetrack.domain.ladder import TOP, next_rung_day, rung_on
from changetrack.domain.letters import Letter
from changetrack.models import Alert, OutboxMessage, User
from changetrack.operations._alerts import alert_happened
from changetrack.operations._announcements import announce
from changetrack.operations._audience import Listener
from changetrack.operations._dossier import Dossier
from changetrack.operations._ladder import alert_story, weight_of
from changetrack.operations._outbox import letter_messages
from changetrack.queries.alert_words import said_today

REMINDER, COORDINATOR, VSM = 1, 2, 3
_IN_ROLE = {COORDINATOR: "coordinator", VSM: "vsm", TOP: "vsm"}

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
    for listener in _on_rung(dossier, alert.rung):
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
        .order_by(OutboxMessage.id)
    )
    found: defaultdict[int, dict[tuple[str, int, date], None]] = defaultdict(dict)
    rows: Any = session.execute(query)
    for alert_id, key, day, name in rows:
        what = key.split(":")[2]
        rung = int(what.split("-")[1]) if what.startswith("rung-") else 0
        found[alert_id][name, rung, day] = None
    return {alert_id: tuple(each) for alert_id, each in found.items()}


def _on_rung(dossier: Dossier, rung: int) -> list[Listener]:
    """Who is told on a rung; where a role is vacant, who else leads the team."""
    audience, account = dossier.audience, dossier.account
    if rung == TOP and (executives := audience.executives()):
        return executives
    one = audience.in_role(account.team_id, account.owner_id, _IN_ROLE.get(rung))
    return [] if one is None else [one]


def _tell(dossier: Dossier, alert: Alert, listener: Listener, before: Sequence[tuple[str, int, date]]) -> None:
    account, audience = dossier.account, dossier.audience
    owner = audience.person(account.owner_id)
    name = owner.name if owner else "nobody"
    story = alert_story(account, alert.reasons, alert.severity, owner=name, today=dossier.today)
    dossier.writes.messages += letter_messages(
        _letter(story, alert, listener.name, before, dossier.calendar.elapsed(alert.fired_on, dossier.today)),
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


def _letter(story: AlertStory, alert: Alert, who: str, before: Sequence[tuple[str, int, date]], waited: int) -> Letter:
    if alert.rung == REMINDER:
        return reminder_letter(story, who=who, fired_on=alert.fired_on)
    return escalation_letter(story, who=who, rung=alert.rung, fired_on=alert.fired_on, told=before, waited=waited)
