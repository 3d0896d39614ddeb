"""Putting messages into the outbox: a letter to a person by every channel that they chose, an event to programs."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.letters import Letter, to_json
from changetrack.models import Alert, OutboxMessage
from changetrack.operations._audience import Audience, Listener, Reach
from changetrack.operations._bulk import insert_rows
from changetrack.operations._rulebook import EndpointFacts
from changetrack.operations._writes import Message

HANDED = "handed"
"""What a key says of a message to somebody who answers for an alert since it changed hands."""


def told_of(key: str) -> str:
    """What a message tells of an alert, by its key: “raised”, “rung-2-2026-12-07”, “decided-4”; “” for others."""
    _, _, told = key.partition(":")[2].partition(":")
    return told.partition(":")[0] if key.startswith("alert:") else ""


def rung_of(key: str) -> int:
    """The rung of the ladder on which a message about an alert is told, by its key."""
    name, _, rest = told_of(key).partition("-")
    number = rest.partition("-")[0]
    return int(number) if name in ("rung", HANDED) and number.isdecimal() else 0


def put_letter(
    session: scoped_session[Session],
    letter: Letter,
    *,
    user_id: int,
    key: str,
    now: datetime,
    account_id: int | None = None,
    alert_id: int | None = None,
    endpoints: Iterable[EndpointFacts] = (),
    reach: Reach | None = None,
) -> int:
    """Write one row for each channel by which a person hears letters of this kind; returns how many.

    `key` names what is told and never repeats; each row's key is `<key>:<channel>:<user>`. Nobody is told who cannot
    sign in. It is for letters that no settled account sends, such as a digest.
    """
    audience = Audience(session, reach)
    listener = audience.person(user_id)
    if listener is None:
        return 0
    messages = letter_messages(
        letter, listener, audience.reach, endpoints, key=key, account_id=account_id, alert_id=alert_id, now=now
    )
    insert_rows(session, OutboxMessage, [message.finished() for message in messages])
    return len(messages)


def letter_messages(
    letter: Letter,
    listener: Listener,
    reach: Reach,
    endpoints: Iterable[EndpointFacts],
    *,
    key: str,
    now: datetime,
    account_id: int | None = None,
    alert_id: int | None = None,
    alert: Alert | None = None,
    team_id: int | None = None,
    weight: int = 0,
    held_for: date | None = None,
) -> list[Message]:
    """One message for each channel by which a person hears letters of this kind.

    Slack takes them to the person's own channel, or else to that of the team.
    """
    payload, made = to_json(letter), []
    for channel in listener.channels(letter.kind, reach):
        endpoint = _slack(endpoints, listener.id, team_id) if channel == "slack" else None
        if channel == "slack" and endpoint is None:
            continue
        row = message_row(
            key=f"{key}:{channel}:{listener.id}",
            channel=channel,
            kind=letter.kind,
            user_id=listener.id,
            endpoint_id=endpoint,
            account_id=account_id,
            alert_id=alert_id,
            payload=payload,
            weight=weight,
            held_for=held_for,
            now=now,
            due_at=listener.due_at(channel, now, reach),
        )
        made.append(Message(row, alert))
    return made


def event_messages(
    event: str,
    number: str,
    endpoints: Iterable[EndpointFacts],
    *,
    account_id: int,
    team_id: int | None,
    now: datetime,
    body: Callable[[], Mapping[str, Any]],
) -> list[Message]:
    """One message for each webhook that asked for such events of this team; `number` names the event for ever.

    `body` is made when all that it tells of has its number.
    """
    return [
        Message(
            message_row(
                key=f"hook:{endpoint.id}:{number}",
                channel="webhook",
                kind="event",
                endpoint_id=endpoint.id,
                account_id=account_id,
                now=now,
                due_at=now,
            ),
            body=body,
        )
        for endpoint in endpoints
        if endpoint.kind == "webhook" and event in endpoint.events and endpoint.team_id in (None, team_id)
    ]


def message_row(
    *,
    key: str,
    channel: str,
    kind: str,
    now: datetime,
    due_at: datetime,
    user_id: int | None = None,
    endpoint_id: int | None = None,
    account_id: int | None = None,
    alert_id: int | None = None,
    payload: Mapping[str, Any] | None = None,
    weight: int = 0,
    held_for: date | None = None,
) -> dict[str, Any]:
    """A row of the outbox, as it is before anybody has tried to deliver it."""
    return {
        "key": key,
        "channel": channel,
        "kind": kind,
        "user_id": user_id,
        "endpoint_id": endpoint_id,
        "account_id": account_id,
        "alert_id": alert_id,
        "payload": payload or {},
        "weight": weight,
        "held_for": held_for,
        "run_on": held_for,
        "created_at": now,
        "due_at": due_at,
        "attempts": 0,
    }


def _slack(endpoints: Iterable[EndpointFacts], user_id: int, team_id: int | None) -> int | None:
    """The channel of their own, else their team's."""
    slack = [endpoint for endpoint in endpoints if endpoint.kind == "slack"]
    own = [e.id for e in slack if e.user_id == user_id]
    teams = [e.id for e in slack if e.user_id is None and e.team_id is not None and e.team_id == team_id]
    return next(iter((*own, *teams)), None)
