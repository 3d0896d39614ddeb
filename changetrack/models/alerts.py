"""Tables of the night: alerts, the limits learned for them, and the runs of timed jobs."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from changetrack.models._base import Id, Model

_OPEN = text("state <> 'resolved'")
_RESOLVED = text("state = 'resolved'")
_CLIMBING = text("rung_due_on is not null")
_UNMEASURED = text("useful is null and useful_until is not null")
_UNDECIDED = text("state = 'firing' and rung = 4 and decision is null")


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
        Index("ix_alerts_account_id", "account_id", "visit_seq"),
        # The ladder: who has to hear next, and on which day.
        Index("ix_alerts_rung_due_on", "rung_due_on", "id", sqlite_where=_CLIMBING, postgresql_where=_CLIMBING),
        # Alerts of which it is not yet known whether anything followed.
        Index("ix_alerts_unmeasured", "useful_until", "id", sqlite_where=_UNMEASURED, postgresql_where=_UNMEASURED),
        Index("ix_alerts_usefulness", "raised_on", "step", "useful", "team_id"),
        # At the top of the ladder: what an executive has to decide.
        Index(
            "ix_alerts_undecided", "severity_rank", "stake_rank", "id", sqlite_where=_UNDECIDED,
            postgresql_where=_UNDECIDED,
        ),
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
    fired_on: Mapped[date]  # from which the ladder counts: the day of raising, or of firing again
    rung: Mapped[int] = mapped_column(default=0)  # of the ladder, the highest that was told
    rung_due_on: Mapped[date | None]  # when the next rung is told; none while somebody has taken it up
    useful_until: Mapped[date | None]  # progress by that day counts as following from the alert; none if nobody heard
    useful: Mapped[bool | None]
    decision: Mapped[str | None] = mapped_column(String(10))  # the executive's: revive, park or close
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    next_step: Mapped[str | None] = mapped_column(Text)
    next_step_on: Mapped[date | None]
    promised_on: Mapped[date | None]  # the first day that was named for that step: its rest is counted from it
    snoozed_until: Mapped[date | None]
    snooze_reason: Mapped[str | None] = mapped_column(Text)
    snoozes: Mapped[int] = mapped_column(default=0)
    resolved_at: Mapped[datetime | None]
    resolved_because: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=1)


class LearnedLimit(Model):
    """The limit of days in a step as learned from the visits known when its month began; frozen."""

    __tablename__ = "learned_limits"

    month: Mapped[date] = mapped_column(primary_key=True)  # its first day
    step: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    fixed_days: Mapped[int | None]  # the playbook's limit then
    quantile_days: Mapped[int | None]  # by which 85 % had advanced; none where that was not reached
    limit_days: Mapped[int | None]  # what holds for the month; none: the fixed limit
    advances: Mapped[int]
    visits: Mapped[int]
    falls: Mapped[list[Any]] = mapped_column(default=list)  # the curve: [day, at risk, advanced] each
    frozen_at: Mapped[datetime]


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
