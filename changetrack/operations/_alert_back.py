"""An alert that goes on as it was, since the commitment whose being met had ended it was not met after all."""

from datetime import datetime

from sqlalchemy import exists, select

from changetrack.domain.ladder import next_rung_day
from changetrack.models import Alert, Event
from changetrack.operations._alerts import alert_happened
from changetrack.operations._commitments import still_counts
from changetrack.operations._dossier import Dossier
from changetrack.operations._settle import current_reasons

_STATES = {
    "alert_raised": "firing",
    "alert_fired_again": "firing",
    "alert_acknowledged": "acknowledged",
    "alert_snoozed": "snoozed",
}


def bring_alert_back(dossier: Dossier) -> None:
    """Open the visit's newest alert again, if what resolved it was taken back and one of its reasons is true without.

    It goes on from the rung that it had reached, and nobody is told of it anew. To be called once the clocks are set
    back and before the account is settled.
    """
    account, session = dossier.account, dossier.session
    mine = select(Alert).where(Alert.account_id == account.id).order_by(Alert.id.desc()).limit(1)
    alert = session.scalar(mine)
    if alert is None or alert.resolved_at is None or alert.visit_seq != account.visit_seq:
        return
    if not _was_taken_back(dossier, alert.resolved_at) or not _is_true(dossier, alert):
        return
    alert.state, alert.resolved_at, alert.resolved_because = _state_before(dossier, alert), None, None
    if alert.state == "firing" and not alert.quiet:
        alert.rung_due_on = next_rung_day(alert.fired_on, alert.rung, dossier.calendar)
    alert.version += 1
    account.stale, account.severity = True, alert.severity
    session.flush()
    changes: dict[str, list[object]] = {"state": ["resolved", alert.state]}
    alert_happened(dossier, alert, "alert_reopened", changes, note="The commitment that ended it was not met.")


def _was_taken_back(dossier: Dossier, at: datetime) -> bool:
    """Whether what happened at that moment is a commitment's being met that counts no more."""
    met = (Event.account_id == dossier.account.id, Event.kind == "commitment_met", Event.recorded_at == at)
    return bool(dossier.session.scalar(select(exists().where(*met, ~still_counts()))))


def _is_true(dossier: Dossier, alert: Alert) -> bool:
    return any(each.reason in alert.reasons for each in current_reasons(dossier))


def _state_before(dossier: Dossier, alert: Alert) -> str:
    """In which state an alert was when it was resolved, by its history."""
    answered = (Event.account_id == alert.account_id, Event.recorded_at >= alert.raised_at, Event.kind.in_(_STATES))
    kind = dossier.session.scalar(select(Event.kind).where(*answered).order_by(Event.seq.desc()).limit(1))
    return _STATES.get(kind or "", "firing")
