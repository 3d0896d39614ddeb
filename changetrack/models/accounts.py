"""Tables of the record itself: accounts, their calendars and aliases, views of their list, the imports."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from changetrack.models._base import Id, Model

# Ordered by code points on both databases, so that a prefix is a range. Case-folding can triple a name's length.
_KEY = String(600).with_variant(String(600, collation="C"), "postgresql")
_FILTERED = ("organization", "product", "segment", "region", "industry", "tier")
_HOUSE = text("is_house")
_UNSUPPORTED = text("supported_step < claimed_step and place < 10")


class Account(Model):
    """One customer organisation adopting one product, with where it stands now.

    `claimed_step` 0 is not opened, 1 to 8 Kotter's steps, 9 anchored. What follows from other tables
    (supported step, staleness, due day) is kept here in the transaction that changes it.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        CheckConstraint("claimed_step between 0 and 9", name="claimed_step"),
        CheckConstraint("supported_step between 0 and claimed_step", name="supported_step"),
        CheckConstraint("status in ('not_opened', 'active', 'anchored', 'held', 'closed')", name="status"),
        CheckConstraint("place between 0 and 11", name="place"),
        CheckConstraint("(annual_value is null) = (currency is null)", name="money"),
        # The lists in their orders; each ends in the primary key so that pages can be cut anywhere.
        Index("ix_accounts_name_key_id", "name_key", "id"),
        Index("ix_accounts_place_name_key_id", "place", "name_key", "id"),
        Index("ix_accounts_team_id_place_name_key_id", "team_id", "place", "name_key", "id"),
        Index("ix_accounts_team_id_name_key_id", "team_id", "name_key", "id"),
        Index("ix_accounts_owner_id", "owner_id"),
        Index("ix_accounts_calendar_id", "calendar_id"),
        Index("ix_accounts_place_step_entered_on_id", "place", "step_entered_on", "id"),
        Index("ix_accounts_team_id_place_step_entered_on_id", "team_id", "place", "step_entered_on", "id"),
        # Filters that may leave only a few: those few are read, not the list.
        *(Index(f"ix_accounts_{field}", field) for field in _FILTERED),
        Index(
            "ix_accounts_review_on",
            "review_on",
            "id",
            sqlite_where=text("review_on is not null"),
            postgresql_where=text("review_on is not null"),
        ),
        # What a funnel's figure for lack of proof or staleness drills through to.
        Index(
            "ix_accounts_unsupported",
            "place",
            "name_key",
            "id",
            sqlite_where=_UNSUPPORTED,
            postgresql_where=_UNSUPPORTED,
        ),
        Index(
            "ix_accounts_stale", "place", "name_key", "id", sqlite_where=text("stale"), postgresql_where=text("stale")
        ),
        # The night reads only what is due.
        Index(
            "ix_accounts_due_on",
            "due_on",
            "id",
            sqlite_where=text("due_on is not null"),
            postgresql_where=text("due_on is not null"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    external_id: Mapped[str] = mapped_column(String(200), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    name_key: Mapped[str] = mapped_column(_KEY)  # as domain.names makes it, for sorting and search
    organization: Mapped[str | None] = mapped_column(String(200))
    product: Mapped[str | None] = mapped_column(String(120))
    segment: Mapped[str | None] = mapped_column(String(120))
    region: Mapped[str | None] = mapped_column(String(120))
    industry: Mapped[str | None] = mapped_column(String(120))
    tier: Mapped[str | None] = mapped_column(String(120))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    started_on: Mapped[date | None]
    annual_value: Mapped[int | None] = mapped_column(Id)  # minor units of `currency`
    currency: Mapped[str | None] = mapped_column(String(3))
    planned_users: Mapped[int | None]  # how many people are to use the product
    attributes: Mapped[dict[str, Any]] = mapped_column(default=dict)

    status: Mapped[str] = mapped_column(String(10), default="not_opened")
    place: Mapped[int] = mapped_column(default=0)
    claimed_step: Mapped[int] = mapped_column(default=0)
    supported_step: Mapped[int] = mapped_column(default=0)
    visit_seq: Mapped[int] = mapped_column(default=0)
    step_entered_on: Mapped[date]
    self_attested: Mapped[bool] = mapped_column(default=False)
    progress_on: Mapped[date]  # the day from which the no-progress clock counts
    held_days: Mapped[int] = mapped_column(default=0)  # calendar days of this visit on hold: they do not count
    held_workdays: Mapped[int] = mapped_column(default=0)  # business days on hold since `progress_on`
    stale: Mapped[bool] = mapped_column(default=False)
    severity: Mapped[str | None] = mapped_column(String(8))
    # What its outcomes are worth: currency -> [promised, probationary, realized, live], in minor units.
    value: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    falling_since: Mapped[date | None]  # an outcome's use fell short, or cannot be seen any more
    falling_why: Mapped[str | None] = mapped_column(String(300))
    customer_on: Mapped[date | None]  # of the last act that came from the customer
    customer_held_workdays: Mapped[int] = mapped_column(default=0, server_default=text("0"))  # on hold since then
    commitment_due_on: Mapped[date | None]  # of the open commitment that is due first
    commitment_words: Mapped[str | None] = mapped_column(String(300))  # and what it is
    calendar_id: Mapped[int | None] = mapped_column(ForeignKey("calendars.id"))  # none: the house's
    blackout_days: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'"))  # ISO dates, its own
    due_on: Mapped[date | None]  # when the night has to look at it next
    review_on: Mapped[date | None]  # of an account on hold

    standing_seq: Mapped[int] = mapped_column(default=0)
    standing_on: Mapped[date]  # effective date of the newest standing
    event_seq: Mapped[int] = mapped_column(default=0)
    event_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)  # of the editable record


class Calendar(Model):
    """On which days an organisation works: week mask, country holidays, its own days off; `is_house` is everybody's."""

    __tablename__ = "calendars"
    __table_args__ = (
        Index("uq_calendars_house", "is_house", unique=True, sqlite_where=_HOUSE, postgresql_where=_HOUSE),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    is_house: Mapped[bool] = mapped_column(default=False)
    weekmask: Mapped[str] = mapped_column(String(7), default="1111100")  # from Monday, 1: worked
    country: Mapped[str | None] = mapped_column(String(2))
    subdivision: Mapped[str | None] = mapped_column(String(20))
    timezone: Mapped[str | None] = mapped_column(String(60))  # none: the house's
    blackout_days: Mapped[list[Any]] = mapped_column(default=list)  # ISO dates
    version: Mapped[int] = mapped_column(default=1)


class Alias(Model):
    """Another system's name of an account: a CRM id, a subscription id, a group id."""

    __tablename__ = "aliases"
    __table_args__ = (Index("ix_aliases_account_id", "account_id"),)

    alias: Mapped[str] = mapped_column(String(200), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime]


class SavedView(Model):
    """A list of accounts that somebody wants to see again: its name, and the arguments of its address."""

    __tablename__ = "saved_views"
    __table_args__ = (Index("uq_saved_views_user_id_name", "user_id", "name", unique=True),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(80))
    query: Mapped[str] = mapped_column(String(2000))
    is_shared: Mapped[bool] = mapped_column(default=False)  # with the team mates of its owner
    created_at: Mapped[datetime]


class Import(Model):
    """One file that was read in, so that reading it again changes nothing."""

    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    batch_id: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    digest: Mapped[str] = mapped_column(String(64))
    file_name: Mapped[str] = mapped_column(String(255))
    counts: Mapped[dict[str, Any]]
    imported_by: Mapped[str] = mapped_column(String(254))
    imported_at: Mapped[datetime]
