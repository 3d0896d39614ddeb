"""Doing the same in two ways, to compare what each of them leaves behind in every table, hashes and all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import Table, func, select, text

from changetrack.models import db
from tests.factories._saving import Saver

LOOKED_AT = (
    "accounts", "alerts", "events", "standings", "outbox", "funnel_cells", "movement_cells", "value_cells", "proposals",
    "evidence", "visits", "holds", "commitments",
)  # fmt: skip
Dump = dict[str, list[tuple[Any, ...]]]


class Rehearsal:
    """Does the same in two ways, each of which is undone, and keeps what it left behind."""

    def __init__(self, session: Saver, monkeypatch: pytest.MonkeyPatch, operations: ModuleType, *more: str) -> None:
        self._session, self._patch, self._operations = session, monkeypatch, operations
        self._looked_at = (*LOOKED_AT, *more)

    def compare(self, one: Callable[[], object], other: Callable[[], object]) -> Dump:
        """Assert that all tables hold the same after the one as after the other; returns what they hold."""
        found, others = self.of(one), self.of(other)
        for name in self._looked_at:
            assert others[name] == found[name], name
        return found

    def of(self, do: Callable[[], object]) -> Dump:
        """What all tables hold after it."""
        self._start_numbers()
        with self._patch.context() as patch:
            patch.setattr(self._operations, "transaction", self._unfinished)
            do()
            self._session.flush()
            found = {name: self._rows(db.metadata.tables[name]) for name in self._looked_at}
        self._session.rollback()
        return found

    @contextmanager
    def _unfinished(self, **_options: object) -> Iterator[Saver]:
        yield self._session
        self._session.flush()
        self._session.expire_all()

    def _rows(self, table: Table) -> list[tuple[Any, ...]]:
        rows = self._session.execute(select(table).order_by(*table.primary_key.columns))
        return [tuple(map(repr, row)) for row in rows]

    def _start_numbers(self) -> None:
        """Both ways are to number alike: what was drawn from a sequence does not go back by itself."""
        self._session.rollback()
        if self._session.get_bind().dialect.name != "postgresql":
            return
        for name in ("alerts", "outbox"):
            start = self._session.scalar(select(func.max(db.metadata.tables[name].c.id))) or 0
            self._session.execute(text(f"select setval(pg_get_serial_sequence('{name}', 'id'), {start + 1}, false)"))
        self._session.commit()
