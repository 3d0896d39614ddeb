"""What people answer to an alert: taking it up, letting it rest, deciding about it; and reading one's messages."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.alerts import acknowledge_reasons, snooze_reasons
from changetrack.domain.journey.timeline import Span
from changetrack.domain.ladder import WORDS_MAX, decision_reasons
from changetrack.domain.people import Action, Actor
from changetrack.domain.refusal import NotFound, Reason, StaleVersion, refuse_if
from changetrack.models import Alert, Notification
from changetrack.operations._alerts import alert_happened
from changetrack.operations._audience import Reach
from changetrack.operations._commitments import add_commitment, commitment_reasons
from changetrack.operations._decisions import tell_decision, what_was_decided
from changetrack.operations._dossier import Dossier, open_dossier
from changetrack.operations._ladder import stop_ladder
from changetrack.operations._proposals import active_team
from changetrack.operations._settle import settle
from changetrack.operations._texts import NOTE, text_reasons
from changetrack.operations._transaction import transaction
from changetrack.operations.journey._stops import end_journey, put_on_hold

_INSIDE = frozenset({"in_app"})


def acknowledge_alert(
    *,
    alert_id: int,
    next_step: str,
    next_step_on: date | None,
    version: int,
    owner_user_id: int | None = None,
    actor: Actor,
    now: datetime,
    today: date,
) -> None:
    """Take a firing alert up: name the next step that the customer will see, its date, and whose word it is.

    It becomes a commitment of `owner_user_id` (of the account's team; without one the account's owner, or else the
    actor), whose missing is a reason of its own. That stops the ladder, not the clock, and not beyond REST_MAX_DAYS
    business days after the day named here. `version` is the one that was shown. Raises NotFound, Forbidden,
    StaleVersion, OperationRefused with all that is missing.
    Source: DOMAIN section 6.
    """
    typed = {"next_step": next_step, "next_step_on": next_step_on}
    with transaction() as session:
        dossier, alert = _opened(session, alert_id, Action.WORK, actor, now, today)
        _refuse_stale(alert, version, typed)
        owner_id = _owner(dossier, owner_user_id)
        refuse_if(
            acknowledge_reasons(alert.state, next_step, next_step_on, today, dossier.calendar)
            + _step_reasons(dossier, next_step, next_step_on, owner_id)
        )
        _take_up(dossier, alert, next_step, next_step_on, owner_id)
        settle(dossier, since=today, cause="It was taken up, and by then none of its reasons was true.")


def snooze_alert(
    *, alert_id: int, days: int | None, reason: str, version: int, actor: Actor, now: datetime, today: date
) -> date:
    """Let an acknowledged alert rest for up to ten business `days`; returns the day on which it fires again.

    At most two snoozes a visit; none changes the age, and a reason that joins ends it. Raises NotFound, Forbidden,
    StaleVersion, OperationRefused with all that speaks against it. Source: DOMAIN section 6.
    """
    with transaction() as session:
        dossier, alert = _opened(session, alert_id, Action.WORK, actor, now, today)
        _refuse_stale(alert, version, {"days": days, "reason": reason})
        refuse_if(
            snooze_reasons(alert.state, days, reason, _snoozes_in_visit(session, alert))
            + text_reasons({"reason": reason}, {"reason": NOTE})
        )
        until = dossier.calendar.add(today, days or 1)
        alert.state, alert.version, alert.snoozes = "snoozed", alert.version + 1, alert.snoozes + 1
        alert.snoozed_until, alert.snooze_reason = until, reason.strip()
        changes = {"state": ["acknowledged", "snoozed"], "snoozed_until": [None, until.isoformat()]}
        alert_happened(dossier, alert, "alert_snoozed", changes, note=alert.snooze_reason)
        settle(dossier, since=today, cause="It was put off, and by then none of its reasons was true.")
        return until


def decide_alert(
    *,
    alert_id: int,
    decision: str,
    words: str,
    until: date | None = None,
    next_step: str = "",
    next_step_on: date | None = None,
    owner_user_id: int | None = None,
    outcome: str = "",
    version: int,
    channels: frozenset[str] = _INSIDE,
    zone: tzinfo = UTC,
    actor: Actor,
    now: datetime,
    today: date,
) -> None:
    """Decide, as an executive, about an alert that came up the whole ladder: one of DECISIONS.

    'revive': `words` say what changes in the plan; `next_step`, its date and its owner, somebody of the team, become a
    commitment, and the alert is taken up. 'park': the account is put on hold for the reason `words`, and looked at
    again on the day `until`. 'close': its journey ends with an `outcome` of CLOSE_OUTCOMES, and `words`. It is the very
    same as a hold or a closing by the team, and the history keeps whose decision it was. The owner and who leads the
    team are told, by those of the `channels` that they chose. Raises NotFound, Forbidden (nobody decides in an
    executive's place), StaleVersion, OperationRefused with all that is missing.
    Source: DOMAIN section 6.
    """
    typed = {"decision": decision, "words": words}
    with transaction() as session:
        reach = Reach(channels, zone)
        dossier, alert = _opened(session, alert_id, Action.DECIDE, actor, now, today, reach)
        _refuse_stale(alert, version, typed)
        owner_id = _owner(dossier, owner_user_id)
        reasons = decision_reasons(
            decision,
            status=alert.state,
            rung=alert.rung,
            decided=alert.decision,
            words=words,
            until=until,
            today=today,
        )
        if decision == "revive":
            reasons += acknowledge_reasons("firing", next_step, next_step_on, today, dossier.calendar)
            reasons += _step_reasons(dossier, next_step, next_step_on, owner_id)
        refuse_if(reasons or text_reasons({"words": words}, {"words": WORDS_MAX}))
        alert.decision, alert.decided_at, alert.decided_by = decision, now, actor.user_id
        stop_ladder(alert)
        alert_happened(dossier, alert, "alert_decided", {"decision": [None, decision]}, note=words.strip())
        step = (next_step, owner_id, next_step_on)
        tell_decision(dossier, alert, what_was_decided(dossier, decision, words, step, until=until, outcome=outcome))
        spans: Sequence[Span] = ()
        if decision == "revive":
            _take_up(dossier, alert, next_step, next_step_on, owner_id)
        elif decision == "park":
            spans = put_on_hold(dossier, words, until, today)
        else:
            spans = end_journey(dossier, outcome, words, today)
        settle(dossier, since=today, spans=spans, cause=_CAUSES[decision])


_CAUSES = {
    "revive": "The plan was changed.",
    "park": "An executive put the account on hold.",
    "close": "An executive closed the account.",
}


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


def _opened(
    session: scoped_session[Session],
    alert_id: int,
    action: Action,
    actor: Actor,
    now: datetime,
    today: date,
    reach: Reach | None = None,
) -> tuple[Dossier, Alert]:
    """An alert with its account, locked by it as every operation does; NotFound for another team's."""
    account_id = session.scalar(select(Alert.account_id).where(Alert.id == alert_id))
    if account_id is None:
        raise NotFound("alert")
    dossier = open_dossier(session, account_id, actor=actor, action=action, now=now, today=today, reach=reach)
    return dossier, session.get_one(Alert, alert_id, populate_existing=True)


def _owner(dossier: Dossier, chosen: int | None) -> int | None:
    """Whose word the next step is: who was chosen, else the account's owner, else who takes the alert up."""
    team = active_team(dossier)
    unasked = (dossier.account.owner_id, dossier.actor.user_id, *team)
    return chosen if chosen is not None else next((user_id for user_id in unasked if user_id in team), None)


def _step_reasons(dossier: Dossier, next_step: str, on: date | None, owner_id: int | None) -> list[Reason]:
    """What speaks against the next step as a commitment, but for what `acknowledge_reasons` says of it."""
    own = {"action": "next_step", "due_on": "next_step_on"}
    reasons = commitment_reasons(dossier, action=next_step, owner_user_id=owner_id, due_on=on)
    return [
        Reason(own.get(reason.field or "", reason.field), reason.message)
        for reason in reasons
        if (reason.field != "action" or next_step.strip()) and (reason.field != "due_on" or _may_be_due(dossier, on))
    ]


def _may_be_due(dossier: Dossier, on: date | None) -> bool:
    return on is not None and on >= dossier.today


def _take_up(dossier: Dossier, alert: Alert, next_step: str, on: date | None, owner_id: int | None) -> None:
    """Acknowledge an alert against which nothing speaks: its next step becomes a commitment."""
    add_commitment(dossier, action=next_step, owner_user_id=owner_id, due_on=on, alert_id=alert.id)
    changes = {"state": [alert.state, "acknowledged"], "next_step_on": [_iso(alert.next_step_on), _iso(on)]}
    alert.state, alert.quiet, alert.version = "acknowledged", False, alert.version + 1
    alert.acknowledged_at, alert.acknowledged_by = dossier.now, dossier.actor.user_id
    alert.next_step, alert.next_step_on, alert.promised_on = next_step.strip(), on, on
    stop_ladder(alert)
    alert_happened(dossier, alert, "alert_acknowledged", changes, note=alert.next_step)


def _refuse_stale(alert: Alert, version: int, typed: Mapping[str, object]) -> None:
    if alert.version != version:
        shown = ("state", "next_step", "next_step_on", "snoozed_until", "version")
        raise StaleVersion(current={name: getattr(alert, name) for name in shown}, typed=typed)


def _snoozes_in_visit(session: scoped_session[Session], alert: Alert) -> int:
    of_visit = (Alert.account_id == alert.account_id, Alert.visit_seq == alert.visit_seq)
    return session.scalar(select(func.coalesce(func.sum(Alert.snoozes), 0)).where(*of_visit)) or 0


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
