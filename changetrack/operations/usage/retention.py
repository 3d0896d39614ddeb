"""Forgetting single events and who was counted, once they are old; the numbers of days stay."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from sqlalchemy import delete, select, tuple_

from changetrack.domain.people import Actor
from changetrack.models import UnmatchedUsage, UsageEvent, UsageMember
from changetrack.operations._transaction import transaction


def forget_events(*, before: date, limit: int, actor: Actor, now: datetime) -> dict[str, int]:
    """Delete some events that both happened and arrived before a day; returns how many of each kind.

    Those that still waited for their account are counted apart. An event that has arrived since is kept, however
    long ago it happened: by its id it would be known again.
    """
    del actor, now  # a job of the system
    is_old = (UsageEvent.received_at < _midnight(before), UsageEvent.day < before)
    key = (UsageEvent.source_id, UsageEvent.message_id)
    some = select(*key).where(*is_old).order_by(UsageEvent.received_at).limit(limit)
    with transaction() as session:
        gone = delete(UsageEvent).where(tuple_(*key).in_(some)).returning(UsageEvent.state)
        states = Counter(session.scalars(gone))
        return {"events": states.total() - states["unmatched"], "unmatched_events": states["unmatched"]}


def forget_members(*, account_ids: Sequence[int], before: date, actor: Actor, now: datetime) -> int:
    """Delete who was counted on days before `before`, and was known by then, in these accounts; returns how many."""
    del actor, now  # a job of the system
    is_old = (UsageMember.day < before, UsageMember.recorded_on < before)
    with transaction() as session:
        gone = delete(UsageMember).where(UsageMember.account_id.in_(account_ids), *is_old)
        return len(session.execute(gone.returning(UsageMember.account_id)).all())


def forget_waiting_numbers(*, before: date, actor: Actor, now: datetime) -> int:
    """Delete numbers of days and statements before `before` whose account nobody came to know; returns how many."""
    del actor, now  # a job of the system
    is_old = (UnmatchedUsage.day < before, UnmatchedUsage.recorded_at < _midnight(before))
    with transaction() as session:
        return len(session.execute(delete(UnmatchedUsage).where(*is_old).returning(UnmatchedUsage.name)).all())


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
