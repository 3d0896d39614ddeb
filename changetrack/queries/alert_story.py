"""The whole story of one alert: what happened to it, and who was told of it by which channel and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from changetrack.models import Endpoint, Event, OutboxMessage, User, db
from changetrack.queries.alert_rows import AlertRow

MOST_TOLD = 200  # messages that are shown; none of those that ever were had more


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to an alert: the kind of the event, whose doing it was, and what they said."""

    kind: str
    at: datetime
    by: str
    changes: Mapping[str, Any]
    note: str | None


@dataclass(frozen=True, slots=True)
class Telling:
    """One message about an alert, to a person or a program, by one channel, and what became of it.

    `about` says of what, as the message's key has it: "raised", "again-…", "changed-…", "rung-…", "handed-…",
    "decided-…"; `on` the day of its run. `rung` is that of the ladder since the alert fired last, None for others.
    `not_told` says why it was not delivered, `failed_at` when it was given up; else it waits, until `due_at` at least.
    """

    to: str
    is_program: bool
    about: str
    on: date
    rung: int | None
    channel: str
    kind: str
    written_at: datetime
    due_at: datetime
    is_held: bool
    delivered_at: datetime | None
    not_told: str | None
    failed_at: datetime | None
    error: str | None
    attempts: int


@dataclass(frozen=True, slots=True)
class Story:
    """Both, oldest first; the messages in the order in which they were written."""

    happenings: tuple[Happening, ...]
    tellings: tuple[Telling, ...]


def get_story(alert: AlertRow) -> Story:
    """Return the story of an alert that the caller may see, by two statements."""
    return Story(_happenings(alert), _tellings(alert))


def _happenings(alert: AlertRow) -> tuple[Happening, ...]:
    """The events about the account's alert from when this one was raised until it was resolved."""
    query = (
        select(Event.kind, Event.recorded_at, Event.actor, User.name, Event.changes, Event.note)
        .outerjoin(User, User.email == Event.actor)
        .where(Event.account_id == alert.account_id, Event.kind.startswith("alert_", autoescape=True))
        .where(Event.recorded_at >= alert.raised_at)
        .order_by(Event.seq)
    )
    if alert.resolved_at is not None:
        query = query.where(Event.recorded_at <= alert.resolved_at)
    return tuple(
        Happening(row.kind, row.recorded_at, row.name or row.actor, row.changes, row.note)
        for row in db.session.execute(query)
    )


def _tellings(alert: AlertRow) -> tuple[Telling, ...]:
    query = (
        select(OutboxMessage, User.name.label("person"), Endpoint.name.label("program"))
        .outerjoin(User, User.id == OutboxMessage.user_id)
        .outerjoin(Endpoint, Endpoint.id == OutboxMessage.endpoint_id)
        .where(OutboxMessage.alert_id == alert.id)
        .order_by(OutboxMessage.id)
        .limit(MOST_TOLD)
    )
    return tuple(_telling(row, alert) for row in db.session.execute(query))


def _telling(row: Any, alert: AlertRow) -> Telling:
    sent: OutboxMessage = row.OutboxMessage
    about, on = "".join(sent.key.split(":")[2:3]), sent.run_on or sent.created_at.date()
    return Telling(
        to=row.person or row.program or "somebody",
        is_program=sent.user_id is None,
        about=about,
        on=on,
        rung=_rung(about, on >= alert.fired_on, alert.fired_on.isoformat()),
        channel=sent.channel,
        kind=sent.kind,
        written_at=sent.created_at,
        due_at=sent.due_at,
        is_held=sent.held_for is not None,
        delivered_at=sent.delivered_at,
        not_told=sent.dropped_because,
        failed_at=sent.dead_at,
        error=sent.last_error,
        attempts=sent.attempts,
    )


def _rung(about: str, is_since: bool, fired_on: str) -> int | None:
    """The rung of which a message tells, as `rung-3-2026-11-12`; what is told at once is the first."""
    name, _, rest = about.partition("-")
    if name == "decided":
        return None
    if name == "handed":
        return int(rest.partition("-")[0]) if is_since else None
    if name != "rung":
        return 0 if is_since else None
    number, _, day = rest.partition("-")
    return int(number) if number.isdecimal() and day == fired_on else None
