"""Keeping an account's one open alert in step with its reasons, and writing down whom to tell."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, case, select

from changetrack.domain.alerts import StaleReason, ends_snooze, severity
from changetrack.domain.journey.steps import step_name
from changetrack.models import Account, Alert, OutboxMessage, TeamMember, User
from changetrack.operations._dossier import Dossier

RANKS = {"critical": 0, "warning": 1, "notice": 2}


def follow_alert(dossier: Dossier, reasons: Sequence[StaleReason], *, cause: str, at_night: bool, quiet: bool) -> bool:
    """Resolve, narrow, widen or raise the account's alert as its reasons ask for; says whether one is open.

    By day an alert only narrows or resolves; reasons that are newly true wait for the night. A `quiet` alert is
    listed but tells nobody: it stems from what was imported.
    """
    alert = open_alert(dossier) if dossier.account.stale or at_night else None
    if alert is not None and (not reasons or alert.visit_seq != dossier.account.visit_seq):
        _resolve(dossier, alert, cause)
        alert = None
    if alert is not None:
        alert.team_id, alert.stake_rank = dossier.account.team_id, stake_rank(dossier.account)
        _update(dossier, alert, reasons, may_join=at_night)
    elif reasons and at_night:
        _raise(dossier, reasons, quiet=quiet)
        return True
    if alert is None:
        dossier.account.severity = None
    return alert is not None


def stake_rank(account: Account) -> int:
    """The account's place by the value at stake: minus its value in minor units, so that the dearest come first."""
    return -(account.annual_value or 0)


def open_alert(dossier: Dossier) -> Alert | None:
    """The account's open alert, None if there is none."""
    query = select(Alert).where(Alert.account_id == dossier.account.id, Alert.state != "resolved")
    return dossier.session.scalar(query)


def _raise(dossier: Dossier, reasons: Sequence[StaleReason], *, quiet: bool) -> None:
    account = dossier.account
    grave = severity(reasons)
    alert = Alert(
        account_id=account.id,
        team_id=account.team_id,
        visit_seq=account.visit_seq,
        step=account.claimed_step,
        state="firing",
        severity=grave,
        severity_rank=RANKS[grave],
        reasons=_as_json(dossier, reasons),
        stake_rank=stake_rank(account),
        quiet=quiet,
        raised_on=dossier.today,
        raised_at=dossier.now,
    )
    dossier.session.add(alert)
    dossier.session.flush()
    account.severity = grave
    dossier.happened(
        "alert_raised",
        effective_on=dossier.today,
        changes={"reasons": [[], [r.reason for r in reasons]]},
        note=" ".join(r.why for r in reasons),
    )
    if not quiet:
        tell(dossier, alert, "raised")


def _update(dossier: Dossier, alert: Alert, reasons: Sequence[StaleReason], *, may_join: bool) -> None:
    before, found = dict(alert.reasons), _as_json(dossier, reasons)
    after = {
        name: _merged(before.get(name), new, may_join) for name, new in found.items() if may_join or name in before
    }
    if after == before:
        return
    alert.reasons = after
    joined = {name for name in after if name not in before}
    urging = {name for name in after if after[name]["urges"] and not before.get(name, {}).get("urges")}
    if set(after) != set(before) or urging:
        grave = severity(after)
        alert.severity, alert.severity_rank, dossier.account.severity = grave, RANKS[grave], grave
        alert.version += 1
        dossier.happened(
            "alert_changed",
            effective_on=dossier.today,
            changes={"reasons": [list(before), list(after)]},
            note=" ".join(value["why"] for value in after.values()),
        )
    if alert.state == "snoozed" and (urging or ends_snooze(before, after)):
        alert.state, alert.snoozed_until = "firing", None
    if (joined or urging) and not alert.quiet:
        tell(dossier, alert, f"changed-{alert.version}")


def _merged(old: dict[str, Any] | None, new: dict[str, Any], may_join: bool) -> dict[str, Any]:
    """A reason as the alert keeps it: true since it first was, in today's words; it begins to urge at night only."""
    if old is None:
        return new
    return old | {"why": new["why"], "urges": new["urges"] and (may_join or old.get("urges", False))}


def _resolve(dossier: Dossier, alert: Alert, cause: str) -> None:
    alert.state, alert.resolved_at, alert.resolved_because = "resolved", dossier.now, cause
    alert.version += 1
    dossier.happened(
        "alert_resolved",
        effective_on=dossier.today,
        changes={"reasons": [list(alert.reasons), []]},
        note=cause,
    )


def _as_json(dossier: Dossier, reasons: Sequence[StaleReason]) -> dict[str, Any]:
    rule = f"playbook {dossier.rule_version(dossier.account.claimed_step)}"
    return {
        r.reason: {
            "since": r.since.isoformat(),
            "why": r.why,
            "rule": rule,
            "urges": r.urges,
            "step": r.step,
            "limit": r.limit,
        }
        for r in reasons
    }


def tell(dossier: Dossier, alert: Alert, what: str) -> None:
    """Put a message for the account's owner into the outbox, under a key that never repeats.

    An owner who cannot sign in or is not in the team does not get it: the team's coordinator does, else its VSM.
    """
    user_id = _recipient(dossier)
    if user_id is None:
        return
    account = dossier.account
    dossier.session.add(
        OutboxMessage(
            key=f"alert:{alert.id}:{what}:in_app:{user_id}",
            channel="in_app",
            user_id=user_id,
            account_id=account.id,
            alert_id=alert.id,
            payload={
                "title": f"{account.name} is stale in {step_name(account.claimed_step)}",
                "body": " ".join(value["why"] for value in alert.reasons.values()),
            },
            created_at=dossier.now,
            due_at=dossier.now,
        )
    )


_FIRST_TO_TELL = (
    select(TeamMember.user_id)
    .join(User, User.id == TeamMember.user_id)
    .where(TeamMember.team_id == bindparam("team_id"), User.disabled_at.is_(None))
    .order_by(
        case(
            (TeamMember.user_id == bindparam("owner_id"), 0),
            (TeamMember.role == "coordinator", 1),
            (TeamMember.role == "vsm", 2),
            else_=3,
        ),
        TeamMember.user_id,
    )
    .limit(1)
)


def _recipient(dossier: Dossier) -> int | None:
    account = dossier.account
    if account.team_id is None:
        return account.owner_id
    whose = {"team_id": account.team_id, "owner_id": account.owner_id}
    return dossier.session.scalar(_FIRST_TO_TELL, whose) or account.owner_id
