"""Tables of learning: the commitments that either side makes."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from changetrack.models._base import Id, Model

_OPEN = text("state = 'open'")
_ENDED = text("state <> 'open'")


class Commitment(Model):
    """Somebody's word to do something by a day: one of ours (`owner_user_id`) or of the customer's people.

    `outcome_seq` names the outcome that it serves; without one it may be waste.
    """

    __tablename__ = "commitments"
    __table_args__ = (
        CheckConstraint("state in ('open', 'met', 'withdrawn')", name="state"),
        CheckConstraint("(owner_user_id is null) <> (owner_contact_seq is null)", name="one_owner"),
        CheckConstraint("(state = 'open') = (ended_on is null)", name="ended"),
        Index(
            "ix_commitments_owner", "owner_user_id", "due_on", "account_id", "seq", sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index("ix_commitments_open", "account_id", "due_on", "seq", sqlite_where=_OPEN, postgresql_where=_OPEN),
        # The lists across accounts: the open ones by their day, the others by when they ended.
        Index("ix_commitments_due_on", "due_on", "account_id", "seq", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index(
            "ix_commitments_ended", "state", "ended_on", "account_id", "seq", sqlite_where=_ENDED,
            postgresql_where=_ENDED,
        ),
    )  # fmt: skip

    account_id: Mapped[int] = mapped_column(Id, primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    action: Mapped[str] = mapped_column(String(500))
    owner_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    owner_contact_seq: Mapped[int | None]
    owner_name: Mapped[str] = mapped_column(String(120))
    outcome_seq: Mapped[int | None]
    alert_id: Mapped[int | None] = mapped_column(Id)  # the alert whose next step it is
    made_on: Mapped[date]
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(254))
    first_due_on: Mapped[date]
    due_on: Mapped[date]
    renegotiated: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(10), default="open")
    ended_on: Mapped[date | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(254))
    result: Mapped[str | None] = mapped_column(Text)
    changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
