"""What programs are told of an operation: each event of an account's history that an endpoint asked for."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import select

from changetrack.domain.ladder import RUNGS
from changetrack.domain.webhook_events import account_data, alert_data, commitment_data, event_body, move_data
from changetrack.models import OPEN_COMMITMENT, Alert, Commitment
from changetrack.operations._dossier import Dossier
from changetrack.operations._outbox import event_messages

ALERT_EVENTS = {
    "alert_raised": "alert.raised",
    "alert_changed": "alert.changed",
    "alert_fired_again": "alert.changed",
    "alert_escalated": "alert.escalated",
    "alert_acknowledged": "alert.acknowledged",
    "alert_decided": "alert.decided",
    "alert_snoozed": "alert.snoozed",
    "alert_resolved": "alert.resolved",
    "alert_reopened": "alert.changed",
}
MOVES = {
    "account_opened": "open",
    "account_advanced": "advance",
    "account_excepted": "except",
    "account_regressed": "regress",
    "account_held": "hold",
    "account_resumed": "resume",
    "account_closed": "close",
    "account_reopened": "reopen",
}
COMMITMENTS = {"commitment_met": "commitment.met", "commitment_reopened": "commitment.reopened"}
Told = Callable[[], Mapping[str, Any]]
_OVERDUE = "overdue_commitment"


def announce(dossier: Dossier) -> None:
    """Put what programs asked to hear into the outbox; nothing is read where nobody asked for anything."""
    hooks = [endpoint for endpoint in dossier.rulebook.endpoints if endpoint.kind == "webhook"]
    if not hooks:
        return
    account, asked = dossier.account, frozenset().union(*(endpoint.events for endpoint in hooks))
    for event in dossier.events:
        for name, told in _told(dossier, event):
            if name in asked:
                dossier.writes.messages += event_messages(
                    name,
                    f"{account.id}.{event['seq']}.{name}",
                    hooks,
                    account_id=account.id,
                    team_id=account.team_id,
                    now=dossier.now,
                    body=partial(_body, name, dossier.now, _account(dossier), told),
                )


def _told(dossier: Dossier, event: Mapping[str, Any]) -> list[tuple[str, Told]]:
    """What an event of the history is for programs: its name for them, and what it tells of."""
    kind = event["kind"]
    if kind in MOVES:
        return [("account.moved", partial(_move, dossier, event))]
    if kind in COMMITMENTS:
        before, after = event["changes"]["commitment"]
        return [(COMMITMENTS[kind], partial(_commitment, dossier, before or after))]
    alert = dossier.alerts.get(event["seq"])
    if alert is None or alert.quiet or kind not in ALERT_EVENTS:
        return []
    told: list[tuple[str, Told]] = [(ALERT_EVENTS[kind], partial(_alert, alert, event))]
    before, after = event["changes"].get("reasons", ((), ()))
    if _OVERDUE in after and _OVERDUE not in before:
        told.append(("commitment.missed", partial(_commitment, dossier, None)))
    return told


def _body(name: str, now: datetime, account: Mapping[str, Any], told: Told) -> Mapping[str, Any]:
    return event_body(name, timestamp=now, data={"account": account, **told()})


def _account(dossier: Dossier) -> dict[str, Any]:
    account, audience = dossier.account, dossier.audience
    owner = audience.person(account.owner_id)
    return account_data(
        id=account.id,
        external_id=account.external_id,
        name=account.name,
        organization=account.organization,
        product=account.product,
        claimed_step=account.claimed_step,
        supported_step=account.supported_step,
        status=account.status,
        owner=owner.name if owner else None,
        team=audience.team_name(account.team_id),
        path=f"/accounts/{account.id}",
    )


def _alert(alert: Alert, event: Mapping[str, Any]) -> dict[str, Any]:
    _, decision = event["changes"].get("decision", (None, None))
    return ({"decision": decision, "words": event["note"]} if decision else {}) | {
        "alert": alert_data(
            id=alert.id,
            state=alert.state,
            severity=alert.severity,
            step=alert.step,
            fired_on=alert.fired_on,
            rung=RUNGS[alert.rung].name,
            reasons=[
                (name, date.fromisoformat(said["since"]), said["why"], str(said["rule"]))
                for name, said in alert.reasons.items()
            ],
            next_step=alert.next_step,
            next_step_on=alert.next_step_on,
            snoozed_until=alert.snoozed_until,
            resolved_because=alert.resolved_because,
        )
    }


def _move(dossier: Dossier, event: Mapping[str, Any]) -> dict[str, Any]:
    step = dossier.account.claimed_step
    before, after = event["changes"].get("claimed_step", (step, step))
    reason = event["note"]
    moved = {"kind": MOVES[event["kind"]], "effective_on": event["effective_on"], "reason": reason}
    return {"move": move_data(from_step=before or 0, to_step=after, **moved)}


def _commitment(dossier: Dossier, seq: int | None) -> dict[str, Any]:
    """A commitment by its number; without one the open one that was due first."""
    mine = Commitment.account_id == dossier.account.id
    which = (OPEN_COMMITMENT,) if seq is None else (Commitment.seq == seq,)
    row = dossier.session.scalars(
        select(Commitment).where(mine, *which).order_by(Commitment.due_on, Commitment.seq).limit(1)
    ).one()
    return {
        "commitment": commitment_data(
            seq=row.seq,
            action=row.action,
            owner=row.owner_name,
            due_on=row.due_on,
            state=row.state,
            ended_on=row.ended_on,
            result=row.result,
        )
    }
