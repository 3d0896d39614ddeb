"""Letting go of what a run of the night held back: the gravest to each person singly, the rest in one letter."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.alert_letters import ITEMS_MAX, gathered_letter
from changetrack.domain.letters import Letter, from_json, to_json
from changetrack.models import OutboxMessage
from changetrack.operations._audience import Audience, Listener
from changetrack.operations._bulk import insert_rows, update_rows
from changetrack.operations._handed import Handed, bare_letter, handed_letters, is_handed
from changetrack.operations._outbox import letter_messages, rung_of
from changetrack.operations._recheck import GONE, reasons_to_drop
from changetrack.operations._rulebook import EndpointFacts
from changetrack.operations._writes import Message

SINGLY = 5
GATHERED = "gathered"
TOLD_ONCE = "Told once, as it was handed over on several rungs."
HELD_COLUMNS: tuple[Any, ...] = (
    OutboxMessage.id, OutboxMessage.key, OutboxMessage.user_id, OutboxMessage.held_for, OutboxMessage.weight,
)  # fmt: skip  # of the rows that `release` decides about
_AT_ONCE = 10_000  # values in one IN list: SQLite takes 32,766
_UNKNOWN_TO_THE_SESSION = {"synchronize_session": False}


@dataclass(slots=True)
class Released:
    """What becomes of rows that were held: let go singly, or done by being gathered or dropped (why).

    `handed` are those that were held since an alert changed hands, with their day; `words` what those of them say that
    are let go singly. `letters` are written besides: those that gather, and the other channels of what was handed over.
    """

    singly: list[int] = field(default_factory=list)
    done: dict[int, str] = field(default_factory=dict)
    handed: dict[int, date] = field(default_factory=dict)
    words: list[dict[str, Any]] = field(default_factory=list)
    letters: list[Message] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Telling:
    """What one person is told of one alert: a row for each channel."""

    rows: tuple[Any, ...]

    @property
    def first(self) -> Any:
        """Its first row: they differ in nothing but the channel."""
        return self.rows[0]


class _Release:
    """One letting go: the people and endpoints as they are now, and what was decided so far."""

    def __init__(
        self,
        session: scoped_session[Session],
        audience: Audience,
        endpoints: Sequence[EndpointFacts],
        now: datetime,
    ) -> None:
        self._session, self._audience, self._endpoints, self._now = session, audience, endpoints, now
        self._today = now.astimezone(audience.reach.zone).date()
        self.found = Released()

    def drop(self, held: Sequence[Any]) -> list[Any]:
        """Drop what is no longer so; returns the rest."""
        for ids in _some([row.id for row in held]):
            self.found.done.update(reasons_to_drop(self._session, ids, self._audience))
        return [row for row in held if row.id not in self.found.done]

    def day_of(self, row: Any) -> date:
        """The day of its run; what changed hands is told on the day on which it is let go."""
        return self._today if is_handed(row.key) else row.held_for

    def tell(self, user_id: int, day: date, rows: Iterable[Any]) -> None:
        """Let each of one person's rows of a day go singly, or gather it, or drop it: none is left held."""
        tellings, listener = _tellings(self._once(rows)), self._audience.person(user_id)
        if listener is None:  # disabled since it was looked at
            self.found.done.update({row.id: GONE for telling in tellings for row in telling.rows})
            return
        room = max(0, SINGLY - _told_already(self._session, user_id, day))
        listed = [telling.first.id for telling in tellings[: room + ITEMS_MAX] if is_handed(telling.first.key)]
        handed = handed_letters(self._session, listed, self._audience, day)
        self.found.handed.update({row.id: day for one in tellings for row in one.rows if is_handed(row.key)})
        for telling in tellings[:room]:
            self.found.singly += [row.id for row in telling.rows]
            if telling.first.id in handed:
                self._by_all_channels(telling.first, handed[telling.first.id], listener, day)
        if tellings[room:]:
            letters = _letters(self._session, tellings[room:], {id_: one.letter for id_, one in handed.items()})
            self._gather(tellings[room:], letters, listener, day, singly=room)

    def _once(self, rows: Iterable[Any]) -> list[Any]:
        """Of an alert that was handed to one person on several rungs meanwhile, the lowest of them is told."""
        lowest: dict[str, Any] = {}
        for row in sorted(rows, key=lambda row: (rung_of(row.key), row.id)):
            what = row.key.split(":")[1] if is_handed(row.key) else row.key
            if lowest.setdefault(what, row) is not row:
                self.found.done[row.id] = TOLD_ONCE
        return list(lowest.values())

    def _by_all_channels(self, row: Any, handed: Handed, listener: Listener, day: date) -> None:
        """Give what was handed over its words, and to each other channel that its person chose a row of its own."""
        messages = letter_messages(
            handed.letter,
            listener,
            self._audience.reach,
            self._endpoints,
            key=row.key.rsplit(":", 2)[0],
            now=self._now,
            account_id=handed.account_id,
            alert_id=handed.alert_id,
            team_id=handed.team_id,
            weight=row.weight,
        )
        for message in messages:
            message.row |= {"run_on": day, "created_at": handed.at}
        self.found.words.append({"id": row.id, "payload": to_json(handed.letter)})
        self.found.letters += [message for message in messages if message.row["channel"] != "in_app"]

    def _gather(
        self, tellings: Sequence[_Telling], letters: Sequence[Letter], listener: Listener, day: date, *, singly: int
    ) -> None:
        others = len(tellings) - 1
        why = (
            f"Gathered with {others} others in one message." if others else "Told in one message with what came after."
        )
        self.found.done.update({row.id: why for telling in tellings for row in telling.rows})
        first = tellings[0].first
        self.found.letters += letter_messages(
            gathered_letter(letters, who=listener.name, singly=singly),
            listener,
            self._audience.reach,
            self._endpoints,
            key=f"{GATHERED}:{day.isoformat()}:{first.id}",
            now=self._now,
            weight=first.weight,
        )


