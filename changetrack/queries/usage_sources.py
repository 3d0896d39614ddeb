"""Reads of who sends events: sources and their write keys, without the keys themselves."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from changetrack.domain.refusal import NotFound
from changetrack.models import UsageSource, WriteKey, db


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A write key as listed: its first characters, who made it, and when it was last used."""

    id: int
    source_id: int
    prefix: str
    created_at: datetime
    created_by: str
    revoked_at: datetime | None
    last_used_on: date | None


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source as listed, with its keys, those in force first."""

    id: int
    name: str
    created_at: datetime
    keys: tuple[KeyRow, ...] = ()

    @property
    def open_keys(self) -> tuple[KeyRow, ...]:
        """The keys that let in."""
        return tuple(key for key in self.keys if key.revoked_at is None)

    @property
    def last_used_on(self) -> date | None:
        """The last day on which any of its keys was used."""
        return max((key.last_used_on for key in self.keys if key.last_used_on), default=None)


def list_sources() -> list[SourceRow]:
    """Return all sources with their keys, by name, by two statements."""
    rows = list(db.session.scalars(select(UsageSource).order_by(UsageSource.name, UsageSource.id)))
    keys = _keys([])
    return [
        SourceRow(row.id, row.name, row.created_at, tuple(k for k in keys if k.source_id == row.id)) for row in rows
    ]


def get_source(source_id: int) -> SourceRow:
    """Return a source with its keys, by two statements. Raises NotFound."""
    row = db.session.get(UsageSource, source_id)
    if row is None:
        raise NotFound("There is no such source.")
    return SourceRow(row.id, row.name, row.created_at, tuple(_keys([source_id])))


def list_source_choices() -> list[tuple[int, str]]:
    """Return (id, name) of all sources, by name."""
    rows = db.session.execute(select(UsageSource.id, UsageSource.name).order_by(UsageSource.name))
    return [(row.id, row.name) for row in rows]


def find_source_id(name: str) -> int | None:
    """Return the id of the source of this name; None if there is none."""
    return db.session.scalars(select(UsageSource.id).where(UsageSource.name == name)).first()


def list_keys_by_prefix(prefix: str) -> list[KeyRow]:
    """Return the keys in force that begin like this: one, unless the prefix is too short."""
    return [key for key in _keys([]) if key.prefix.startswith(prefix) and key.revoked_at is None]


def _keys(source_ids: Iterable[int]) -> list[KeyRow]:
    """The keys of these sources, or of all, those in force first and the newest of them first."""
    query = select(WriteKey).order_by(WriteKey.revoked_at.is_not(None), WriteKey.id.desc())
    if wanted := list(source_ids):
        query = query.where(WriteKey.source_id.in_(wanted))
    names = ("id", "source_id", "prefix", "created_at", "created_by", "revoked_at", "last_used_on")
    return [KeyRow(**{name: getattr(key, name) for name in names}) for key in db.session.scalars(query)]
