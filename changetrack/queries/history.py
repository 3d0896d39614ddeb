"""Reads of an account's history: its events, newest first, a page at a time."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import literal, select, union_all

from changetrack.domain.people import Actor, visible_teams
from changetrack.models import Account, Event, Team, User, db

PAGE = 30


@dataclass(frozen=True, slots=True)
class EventView:
    """Something that happened; `changes` is {field: [old, new]}, with the names of teams and owners for their ids."""

    seq: int
    kind: str
    actor: str
    effective_on: date
    recorded_at: datetime
    changes: Mapping[str, list[Any]]
    note: str | None
    is_progress: bool

    @property
    def is_late(self) -> bool:
        """Whether it was recorded on a later day than it took effect."""
        return self.recorded_at.date() > self.effective_on


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """A page of events, newest first; `before` is the argument for the next, older page, None at the end."""

    events: tuple[EventView, ...]
    before: int | None


def list_events(
    account_id: int,
    *,
    actor: Actor,
    kinds: Collection[str] = (),
    before: int | None = None,
    limit: int = PAGE,
) -> HistoryPage:
    """Return up to `limit` events with a number less than `before`, newest first, by at most two statements.

    `kinds` keeps only events of these kinds; empty keeps all. An account that `actor` may not see has none.
    """
    query = select(Event).join(Account, Account.id == Event.account_id).where(Event.account_id == account_id)
    teams = visible_teams(actor)
    if teams is not None:
        query = query.where(Account.team_id.in_(teams))
    if kinds:
        query = query.where(Event.kind.in_(kinds))
    if before is not None:
        query = query.where(Event.seq < before)
    rows = list(db.session.scalars(query.order_by(Event.seq.desc()).limit(limit + 1)))
    shown, names = rows[:limit], _names_in(rows[:limit])
    return HistoryPage(tuple(_view(row, names) for row in shown), shown[-1].seq if len(rows) > limit else None)


def _names_in(rows: Iterable[Event]) -> dict[tuple[str, Any], str]:
    """The names of the teams and owners that the changes speak of by number; no statement when there are none."""
    wanted: dict[str, set[int]] = {"team_id": set(), "owner_id": set()}
    for row in rows:
        for name, ids in wanted.items():
            ids.update(value for value in row.changes.get(name, ()) if isinstance(value, int))
    parts = [
        select(literal(name).label("field"), table.id, table.name).where(table.id.in_(wanted[name]))
        for name, table in (("team_id", Team), ("owner_id", User))
        if wanted[name]
    ]
    if not parts:
        return {}
    return {(field, id_): name for field, id_, name in db.session.execute(union_all(*parts))}


def _view(row: Event, names: Mapping[tuple[str, Any], str]) -> EventView:
    changes = {
        field: [names.get((field, value), value) if isinstance(value, int) else value for value in pair]
        for field, pair in row.changes.items()
    }
    return EventView(
        row.seq, row.kind, row.actor, row.effective_on, row.recorded_at, changes, row.note, row.is_progress
    )
