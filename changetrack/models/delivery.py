"""Tables of delivery: the outbox, what was tried, where it goes, what each person wants to hear, their inbox."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from changetrack.models._base import Id, Model

_WAITING = text("delivered_at is null and dead_at is null and held_for is null")
_HELD = text("held_for is not null")
_GIVEN_UP = text("dead_at is not null")
_OF_ENDPOINT = text("endpoint_id is not null")
_OF_ALERT = text("alert_id is not null")
_OF_RUN = text("run_on is not null")
_WAITING_FOR_ENDPOINT = text(
    "endpoint_id is not null and delivered_at is null and dead_at is null and held_for is null"
)
_UNREAD = text("read_at is null")


class OutboxMessage(Model):
    """A message that has to leave, written with what caused it; its `key` makes it one message for ever.

    It goes to one person (`user_id`) or to an endpoint of a program, by one channel.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("user_id is not null or endpoint_id is not null", name="receiver"),
        # Each channel takes its own, so that one that hangs holds up no other.
        Index("ix_outbox_waiting", "channel", "due_at", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("ix_outbox_held", "held_for", "user_id", sqlite_where=_HELD, postgresql_where=_HELD),
        Index("ix_outbox_given_up", "dead_at", "id", sqlite_where=_GIVEN_UP, postgresql_where=_GIVEN_UP),
        Index("ix_outbox_endpoint", "endpoint_id", "id", sqlite_where=_OF_ENDPOINT, postgresql_where=_OF_ENDPOINT),
        # The next one of each endpoint, of which one at a time is under way.
        Index(
            "ix_outbox_endpoint_waiting",
            "endpoint_id",
            "due_at",
            "id",
            sqlite_where=_WAITING_FOR_ENDPOINT,
            postgresql_where=_WAITING_FOR_ENDPOINT,
        ),
        # What a person was told of by the run of one day.
        Index("ix_outbox_run_on", "user_id", "run_on", "id", sqlite_where=_OF_RUN, postgresql_where=_OF_RUN),
        # Who was told of an alert, by which channel and when.
        Index("ix_outbox_alert_id", "alert_id", "id", sqlite_where=_OF_ALERT, postgresql_where=_OF_ALERT),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    channel: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    endpoint_id: Mapped[int | None] = mapped_column(ForeignKey("endpoints.id"))
    account_id: Mapped[int | None]
    alert_id: Mapped[int | None]
    payload: Mapped[dict[str, Any]]
    weight: Mapped[int] = mapped_column(Id, default=0)  # severity times value at stake: the heaviest are told singly
    held_for: Mapped[date | None]  # waits for the end of that day's run, which says what is told singly
    run_on: Mapped[date | None]  # of the run of the night that wrote it: a person hears of a few of each singly
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    delivered_at: Mapped[datetime | None]  # or dropped, or gathered with others: then it says why
    dropped_because: Mapped[str | None] = mapped_column(String(300))
    dead_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)


class DeliveryAttempt(Model):
    """One try to send a message out of the house, and what came of it."""

    __tablename__ = "delivery_attempts"

    message_id: Mapped[int] = mapped_column(ForeignKey("outbox.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tried_at: Mapped[datetime]
    took_ms: Mapped[int]
    status: Mapped[int | None]  # the receiver's answer, if it gave one
    error: Mapped[str | None] = mapped_column(String(500))


class Endpoint(Model):
    """Where messages go that are not for a mailbox: a webhook of a program, or a Slack channel.

    The address and the secret are sealed with a key that is not in the database. A Slack channel may be a team's or a
    person's own; a webhook may be of one team's accounts.
    """

    __tablename__ = "endpoints"
    __table_args__ = (
        CheckConstraint("kind in ('webhook', 'slack')", name="kind"),
        CheckConstraint("kind = 'slack' or secret_sealed is not null", name="secret"),
        Index("ix_endpoints_team_id", "team_id"),
        Index("ix_endpoints_user_id", "user_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(120), unique=True)
    url_sealed: Mapped[str] = mapped_column(Text)
    url_shown: Mapped[str] = mapped_column(String(200))  # its host, and no more of it than is no secret
    secret_sealed: Mapped[str | None] = mapped_column(Text)
    former_secret_sealed: Mapped[str | None] = mapped_column(Text)
    former_until: Mapped[datetime | None]  # until then, what is sent is signed with the former secret, too
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    events: Mapped[list[Any]] = mapped_column(default=list)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(254))
    disabled_at: Mapped[datetime | None]
    disabled_because: Mapped[str | None] = mapped_column(String(300))
    failing_since: Mapped[datetime | None]
    not_before: Mapped[datetime | None]  # no try before it: paced, failing, or it asked for that
    leased_until: Mapped[datetime | None]  # a message to it is under way
    version: Mapped[int] = mapped_column(default=1)


class MessageSettings(Model):
    """What a person wants to hear, by which channels, and when; who never chose has no row."""

    __tablename__ = "message_settings"
    __table_args__ = (
        CheckConstraint("digest_hour between 0 and 23", name="digest_hour"),
        CheckConstraint("digest_weekday between 0 and 6", name="digest_weekday"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    timezone: Mapped[str | None] = mapped_column(String(60))  # none: the house's
    digest_hour: Mapped[int] = mapped_column(default=8)
    digest_weekday: Mapped[int] = mapped_column(default=0)  # from Monday
    quiet_days: Mapped[str] = mapped_column(String(7), default="0000011")  # from Monday, 1: nothing but the inbox
    choices: Mapped[dict[str, Any]] = mapped_column(default=dict)  # kind of message -> channels
    email_failed_at: Mapped[datetime | None]  # its server refused the address for good
    email_error: Mapped[str | None] = mapped_column(String(500))
    calendar_token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    version: Mapped[int] = mapped_column(default=1)


class Digest(Model):
    """That a person's digest of a local date was written: it is, once."""

    __tablename__ = "digests"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    local_date: Mapped[date] = mapped_column(primary_key=True)
    written_at: Mapped[datetime]


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
    path: Mapped[str | None] = mapped_column(String(200))  # the page where something can be done about it
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
