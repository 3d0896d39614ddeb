"""Tables of use: metrics, what feeds them, the events that arrived, and one number per account, metric and day."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from changetrack.models._base import Id, Model, UsageNumber

_UNMATCHED = text("state = 'unmatched'")
_CLUSTERED = {"sqlite_with_rowid": False}  # kept in the order of the key, in which it is read and written


class Metric(Model):
    """Something that is counted of a product's use; `aggregation` makes one number of a day's, a week's, a month's."""

    __tablename__ = "metrics"
    __table_args__ = (
        CheckConstraint("aggregation in ('sum', 'max', 'last', 'distinct')", name="aggregation"),
        CheckConstraint("purpose is null or purpose in ('active_users', 'first_task')", name="purpose"),
        CheckConstraint("purpose is null or aggregation = 'distinct'", name="purpose_counts_people"),
        Index("uq_metrics_purpose", "purpose", unique=True),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    unit: Mapped[str] = mapped_column(String(60))
    aggregation: Mapped[str] = mapped_column(String(10))
    purpose: Mapped[str | None] = mapped_column(String(20))  # the control point that it feeds
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class UsageSource(Model):
    """A product, or an environment of it, that sends its events here."""

    __tablename__ = "usage_sources"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    created_at: Mapped[datetime]


class WriteKey(Model):
    """A key with which a source sends events; only its digest is kept."""

    __tablename__ = "write_keys"
    __table_args__ = (Index("ix_write_keys_source_id", "source_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("usage_sources.id"))
    prefix: Mapped[str] = mapped_column(String(12))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(254))
    revoked_at: Mapped[datetime | None]
    last_used_on: Mapped[date | None]


class EventRule(Model):
    """Which event feeds which metric, and with which of its properties."""

    __tablename__ = "event_rules"
    __table_args__ = (Index("ix_event_rules_metric_id", "metric_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    metric_id: Mapped[int] = mapped_column(ForeignKey("metrics.id"))
    event: Mapped[str] = mapped_column(String(200))
    property: Mapped[str | None] = mapped_column(String(200))
    source_id: Mapped[int | None] = mapped_column(ForeignKey("usage_sources.id"))  # None: of any source
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class UsageEvent(Model):
    """An event that arrived, once for each message id; `feeds` keeps what it adds until its account is known."""

    __tablename__ = "usage_events"
    __table_args__ = (
        CheckConstraint(
            "state in ('counted', 'unmatched', 'no_rule', 'no_account', 'too_old', 'ahead')", name="state"
        ),
        Index("ix_usage_events_received_at", "received_at"),
        Index("ix_usage_events_day", "day"),
        Index(
            "ix_usage_events_unmatched", "name", "day", sqlite_where=_UNMATCHED, postgresql_where=_UNMATCHED
        ),
        _CLUSTERED,
    )  # fmt: skip

    source_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)  # 0: a file
    message_id: Mapped[str] = mapped_column(String(300), primary_key=True)
    event: Mapped[str] = mapped_column(String(200))
    name: Mapped[str | None] = mapped_column(String(200))  # by which it names its account
    account_id: Mapped[int | None] = mapped_column(Id)
    day: Mapped[date]
    received_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10))
    feeds: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))  # [[metric id, number, member], …]


class UsageDaily(Model):
    """One account's number of a metric on a day (UTC), as known at the end of `recorded_on`."""

    __tablename__ = "usage_daily"
    __table_args__ = (
        CheckConstraint("counted is not null or stated is not null", name="number"),
        _CLUSTERED,
    )

    account_id: Mapped[int] = mapped_column(Id, primary_key=True)
    metric_id: Mapped[int] = mapped_column(Id, primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    recorded_on: Mapped[date] = mapped_column(primary_key=True)
    counted: Mapped[Decimal | None] = mapped_column(UsageNumber)  # from events
    stated: Mapped[Decimal | None] = mapped_column(UsageNumber)  # by a file or a batch: it counts before events
    last_at: Mapped[datetime | None]  # of the event that a metric of the kind 'last' has its number from
    recorded_at: Mapped[datetime]


class UsageMember(Model):
    """That somebody or something (known by a keyed digest alone) was counted on a day."""

    __tablename__ = "usage_members"
    __table_args__ = _CLUSTERED

    account_id: Mapped[int] = mapped_column(Id, primary_key=True)
    metric_id: Mapped[int] = mapped_column(Id, primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    member: Mapped[str] = mapped_column(String(32), primary_key=True)
    recorded_on: Mapped[date]


class UnmatchedUsage(Model):
    """A stated number of an account that nobody here knows by that name yet."""

    __tablename__ = "unmatched_usage"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    metric_id: Mapped[int] = mapped_column(Id, primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    value: Mapped[Decimal] = mapped_column(UsageNumber)
    recorded_at: Mapped[datetime]
