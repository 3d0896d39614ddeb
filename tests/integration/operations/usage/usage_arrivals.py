"""Events for the tests of usage, and what became of them."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import delete, select

from changetrack.domain.people import Actor
from changetrack.domain.usage import Arrival
from changetrack.models import Metric, UnmatchedUsage, UsageDaily, UsageEvent, UsageMember
from changetrack.operations.usage.ingest import Ingested, ingest_events
from tests.clock import NOW
from tests.factories._saving import Saver

Item = TypeVar("Item")

SECRET = "the key under which these tests count people"
SENDER = Actor.system("source 1")
RETENTION = 400


def arrival(message_id: str = "m-1", event: str = "Signed In", name: str | None = "acme", **given: Any) -> Arrival:
    """Somebody of Acme signed in just now."""
    whole = {"user": "u-1", "properties": {}, "at": NOW, **given}
    return Arrival(message_id, event, name, whole["user"], whole["properties"], whole["at"])


def ingest(source_id: int, *events: Arrival, now: datetime = NOW, key_id: int | None = None) -> Ingested:
    """What a source sends, on the day of `now`."""
    return ingest_events(
        source_id=source_id, events=events, secret=SECRET, actor=SENDER, now=now, today=now.date(),
        retention_days=RETENTION, key_id=key_id,
    )  # fmt: skip


def numbers(session: Saver) -> dict[tuple[int, str, str], Decimal | None]:
    """The newest number of every account, metric and day."""
    session.rollback()
    rows = session.execute(
        select(UsageDaily, Metric.key).join(Metric, Metric.id == UsageDaily.metric_id).order_by(UsageDaily.recorded_on)
    )
    return {(row.account_id, key, row.day.isoformat()): row.counted if row.stated is None else row.stated
            for row, key in rows}  # fmt: skip


def states(session: Saver) -> dict[str, str]:
    """The state of every event, by its message id."""
    session.rollback()
    return {row.message_id: row.state for row in session.execute(select(UsageEvent.message_id, UsageEvent.state))}


def forget_usage(session: Saver) -> None:
    """As if nothing had arrived."""
    for table in (UsageEvent, UsageDaily, UsageMember, UnmatchedUsage):
        session.execute(delete(table))
    session.commit()


def batches(events: Iterable[Item], *sizes: int) -> list[list[Item]]:
    """The events in batches of these sizes, and the rest in one."""
    rest, made = list(events), []
    for size in sizes:
        made.append(rest[:size])
        rest = rest[size:]
    return [batch for batch in [*made, rest] if batch]
