"""What counted use tells of the people of accounts, for the control points that rest on it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

from changetrack.domain.funnel import HELD
from changetrack.domain.journey.use_points import USE_DAYS, UseFacts
from changetrack.domain.usage import member_hash
from changetrack.models import Metric, UsageMember
from changetrack.operations._dossier import Dossier
from changetrack.operations._use_facts import read_records
from changetrack.operations.usage._rows import day_of, run_rows


def look_at_use(dossiers: Sequence[Dossier], secret: str | None) -> None:
    """See what the metrics that count people tell, so that settling weighs it: who of the coalition was seen lately,
    how many did the first task. Without such a metric, or before an account is opened, there is nothing to see.

    A constant number of statements, however many accounts they are, and however many people use the product.
    """
    looked_at = [dossier for dossier in dossiers if _is_under_way(dossier)]
    if secret is None or not looked_at:
        return
    session = looked_at[0].session
    metrics: dict[str | None, int] = dict(iter(session.execute(_PURPOSES)))
    if not metrics:
        return
    read_records(looked_at)
    users, tasks = metrics.get("active_users"), metrics.get("first_task")
    seen = None if users is None else _coalition_seen(looked_at, users, secret)
    did = None if tasks is None else _members(looked_at, tasks)
    for dossier in looked_at:
        account = dossier.account
        dossier.people_use = UseFacts(
            coalition_seen=None if seen is None else seen.get(account.id, {}),
            first_task_users=None if did is None else did.get(account.id, 0),
            planned_users=account.planned_users,
        )
        dossier.records_changed = True


_PURPOSES = select(Metric.purpose, Metric.id).where(Metric.purpose.is_not(None), Metric.archived_at.is_(None))
_DAYS = [f"day{number}" for number in range(USE_DAYS)]
_SEEN = f"""
    SELECT account_id, seq, (
        SELECT seen.day FROM usage_members AS seen
        WHERE seen.account_id = wanted.account_id AND seen.metric_id = :metric AND seen.member = wanted.member
        AND seen.day IN ({", ".join(f":{name}" for name in _DAYS)})
        ORDER BY seen.day DESC LIMIT 1
    ) FROM {{rows}} AS wanted
"""  # noqa: S608  names of our own; a look at each day: those who came may be thousands
_WANTED = {"account_id": "bigint", "seq": "int", "member": "text"}


def _is_under_way(dossier: Dossier) -> bool:
    return dossier.account.place in range(1, HELD) and dossier.journey.opened_on is not None


def _coalition_seen(dossiers: Sequence[Dossier], metric_id: int, secret: str) -> Mapping[int, dict[int, date]]:
    """The last day on which each of the coalition was seen, by account; nobody else is looked for."""
    session, day = dossiers[0].session, dossiers[0].today
    wanted = [
        (dossier.account.id, contact.seq, member_hash(secret, contact.email))
        for dossier in dossiers
        for contact in dossier.contacts()
        if contact.in_coalition and contact.email and (contact.left_on is None or contact.left_on > day)
    ]
    found: defaultdict[int, dict[int, date]] = defaultdict(dict)
    if wanted:
        days = {name: (day - timedelta(days=ago)).isoformat() for ago, name in enumerate(_DAYS)}
        rows: Sequence[Sequence[Any]] = run_rows(session, _SEEN, _WANTED, wanted, metric=metric_id, **days).all()
        for account_id, seq, last in rows:
            if last is not None:
                found[account_id][seq] = day_of(last)
    return found


def _members(dossiers: Sequence[Dossier], metric_id: int) -> Mapping[int, int]:
    """How many were counted ever, by account; it matters where it is known how many are to be."""
    accounts = [dossier.account.id for dossier in dossiers if dossier.account.planned_users]
    if not accounts:
        return {}
    query = (
        select(UsageMember.account_id, func.count(UsageMember.member.distinct()))
        .where(UsageMember.account_id.in_(accounts), UsageMember.metric_id == metric_id)
        .group_by(UsageMember.account_id)
    )
    return dict(iter(dossiers[0].session.execute(query)))