def release(
    session: scoped_session[Session],
    held: Sequence[Any],
    audience: Audience,
    endpoints: Sequence[EndpointFacts],
    now: datetime,
) -> Released:
    """Decide about rows that are held and locked, for each person and day; what is no longer so is dropped.

    Each row is let go, gathered or dropped. What was told singly already by a run of that day counts. Source: DOMAIN
    section 6 (against fatigue).
    """
    one = _Release(session, audience, endpoints, now)
    rows = sorted(one.drop(held), key=lambda row: (row.user_id, one.day_of(row)))
    audience.learn_people({row.user_id for row in rows})
    for (user_id, day), group in groupby(rows, key=lambda row: (row.user_id, one.day_of(row))):
        one.tell(user_id, day, group)
    return one.found


def let_go(session: scoped_session[Session], found: Released, now: datetime) -> None:
    """Write what was decided."""
    _update(session, found.singly, held_for=None)
    for why, ids in _alike(found.done):
        _update(session, ids, held_for=None, delivered_at=now, dropped_because=why)
    for day, ids in _alike(found.handed):
        _update(session, ids, run_on=day)
    update_rows(session, OutboxMessage, ("id",), found.words)
    insert_rows(session, OutboxMessage, [message.finished() for message in found.letters])


def _tellings(rows: Any) -> list[_Telling]:
    """The rows of one person by what they tell, the weightiest first."""
    by_key: dict[str, list[Any]] = {}
    for row in rows:
        by_key.setdefault(row.key.rsplit(":", 2)[0], []).append(row)
    tellings = [_Telling(tuple(same)) for same in by_key.values()]
    return sorted(tellings, key=lambda telling: (-telling.first.weight, telling.first.id))


def _told_already(session: scoped_session[Session], user_id: int, day: date) -> int:
    """How many alerts a person was told of singly by runs of that day, or since they changed hands on it."""
    told = select(func.count(func.distinct(OutboxMessage.alert_id))).where(
        OutboxMessage.user_id == user_id,
        OutboxMessage.run_on == day,
        OutboxMessage.held_for.is_(None),
        OutboxMessage.dropped_because.is_(None),
        OutboxMessage.kind != GATHERED,
    )
    return session.scalar(told) or 0


def _letters(
    session: scoped_session[Session], tellings: Sequence[_Telling], handed: Mapping[int, Letter]
) -> list[Letter]:
    """What they tell, of as many as a letter lists; the others are only counted, so that the last stands for them."""
    ids = [telling.first.id for telling in tellings[:ITEMS_MAX]]
    query = select(OutboxMessage.id, OutboxMessage.alert_id, OutboxMessage.payload).where(OutboxMessage.id.in_(ids))
    rows = {row.id: row for row in session.execute(query)}
    letters = [handed.get(id_) or _letter(rows[id_]) for id_ in ids]
    return letters + letters[-1:] * (len(tellings) - len(letters))


def _letter(row: Any) -> Letter:
    """What a row tells; of one that cannot be read no more than that there is an alert, so that it holds up nobody."""
    try:
        return from_json(row.payload)
    except (AttributeError, TypeError, ValueError):
        return bare_letter(row.id, row.alert_id)


def _update(session: scoped_session[Session], ids: Sequence[int], **values: Any) -> None:
    for some in _some(ids):
        mine = update(OutboxMessage).where(OutboxMessage.id.in_(some))
        session.execute(mine.values(**values), execution_options=_UNKNOWN_TO_THE_SESSION)


def _alike(found: Mapping[int, Any]) -> Iterator[tuple[Any, list[int]]]:
    """The numbers of rows, by what was found of them."""
    for what, ids in groupby(sorted(found, key=found.__getitem__), key=found.__getitem__):
        yield what, list(ids)


def _some(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """As many at a time as fit into one statement."""
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]
