"""Tables behind every executive figure: standings over time, and the summaries kept beside them."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from changetrack.models._base import Id, Model


class Standing(Model):
    """Where an account stood from `effective_on`, as learned at `recorded_at`; only `superseded_at` is set later."""

    __tablename__ = "standings"
    __table_args__ = (
        CheckConstraint("place between 0 and 11", name="place"),
        Index("ix_standings_effective_on", "effective_on", "account_id", "seq"),
    )

    account_id: Mapped[int] = mapped_column(Id, primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    effective_on: Mapped[date]
    recorded_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]
    visit_seq: Mapped[int]
    place: Mapped[int]
    step: Mapped[int]
    supported_step: Mapped[int]
    stale: Mapped[bool]
    team_id: Mapped[int | None]
    product: Mapped[str | None] = mapped_column(String(120))
    segment: Mapped[str | None] = mapped_column(String(120))
    region: Mapped[str | None] = mapped_column(String(120))
    industry: Mapped[str | None] = mapped_column(String(120))
    tier: Mapped[str | None] = mapped_column(String(120))


class FunnelCell(Model):
    """How many accounts stand at a place now: in all (`field` ''), and for each value of each filter field."""

    __tablename__ = "funnel_cells"
    field: Mapped[str] = mapped_column(String(12), primary_key=True)
    value: Mapped[str] = mapped_column(String(120), primary_key=True)
    shard: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    accounts: Mapped[int] = mapped_column(default=0)
    unsupported: Mapped[int] = mapped_column(default=0)
    stale: Mapped[int] = mapped_column(default=0)


class MovementCell(Model):
    """How many accounts flowed in and out of a place on a day, and by how much the counts there changed."""

    __tablename__ = "movement_cells"

    day: Mapped[date] = mapped_column(primary_key=True)
    shard: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    entered: Mapped[int] = mapped_column(default=0)
    advanced_in: Mapped[int] = mapped_column(default=0)
    regressed_in: Mapped[int] = mapped_column(default=0)
    advanced_out: Mapped[int] = mapped_column(default=0)
    regressed_out: Mapped[int] = mapped_column(default=0)
    left: Mapped[int] = mapped_column("left_journey", default=0)
    accounts: Mapped[int] = mapped_column(default=0)
    unsupported: Mapped[int] = mapped_column(default=0)
    stale: Mapped[int] = mapped_column(default=0)


class FunnelSnapshot(Model):
    """The funnel as it was known at the end of a day, for comparison."""

    __tablename__ = "funnel_snapshots"

    day: Mapped[date] = mapped_column(primary_key=True)
    field: Mapped[str] = mapped_column(String(12), primary_key=True)
    value: Mapped[str] = mapped_column(String(120), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    accounts: Mapped[int]
    unsupported: Mapped[int]
    stale: Mapped[int]
