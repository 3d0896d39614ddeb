"""One alert as pages show it: its reasons in today's words, its account, how far up the ladder it is, the answers."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import aliased

from changetrack.domain.calendar import WorkCalendar
from changetrack.models import Account, Alert, Calendar, Team, TeamMember, User
from changetrack.queries.alert_words import why_today
from changetrack.queries.work_calendars import is_calendar_of_account, work_calendar


@dataclass(frozen=True, slots=True)
class AlertReason:
    """Why an alert fired: the reason, since when, in words, and by which version of the rules."""

    code: str
    since: date
    why: str
    rule: str


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert with what one needs to know of its account; `stake` is in minor units of `currency`.

    `quiet`: it stems from an import, and nobody was told. `rank`: of its severity (0 the gravest), and the value by
    which alerts of one severity are ordered. `rung` is the highest of the ladder that was told, `rung_due_on` when
    the next is; `coordinator` and `vsm` are those of the team. `decision` is an executive's.
    """

    id: int
    version: int
    state: str
    severity: str
    rank: tuple[int, int]
    reasons: tuple[AlertReason, ...]
    quiet: bool
    raised_on: date
    raised_at: datetime
    fired_on: date
    rung: int
    rung_due_on: date | None
    account_id: int
    account: str
    account_status: str
    organization: str | None
    product: str | None
    team_id: int | None
    team: str | None
    owner_id: int | None
    owner: str | None
    coordinator: str | None
    vsm: str | None
    step: int
    claimed_step: int
    supported_step: int
    step_entered_on: date
    stake: int | None
    currency: str | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    next_step: str | None
    next_step_on: date | None
    snoozed_until: date | None
    snooze_reason: str | None
    snoozes: int
    decision: str | None
    decided_at: datetime | None
    decided_by: str | None
    resolved_at: datetime | None
    resolved_because: str | None
    useful: bool | None
    useful_until: date | None


_Owner, _Acknowledger, _Decider, _Coordinator, _Vsm = (aliased(User) for _ in range(5))
_Coordinates, _Leads = aliased(TeamMember), aliased(TeamMember)
_NAMED = {"team_id", "acknowledged_by", "decided_by", "reasons"}  # what the alert's column says otherwise
_OF_ALERT = frozenset(Alert.__table__.columns.keys()) & set(AlertRow.__slots__) - _NAMED
_OF_ACCOUNT = ("organization", "product", "team_id", "owner_id", "claimed_step", "supported_step", "step_entered_on")


def select_alerts() -> Select[Any]:
    """Select alerts with all that `alert_row` takes: to be narrowed and ordered."""
    columns: list[Any] = [
        Alert,
        Account,
        Calendar,
        Team.name.label("team"),
        _Owner.name.label("owner"),
        _Acknowledger.name.label("acknowledged_by"),
        _Decider.name.label("decided_by"),
        _Coordinator.name.label("coordinator"),
        _Vsm.name.label("vsm"),
    ]
    coordinates = and_(_Coordinates.team_id == Account.team_id, _Coordinates.role == "coordinator")
    leads = and_(_Leads.team_id == Account.team_id, _Leads.role == "vsm")
    return (
        select(*columns)
        .select_from(Alert)
        .join(Account, Account.id == Alert.account_id)
        .outerjoin(Calendar, is_calendar_of_account())
        .outerjoin(Team, Team.id == Account.team_id)
        .outerjoin(_Owner, _Owner.id == Account.owner_id)
        .outerjoin(_Acknowledger, _Acknowledger.id == Alert.acknowledged_by)
        .outerjoin(_Decider, _Decider.id == Alert.decided_by)
        .outerjoin(_Coordinates, coordinates)
        .outerjoin(_Coordinator, _Coordinator.id == _Coordinates.user_id)
        .outerjoin(_Leads, leads)
        .outerjoin(_Vsm, _Vsm.id == _Leads.user_id)
    )


def alert_row(row: Any, today: date) -> AlertRow:
    """Return the alert of a row of `select_alerts`: an open one in the words of `today`, else as it was last said."""
    alert, account = row.Alert, row.Account
    calendar = work_calendar(row.Calendar, account.blackout_days)
    told_on = None if alert.state == "resolved" else today
    return AlertRow(
        **{name: getattr(alert, name) for name in _OF_ALERT},
        **{name: getattr(account, name) for name in _OF_ACCOUNT},
        rank=(alert.severity_rank, -alert.stake_rank),
        reasons=tuple(_reason(code, said, told_on, calendar) for code, said in alert.reasons.items()),
        account=account.name,
        account_status=account.status,
        stake=account.annual_value,
        currency=account.currency,
        team=row.team,
        owner=row.owner,
        coordinator=row.coordinator,
        vsm=row.vsm,
        acknowledged_by=row.acknowledged_by,
        decided_by=row.decided_by,
    )


def _reason(code: str, said: Any, today: date | None, calendar: WorkCalendar) -> AlertReason:
    why = said["why"] if today is None else why_today(code, said, today, calendar)
    return AlertReason(code, date.fromisoformat(said["since"]), why, str(said["rule"]))
