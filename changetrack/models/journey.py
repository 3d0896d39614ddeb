"""Tables of the journey: playbook, what the account is opened with, visits, evidence, proposals and sign-offs."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from changetrack.models._base import Id, Model


class PlaybookVersion(Model):
    """The steps' control points and limits as data; a version never changes once written."""

    __tablename__ = "playbook_versions"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[dict[str, Any]]
    note: Mapped[str] = mapped_column(String(500))
    created_by: Mapped[str] = mapped_column(String(254))
    created_at: Mapped[datetime]


class Journey(Model):
    """What an account's change is about: the two opening answers, the gap, the vision."""

    __tablename__ = "journeys"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    beneficiary: Mapped[str | None] = mapped_column(String(200))
    value_statement: Mapped[str | None] = mapped_column(Text)
    opened_on: Mapped[date | None]  # the first time that both were answered
    stated_on: Mapped[date | None]  # the last time
    gap_metric: Mapped[str | None] = mapped_column(String(200))
    gap_unit: Mapped[str | None] = mapped_column(String(60))
    gap_from: Mapped[str | None] = mapped_column(String(60))
    gap_to: Mapped[str | None] = mapped_column(String(60))
    gap_by: Mapped[date | None]
    gap_evidence: Mapped[str | None] = mapped_column(Text)
    gap_on: Mapped[date | None]
    vision: Mapped[str | None] = mapped_column(Text)
    vision_contact_seq: Mapped[int | None]  # the customer's co-author
    vision_on: Mapped[date | None]
    roles_not_applicable: Mapped[list[Any]] = mapped_column(default=list)
    judged_by: Mapped[dict[str, Any]] = mapped_column(default=dict)  # step -> playbook version in force when entered
    version: Mapped[int] = mapped_column(default=1)


class Visit(Model):
    """One uninterrupted stay of an account at a step."""

    __tablename__ = "visits"
    __table_args__ = (
        CheckConstraint("step between 0 and 9", name="step"),
        CheckConstraint("left_on is null or left_on >= entered_on", name="order"),
    )

    account_id: Mapped[int] = mapped_column(Id, primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    step: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    entered_on: Mapped[date]
    left_on: Mapped[date | None]
    left_kind: Mapped[str | None] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(40))
    note: Mapped[str | None] = mapped_column(Text)
    self_attested: Mapped[bool] = mapped_column(default=False)
    missing: Mapped[list[Any]] = mapped_column(default=list)  # points an exception went ahead without
    exception_ends_on: Mapped[date | None]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(String(254))


class Hold(Model):
    """A time in which an account was parked: its clocks stood still."""

    __tablename__ = "holds"

    account_id: Mapped[int] = mapped_column(Id, primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    held_on: Mapped[date]
    review_on: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    resumed_on: Mapped[date | None]
    recorded_at: Mapped[datetime]


class Evidence(Model):
    """What makes a control point true, with when it was so and when we learned it."""

    __tablename__ = "evidence"
    __table_args__ = (
        CheckConstraint("kind in ('attested', 'numbers', 'link', 'record')", name="kind"),
        CheckConstraint("side in ('ours', 'customer', 'machine')", name="side"),
        CheckConstraint("hand is null or hand in ('own', 'reported')", name="hand"),
        CheckConstraint("expires_on is null or expires_on > effective_on", name="expiry"),
    )

    account_id: Mapped[int] = mapped_column(Id, primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    point: Mapped[str] = mapped_column(String(3))
    kind: Mapped[str] = mapped_column(String(10))
    side: Mapped[str] = mapped_column(String(10))
    hand: Mapped[str | None] = mapped_column(String(10))
    said_how: Mapped[str | None] = mapped_column(String(10))
    contact_seq: Mapped[int | None]
    person_name: Mapped[str | None] = mapped_column(String(120))
    person_role: Mapped[str | None] = mapped_column(String(120))
    numbers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    url: Mapped[str | None] = mapped_column(String(1000))
    note: Mapped[str | None] = mapped_column(Text)
    passes: Mapped[bool]
    explanation: Mapped[str] = mapped_column(String(500))  # the rule applied, in words
    effective_on: Mapped[date]
    expires_on: Mapped[date | None]  # the first day on which it no longer holds
    playbook_version: Mapped[int]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(String(254))
    retracted_on: Mapped[date | None]
    retracted_at: Mapped[datetime | None]
    retracted_because: Mapped[str | None] = mapped_column(String(500))


class Proposal(Model):
    """A request to let an account leave its step, on one state of the evidence."""

    __tablename__ = "proposals"
    __table_args__ = (
        CheckConstraint("state in ('open', 'accepted', 'void', 'withdrawn', 'lapsed')", name="state"),
        Index(
            "uq_proposals_open",
            "account_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    account_id: Mapped[int] = mapped_column(Id, primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    from_step: Mapped[int]
    visit_seq: Mapped[int]
    proposed_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    proposed_on: Mapped[date]
    proposed_at: Mapped[datetime]
    lapses_on: Mapped[date]  # the first day on which it no longer stands
    fingerprint: Mapped[str] = mapped_column(String(64))
    note: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default="open")
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str | None] = mapped_column(String(500))


class SignOff(Model):
    """One person's word that a proposal is right: a user of ours or a named customer person."""

    __tablename__ = "sign_offs"
    __table_args__ = (
        CheckConstraint("(user_id is null) <> (contact_seq is null)", name="one_person"),
        Index("uq_sign_offs_user", "account_id", "proposal_seq", "user_id", unique=True),
        Index("uq_sign_offs_contact", "account_id", "proposal_seq", "contact_seq", unique=True),
    )

    account_id: Mapped[int] = mapped_column(Id, primary_key=True)
    proposal_seq: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    contact_seq: Mapped[int | None]
    hand: Mapped[str | None] = mapped_column(String(10))
    said_how: Mapped[str | None] = mapped_column(String(10))
    note: Mapped[str | None] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(String(64))
    signed_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(String(254))
