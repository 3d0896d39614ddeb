"""What an account's outcomes and its counted use say, in the form that the control points resting on them take."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.funnel import HELD
from changetrack.domain.journey.use_points import USE_DAYS, OutcomeFacts, UseFacts, lasting_on
from changetrack.domain.usage import member_hash
from changetrack.domain.value import period_end
from changetrack.models import Metric, Outcome, Reading, UsageMember
from changetrack.operations._dossier import Dossier

Readings = dict[int, dict[date, Decimal | None]]


def outcome_facts(session: scoped_session[Session], account_id: int, day: date) -> tuple[OutcomeFacts, ...]:
    """Every outcome of the account as its control points see it on `day`; two statements, one where there is none."""
    outcomes = session.scalars(select(Outcome).where(Outcome.account_id == account_id).order_by(Outcome.seq)).all()
    if not outcomes:
        return ()
    readings = _newest_readings(session, account_id)
    return tuple(_facts(outcome, readings.get(outcome.seq, {}), day) for outcome in outcomes)


def look_at_use(dossier: Dossier, secret: str | None) -> None:
    """See what the metrics that count people tell, so that settling weighs it: who of the coalition was seen lately,
    how many did the first task. Without such a metric, or before the account is opened, there is nothing to see.
    """
    if secret is None or dossier.account.place not in range(1, HELD):
        return
    session, account = dossier.session, dossier.account
    metrics: dict[str | None, int] = dict(iter(session.execute(_PURPOSES)))
    if not metrics:
        return
    users, tasks = metrics.get("active_users"), metrics.get("first_task")
    dossier.people_use = UseFacts(
        coalition_seen=None if users is None else _coalition_seen(dossier, users, secret),
        first_task_users=None if tasks is None else _members(session, account.id, tasks),
        planned_users=account.planned_users,
    )
    dossier.records_changed = True


_PURPOSES = select(Metric.purpose, Metric.id).where(Metric.purpose.is_not(None), Metric.archived_at.is_(None))


def _newest_readings(session: scoped_session[Session], account_id: int) -> Readings:
    query = (
        select(Reading.outcome_seq, Reading.period_start, Reading.value)
        .where(Reading.account_id == account_id)
        .order_by(Reading.outcome_seq, Reading.period_start, Reading.recorded_on)
    )
    found: Readings = {}
    for seq, start, value in session.execute(query):
        found.setdefault(seq, {})[start] = value
    return found


def _facts(outcome: Outcome, readings: Mapping[date, Decimal | None], day: date) -> OutcomeFacts:
    settled = day - timedelta(days=outcome.settle_lag_days)  # a period that is under way has not failed yet
    periods = [
        (start, period_end(start, outcome.period), value >= outcome.threshold)
        for start, value in readings.items()
        if value is not None
    ]
    return OutcomeFacts(
        outcome.seq,
        outcome.state,
        agreed_on=outcome.agreed_on,
        first_passing_on=next((start for start, _, passes in periods if passes), None),
        confirmed_from=outcome.confirmed_from,
        ends_on=outcome.valid_until,
        lasted_on=lasting_on([p for p in periods if p[1] <= settled], outcome.confirmed_from),
    )


def _coalition_seen(dossier: Dossier, metric_id: int, secret: str) -> dict[int, date]:
    """The last day on which each of the coalition was seen; nobody else is looked for."""
    day = dossier.today
    wanted = {
        member_hash(secret, contact.email): contact.seq
        for contact in dossier.contacts()
        if contact.in_coalition and contact.email and (contact.left_on is None or contact.left_on > day)
    }
    query = (
        select(UsageMember.member, func.max(UsageMember.day))
        .where(
            UsageMember.account_id == dossier.account.id,
            UsageMember.metric_id == metric_id,
            UsageMember.day > day - timedelta(days=USE_DAYS),
            UsageMember.day <= day,
            UsageMember.member.in_(wanted),
        )
        .group_by(UsageMember.member)
    )
    return {wanted[member]: last for member, last in dossier.session.execute(query)}


def _members(session: scoped_session[Session], account_id: int, metric_id: int) -> int:
    of_metric = (UsageMember.account_id == account_id, UsageMember.metric_id == metric_id)
    return session.scalars(select(func.count(UsageMember.member.distinct())).where(*of_metric)).one()
