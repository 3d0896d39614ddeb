"""Tables of what happened: an append-only, hash-chained list of events for each account, and the audit of all else."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from changetrack.models._base import Id, Model


class Event(Model):
    """Something that happened to one account; `changes` is the field diff {field: [old, new]}."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_recorded_at", "recorded_at", "account_id", "seq"),
        # What moved an account on: whether an alert was followed by any of it.
        Index(
            "ix_events_progress", "account_id", "effective_on", sqlite_where=text("is_progress"),
            postgresql_where=text("is_progress"),
        ),
    )  # fmt: skip

    account_id: Mapped[int] = mapped_column(Id, primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    actor: Mapped[str] = mapped_column(String(254))
    effective_on: Mapped[date]
    recorded_at: Mapped[datetime]
    changes: Mapped[dict[str, Any]]
    note: Mapped[str | None] = mapped_column(Text)
    is_progress: Mapped[bool] = mapped_column(default=False)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AuditEvent(Model):
    """Something that was done to users, teams, the playbook or by an import; chained per `subject`."""

    __tablename__ = "audit_events"
    __table_args__ = (Index("ix_audit_events_recorded_at", "recorded_at"),)

    subject: Mapped[str] = mapped_column(String(80), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    actor: Mapped[str] = mapped_column(String(254))
    recorded_at: Mapped[datetime]
    changes: Mapped[dict[str, Any]]
    note: Mapped[str | None] = mapped_column(Text)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
