"""Tables of the night: alerts, the outbox that carries them, the in-app inbox, and the runs of timed jobs."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from changetrack.models._base import Id, Model

_OPEN = text("state <> 'resolved'")
_RESOLVED = text("state = 'resolved'")
_UNREAD = text("read_at is null")


class Alert(Model):
    """That an account went stale on one visit; `reasons` maps each reason to since, why and rule version."""

    __tablename__ = "alerts"
    __table_args__ = (
        CheckConstraint("state in ('firing', 'acknowledged', 'snoozed', 'resolved')", name="state"),
        CheckConstraint("severity in ('notice', 'warning', 'critical')", name="severity"),
        # One open alert per account and visit, promised here and nowhere else.
        Index(
            "uq_alerts_open",
            "account_id",
            "visit_seq",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        # The inbox, gravest and dearest first, for everybody and for one team; each ends in the primary key.
        Index(
            "ix_alerts_inbox", "state", "severity_rank", "stake_rank", "id", sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index(
            "ix_alerts_inbox_team", "team_id", "state", "severity_rank", "stake_rank", "id", sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index("ix_alerts_resolved", "resolved_at", "id", sqlite_where=_RESOLVED, postgresql_where=_RESOLVED),
        Index(
            "ix_alerts_resolved_team", "team_id", "resolved_at", "id", sqlite_where=_RESOLVED,
            postgresql_where=_RESOLVED,
        ),
        Index("ix_alerts_account_id", "account_id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    team_id: Mapped[int | None]
    visit_seq: Mapped[int]
    step: Mapped[int]
    state: Mapped[str] = mapped_column(String(12), default="firing")
    severity: Mapped[str] = mapped_column(String(8))
    severity_rank: Mapped[int]  # 0 critical, 1 warning, 2 notice: the inbox's order
    stake_rank: Mapped[int] = mapped_column(Id, default=0)  # minus the account's value: the dearest first
    reasons: Mapped[dict[str, Any]]
    quiet: Mapped[bool] = mapped_column(default=False)  # from an import: listed, but tells nobody
    raised_on: Mapped[date]
    raised_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    next_step: Mapped[str | None] = mapped_column(Text)
    next_step_on: Mapped[date | None]
    snoozed_until: Mapped[date | None]
    snooze_reason: Mapped[str | None] = mapped_column(Text)
    snoozes: Mapped[int] = mapped_column(default=0)
    resolved_at: Mapped[datetime | None]
    resolved_because: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=1)


class OutboxMessage(Model):
    """A message that has to leave, written with what caused it; its `key` makes it one message for ever."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_waiting",
            "due_at",
            "id",
            sqlite_where=text("delivered_at is null and dead_at is null"),
            postgresql_where=text("delivered_at is null and dead_at is null"),
        ),
        Index(
            "ix_outbox_given_up",
            "dead_at",
            "id",
            sqlite_where=text("dead_at is not null"),
            postgresql_where=text("dead_at is not null"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    channel: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    account_id: Mapped[int | None]
    alert_id: Mapped[int | None]
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    delivered_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)


class Notification(Model):
    """A message delivered inside the application."""

    __tablename__ = "notifications"
    __table_args__ = (
        Index("ix_notifications_user_id_created_at_key", "user_id", "created_at", "key"),
        Index("ix_notifications_unread", "user_id", sqlite_where=_UNREAD, postgresql_where=_UNREAD),
    )

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    account_id: Mapped[int | None]
    title: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]


class JobRun(Model):
    """One run of a timed job; (name, slot) is unique, so that many schedulers run it once."""

    __tablename__ = "job_runs"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    slot: Mapped[str] = mapped_column(String(40), primary_key=True)
    state: Mapped[str] = mapped_column(String(10))
    leased_until: Mapped[datetime]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    error: Mapped[str | None] = mapped_column(Text)


class Heartbeat(Model):
    """When a scheduler was last seen alive."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    seen_at: Mapped[datetime]
