"""Letting go of what a run of the night held back: the gravest to each person singly, the rest in one letter."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Any

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.alert_letters import ITEMS_MAX, gathered_letter
from changetrack.domain.letters import Letter, from_json
from changetrack.models import OutboxMessage
from changetrack.operations._audience import Audience, Listener
from changetrack.operations._bulk import insert_rows
from changetrack.operations._outbox import letter_messages
from changetrack.operations._recheck import reasons_to_drop
from changetrack.operations._rulebook import EndpointFacts
from changetrack.operations._writes import Message

SINGLY = 5
GATHERED = "gathered"
_AT_ONCE = 10_000  # values in one IN list: SQLite takes 32,766
_UNKNOWN_TO_THE_SESSION = {"synchronize_session": False}

log = structlog.get_logger("changetrack.jobs")


@dataclass(slots=True)
class Released:
    """Which rows are let go singly, which are done by being gathered or dropped (why), and the letters that gather."""

    singly: list[int] = field(default_factory=list)
    done: dict[int, str] = field(default_factory=dict)
    letters: list[Message] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Telling:
    """What one person is told of one alert: a row for each channel."""

    rows: tuple[Any, ...]

    @property
    def first(self) -> Any:
        """Its first row: they differ in nothing but the channel."""
        return self.rows[0]


def release(
    session: scoped_session[Session],
    held: Sequence[Any],
    audience: Audience,
    endpoints: Sequence[EndpointFacts],
    now: datetime,
) -> Released:
    """Decide about rows that are held and locked, for each person and day; what is no longer so is dropped.

    What was told singly already by a run of that day counts. Source: DOMAIN section 6 (against fatigue).
    """
    found = Released()
    for ids in _some([row.id for row in held]):
        found.done.update(reasons_to_drop(session, ids))
    rows = sorted((row for row in held if row.id not in found.done), key=lambda row: (row.user_id, row.held_for))
    audience.learn_people({row.user_id for row in rows})
    for (user_id, day), group in groupby(rows, key=lambda row: (row.user_id, row.held_for)):
        tellings = _tellings(group)
        room = max(0, SINGLY - _told_already(session, user_id, day))
        found.singly += [row.id for telling in tellings[:room] for row in telling.rows]
        listener = audience.person(user_id)
        if listener is not None and tellings[room:]:
            letters = _letters(session, tellings[room:])
            _gather(found, tellings[room:], letters, listener, audience, endpoints, singly=room, now=now)
    return found


def let_go(session: scoped_session[Session], found: Released, now: datetime) -> None:
    """Write what was decided."""
    _update(session, found.singly, held_for=None)
    for why, ids in groupby(sorted(found.done, key=found.done.__getitem__), key=found.done.__getitem__):
        _update(session, list(ids), held_for=None, delivered_at=now, dropped_because=why)
    insert_rows(session, OutboxMessage, [message.finished() for message in found.letters])


def _tellings(rows: Any) -> list[_Telling]:
    """The rows of one person by what they tell, the weightiest first."""
    by_key: dict[str, list[Any]] = {}
    for row in rows:
        by_key.setdefault(row.key.rsplit(":", 2)[0], []).append(row)
    tellings = [_Telling(tuple(same)) for same in by_key.values()]
    return sorted(tellings, key=lambda telling: (-telling.first.weight, telling.first.id))


def _told_already(session: scoped_session[Session], user_id: int, day: date) -> int:
    """How many alerts a person was told of singly by runs of that day."""
    told = select(func.count(func.distinct(OutboxMessage.alert_id))).where(
        OutboxMessage.user_id == user_id,
        OutboxMessage.run_on == day,
        OutboxMessage.held_for.is_(None),
        OutboxMessage.dropped_because.is_(None),
        OutboxMessage.kind != GATHERED,
    )
    return session.scalar(told) or 0


def _gather(
    found: Released,
    tellings: Sequence[_Telling],
    letters: Sequence[Letter],
    listener: Listener,
    audience: Audience,
    endpoints: Sequence[EndpointFacts],
    *,
    singly: int,
    now: datetime,
) -> None:
    others = len(tellings) - 1
    why = f"Gathered with {others} others in one message." if others else "Told in one message with what came after."
    found.done.update({row.id: why for telling in tellings for row in telling.rows})
    first = tellings[0].first
    found.letters += letter_messages(
        gathered_letter(letters, who=listener.name, singly=singly),
        listener,
        audience.reach,
        endpoints,
        key=f"{GATHERED}:{first.held_for.isoformat()}:{first.id}",
        now=now,
        weight=first.weight,
    )


def _letters(session: scoped_session[Session], tellings: Sequence[_Telling]) -> list[Letter]:
    """What they tell, of as many as a letter lists; the others are only counted, so that the last stands for them."""
    ids = [telling.first.id for telling in tellings[:ITEMS_MAX]]
    query = select(OutboxMessage.id, OutboxMessage.alert_id, OutboxMessage.payload).where(OutboxMessage.id.in_(ids))
    rows = {row.id: row for row in session.execute(query)}
    letters = [_letter(rows[id_]) for id_ in ids]
    return letters + letters[-1:] * (len(tellings) - len(letters))


def _letter(row: Any) -> Letter:
    """What a row tells; of one that cannot be read no more than that there is an alert, so that it holds up nobody."""
    try:
        return from_json(row.payload)
    except (AttributeError, TypeError, ValueError):
        log.exception("letter_unreadable", message_id=row.id)
        return Letter(kind="alert", title="An account needs you", lead="", path=f"/alerts/{row.alert_id}")


def _update(session: scoped_session[Session], ids: Sequence[int], **values: Any) -> None:
    for some in _some(ids):
        mine = update(OutboxMessage).where(OutboxMessage.id.in_(some))
        session.execute(mine.values(**values), execution_options=_UNKNOWN_TO_THE_SESSION)


def _some(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """As many at a time as fit into one statement."""
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]
