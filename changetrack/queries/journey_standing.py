"""Where an account stands, as the head of its page says it: place, days, labels, and why it is stale."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from changetrack.domain.calendar import WorkCalendar
from changetrack.domain.journey.playbook import StepRules
from changetrack.models import Alert, Visit
from changetrack.queries.alert_words import reasons_of
from changetrack.queries.journey_rows import AccountRows


@dataclass(frozen=True, slots=True)
class ExceptionView:
    """That the account came to its step without some of the evidence, until when, and why."""

    points: tuple[str, ...]
    ends_on: date | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class StaleView:
    """The open alert: its reasons as (code, why, since), and whether somebody has answered it."""

    alert_id: int
    state: str
    severity: str
    reasons: tuple[tuple[str, str, date], ...]
    next_step: str | None
    next_step_on: date | None


@dataclass(frozen=True, slots=True)
class StandingView:
    """Where the account stands today; `days` is None while it is not at a step, `limit` where there is none.

    Where the limit was learned, `limit_learned_for` is the month for which it was, and `fixed_limit` the playbook's.
    """

    organization: str | None
    product: str | None
    segment: str | None
    region: str | None
    industry: str | None
    tier: str | None
    team_id: int | None
    team: str | None
    owner: str | None
    external_id: str
    annual_value: int | None
    currency: str | None
    started_on: date | None
    attributes: Mapping[str, Any]
    status: str
    claimed: int
    supported: int
    entered_on: date
    days: int
    limit: int | None
    fixed_limit: int | None
    limit_learned_for: date | None
    self_attested: bool
    exception: ExceptionView | None
    stale: StaleView | None
    held_on: date | None
    held_because: str | None
    review_on: date | None
    closed_on: date | None
    outcome: str | None
    came_by: str | None  # how the current visit began: its kind
    came_because: str | None


def standing_view(rows: AccountRows, rules: Mapping[int, StepRules], today: date) -> StandingView:
    """Where the account stands on `today`."""
    account, visit, hold, learned = rows.account, rows.visit, rows.hold, rows.learned
    is_closed = account.status == "closed" and visit is not None
    step = rules.get(account.claimed_step)
    fixed = step.age_days if step else None
    until = visit.left_on if is_closed and visit and visit.left_on else today
    parked = (until - hold.held_on).days if hold else 0
    same = (
        "organization",
        "product",
        "segment",
        "region",
        "industry",
        "tier",
        "team_id",
        "external_id",
        "annual_value",
        "currency",
        "started_on",
        "attributes",
        "status",
        "self_attested",
        "review_on",
    )
    return StandingView(
        **{name: getattr(account, name) for name in same},
        team=rows.team_name,
        owner=rows.owner_name,
        claimed=account.claimed_step,
        supported=account.supported_step,
        entered_on=account.step_entered_on,
        days=max((until - account.step_entered_on).days - account.held_days - parked, 0),
        limit=(learned and learned.limit_days) or fixed,
        fixed_limit=fixed,
        limit_learned_for=learned.month if learned and learned.limit_days else None,
        exception=_exception(visit),
        stale=_stale(rows.alert, rows.calendar, today),
        held_on=hold.held_on if hold else None,
        held_because=hold.reason if hold else None,
        closed_on=visit.left_on if is_closed and visit else None,
        outcome=visit.reason if is_closed and visit else None,
        came_by=visit.kind if visit else None,
        came_because=(visit.note or visit.reason) if visit and not is_closed else None,
    )


def _exception(visit: Visit | None) -> ExceptionView | None:
    if visit is None or visit.kind != "excepted":
        return None
    return ExceptionView(tuple(visit.missing), visit.exception_ends_on, visit.note)


def _stale(alert: Alert | None, calendar: WorkCalendar, today: date) -> StaleView | None:
    if alert is None:
        return None
    reasons = tuple(
        (code, why, date.fromisoformat(alert.reasons[code]["since"]))
        for code, why in reasons_of(alert.reasons, today, calendar)
    )
    return StaleView(alert.id, alert.state, alert.severity, reasons, alert.next_step, alert.next_step_on)
