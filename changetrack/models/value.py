"""Tables of value: outcomes and their terms, the customer's words on them, readings, the ledger posted from them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from changetrack.models._base import Id, Model, UsageNumber

_DUE = text("due_on is not null")
_MEASURED = "measure = 'realized' or measure = 'probationary' or measure = 'live'"  # by “in”, a third more an insert


class Outcome(Model):
    """A measurable value proposition: its terms, frozen once agreed, and what recognition made of it.

    `state` and the figures follow from statements and readings; they are kept in the transaction that posts them.
    """

    __tablename__ = "outcomes"
    __table_args__ = (
        CheckConstraint("period in ('week', 'month')", name="period"),
        CheckConstraint("accrual in ('flat', 'proportional')", name="accrual"),
        CheckConstraint("(overlap_group is null) = (group_cap is null)", name="group"),
        CheckConstraint(
            "state in ('proposed', 'agreed', 'in_use', 'confirmed', 'lapsed', 'withdrawn', 'disputed')", name="state"
        ),
        CheckConstraint("agreed_on is not null or realized = 0", name="no_value_without_agreement"),
        Index("ix_outcomes_metric_id", "account_id", "metric_id"),
        Index("ix_outcomes_state", "currency", "state", "detail", "state_since", "account_id", "seq"),
        Index("ix_outcomes_due_on", "due_on", "account_id", sqlite_where=_DUE, postgresql_where=_DUE),
    )

    account_id: Mapped[int] = mapped_column(Id, primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    beneficiary_seq: Mapped[int]  # among the account's contacts
    statement: Mapped[str] = mapped_column(Text)  # what the customer gets, in their words
    metric_id: Mapped[int] = mapped_column(ForeignKey("metrics.id"))
    baseline: Mapped[Decimal | None] = mapped_column(UsageNumber)
    period: Mapped[str] = mapped_column(String(5))
    threshold: Mapped[Decimal] = mapped_column(UsageNumber)
    target: Mapped[Decimal | None] = mapped_column(UsageNumber)
    rate: Mapped[int] = mapped_column(Id)  # minor units of `currency` a period
    currency: Mapped[str] = mapped_column(String(3))
    accrual: Mapped[str] = mapped_column(String(12), default="flat")
    confirm_after: Mapped[int] = mapped_column(default=4)
    lapse_after: Mapped[int] = mapped_column(default=2)
    restore_after: Mapped[int] = mapped_column(default=4)
    min_hold: Mapped[int] = mapped_column(default=4)
    attestation_valid_days: Mapped[int] = mapped_column(default=90)
    settle_lag_days: Mapped[int] = mapped_column(default=2)
    requires_attestation: Mapped[bool] = mapped_column(default=True)
    plan_start: Mapped[date | None]
    plan_periods: Mapped[int | None]
    overlap_group: Mapped[str | None] = mapped_column(String(60))
    group_cap: Mapped[int | None] = mapped_column(Id)  # minor units a period, for the group together
    replaces: Mapped[int | None]  # the outcome whose agreed terms these would change
    proposed_on: Mapped[date]
    proposed_at: Mapped[datetime]
    proposed_by: Mapped[str] = mapped_column(String(254))
    agreed_on: Mapped[date | None]
    replaced_on: Mapped[date | None]
    replaced_at: Mapped[datetime | None]

    state: Mapped[str] = mapped_column(String(10), default="proposed")
    detail: Mapped[str | None] = mapped_column(String(12))
    state_since: Mapped[date]
    confirmed_from: Mapped[date | None]
    valid_until: Mapped[date | None]  # the first day on which no attestation carries it, unless renewed
    promised: Mapped[int] = mapped_column(Id, default=0)
    probationary: Mapped[int] = mapped_column(Id, default=0)
    realized: Mapped[int] = mapped_column(Id, default=0)
    live: Mapped[int] = mapped_column(Id, default=0)
    due_on: Mapped[date | None]  # when time or news next change something
    touched_from: Mapped[date | None]  # the first day about which there is news of use
    recognised_on: Mapped[date | None]
    ledger_seq: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)


class OutcomeStatement(Model):
    """What a named person of the customer said of an outcome, when it was so, and when we learned it."""

    __tablename__ = "outcome_statements"
    __table_args__ = (
        CheckConstraint("kind in ('agreed', 'attested', 'not_yet', 'disputed', 'withdrawn')", name="kind"),
        CheckConstraint("hand in ('own', 'reported')", name="hand"),
        CheckConstraint("(kind = 'attested') = (valid_days is not null)", name="validity"),
    )

    account_id: Mapped[int] = mapped_column(Id, primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    outcome_seq: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    contact_seq: Mapped[int]
    person_name: Mapped[str] = mapped_column(String(120))
    person_role: Mapped[str | None] = mapped_column(String(120))
    hand: Mapped[str] = mapped_column(String(10))
    said_how: Mapped[str | None] = mapped_column(String(10))
    given_on: Mapped[date]
    valid_days: Mapped[int | None]
    note: Mapped[str | None] = mapped_column(Text)
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(String(254))
    retracted_on: Mapped[date | None]
    retracted_at: Mapped[datetime | None]
    retracted_because: Mapped[str | None] = mapped_column(String(500))


class Reading(Model):
    """The use that an outcome is measured by, over one period, as known at the end of `recorded_on`."""

    __tablename__ = "readings"
    __table_args__ = ({"sqlite_with_rowid": False},)

    account_id: Mapped[int] = mapped_column(Id, primary_key=True)
    outcome_seq: Mapped[int] = mapped_column(primary_key=True)
    period_start: Mapped[date] = mapped_column(primary_key=True)
    recorded_on: Mapped[date] = mapped_column(primary_key=True)
    value: Mapped[Decimal | None] = mapped_column(UsageNumber)


class LedgerEntry(Model):
    """An amount that was recognised, and why; never changed once written: a correction is another entry.

    `posted_on` is the day from which it was so, `known_on` the first day on which it could be known.
    The sum up to (as of, known at) is the figure of that pair of days.
    """

    __tablename__ = "ledger"
    __table_args__ = (
        CheckConstraint(_MEASURED, name="measure"),
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint("known_on >= posted_on", name="order"),
        Index("ix_ledger_cause", "measure", "currency", "cause", "posted_on", "account_id"),
        {"sqlite_with_rowid": False},
    )

    account_id: Mapped[int] = mapped_column(Id, primary_key=True)
    outcome_seq: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    measure: Mapped[str] = mapped_column(String(12))
    posted_on: Mapped[date]
    known_on: Mapped[date]
    amount: Mapped[int] = mapped_column(Id)  # minor units
    currency: Mapped[str] = mapped_column(String(3))
    cause: Mapped[str] = mapped_column(String(20))
    words: Mapped[str] = mapped_column(String(300))
    period_start: Mapped[date | None]
    reading_recorded_on: Mapped[date | None]  # with outcome and period: the reading behind it
    recorded_at: Mapped[datetime]


class ValueCell(Model):
    """What the accounts at a place are worth: in all (`field` ''), and for each value of each filter field."""

    __tablename__ = "value_cells"

    field: Mapped[str] = mapped_column(String(12), primary_key=True)
    value: Mapped[str] = mapped_column(String(120), primary_key=True)
    shard: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    promised: Mapped[int] = mapped_column(Id, default=0)
    probationary: Mapped[int] = mapped_column(Id, default=0)
    realized: Mapped[int] = mapped_column(Id, default=0)
    live: Mapped[int] = mapped_column(Id, default=0)


class ValueSnapshot(Model):
    """The cells of value as they were known at the end of a day, for comparison."""

    __tablename__ = "value_snapshots"

    day: Mapped[date] = mapped_column(primary_key=True)
    field: Mapped[str] = mapped_column(String(12), primary_key=True)
    value: Mapped[str] = mapped_column(String(120), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    promised: Mapped[int] = mapped_column(Id)
    probationary: Mapped[int] = mapped_column(Id)
    realized: Mapped[int] = mapped_column(Id)
    live: Mapped[int] = mapped_column(Id)


class ValueFlow(Model):
    """By how much a figure changed in a month (by the day from which it was so), one line for each cause."""

    __tablename__ = "value_flows"

    month: Mapped[date] = mapped_column(primary_key=True)  # its first day
    team_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)  # 0: none
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    line: Mapped[str] = mapped_column(String(16), primary_key=True)
    amount: Mapped[int] = mapped_column(Id, default=0)


class CustomerLink(Model):
    """A page for one person of the customer, reached by a secret address; `asks` says what it asks."""

    __tablename__ = "customer_links"
    __table_args__ = (Index("ix_customer_links_contact", "account_id", "contact_seq", "created_at"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int] = mapped_column(Id)
    contact_seq: Mapped[int]
    asks: Mapped[list[Any]]  # [{kind, outcome_seq | point, answered_on?}, …]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(254))
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]  # the last answer
    version: Mapped[int] = mapped_column(default=1)
