"""Metrics, what feeds them, and what arrived."""

from decimal import Decimal
from typing import Any

from changetrack.models import (
    Account,
    EventRule,
    Metric,
    UnmatchedUsage,
    UsageDaily,
    UsageEvent,
    UsageMember,
    UsageSource,
    WriteKey,
)
from tests.clock import NOW, TODAY
from tests.factories._saving import Saver, save


def make_metric(session: Saver, key: str = "logins", **fields: Any) -> Metric:
    """A metric that adds up; what it counts is called like its key."""
    given: dict[str, Any] = {"name": key.replace("_", " ").capitalize(), "unit": key, "aggregation": "sum"}
    return save(session, Metric(key=key, **{**given, "created_at": NOW, **fields}))


def make_source(session: Saver, name: str = "Web app") -> UsageSource:
    """A product that sends events."""
    return save(session, UsageSource(name=name, created_at=NOW))


def make_write_key(session: Saver, source: UsageSource, key_hash: str = "0" * 64, **fields: Any) -> WriteKey:
    """A key of `source`, known by its digest."""
    given: dict[str, Any] = {"prefix": "wk_abcd", "created_at": NOW, "created_by": "ada@example.com"}
    return save(session, WriteKey(source_id=source.id, key_hash=key_hash, **{**given, **fields}))


def make_rule(session: Saver, metric: Metric, event: str = "Signed In", **fields: Any) -> EventRule:
    """That an event feeds `metric`, whichever source sends it."""
    return save(session, EventRule(metric_id=metric.id, event=event, **{"created_at": NOW, **fields}))


def make_usage_event(session: Saver, source: UsageSource, message_id: str = "m-1", **fields: Any) -> UsageEvent:
    """An event whose account nobody knows yet and which feeds nothing."""
    given: dict[str, Any] = {"event": "Signed In", "name": "nobody", "day": TODAY, "received_at": NOW}
    given |= {"state": "unmatched", "feeds": []}
    return save(session, UsageEvent(source_id=source.id, message_id=message_id, **{**given, **fields}))


def make_daily(session: Saver, account: Account, metric: Metric, **fields: Any) -> UsageDaily:
    """Forty of a metric, stated today about today."""
    given: dict[str, Any] = {"day": TODAY, "recorded_on": TODAY, "recorded_at": NOW, "stated": Decimal(40)}
    return save(session, UsageDaily(account_id=account.id, metric_id=metric.id, **{**given, **fields}))


def make_member(session: Saver, account: Account, metric: Metric, member: str = "0" * 32, **fields: Any) -> UsageMember:
    """Somebody counted today."""
    given: dict[str, Any] = {"day": TODAY, "recorded_on": TODAY}
    return save(session, UsageMember(account_id=account.id, metric_id=metric.id, member=member, **{**given, **fields}))


def make_unmatched(session: Saver, metric: Metric, name: str = "nobody", **fields: Any) -> UnmatchedUsage:
    """Forty of a metric, stated about an account that nobody knows by that name."""
    given: dict[str, Any] = {"day": TODAY, "value": Decimal(40), "recorded_at": NOW}
    return save(session, UnmatchedUsage(name=name, metric_id=metric.id, **{**given, **fields}))
