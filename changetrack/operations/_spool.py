"""Rows set aside on disk and taken back in order of account, however long the file was."""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from operator import itemgetter
from types import TracebackType
from typing import Self

from changetrack.domain.journey.chronicle import Record

_TABLE = "CREATE TABLE spool (account_id INTEGER, line INTEGER, on_day INTEGER, place INTEGER, reason TEXT)"


class Spool:
    """A private file that is gone with the process; leave the `with` to drop it earlier."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)  # an unnamed file of its own
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "temp_store=FILE", "cache_size=-8000"):
            self._database.execute(f"PRAGMA {pragma}").close()
        self._database.execute(_TABLE).close()
        self.rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def put(self, rows: Sequence[tuple[int, int, Record]]) -> None:
        """Set aside (account id, line, record)."""
        self._database.execute("BEGIN").close()
        self._database.executemany(
            "INSERT INTO spool VALUES (?, ?, ?, ?, ?)",
            ((id_, line, r.on.toordinal(), r.place, r.reason) for id_, line, r in rows),
        ).close()
        self._database.execute("COMMIT").close()
        self.rows += len(rows)

    def stories(self) -> Iterator[tuple[int, list[Record]]]:
        """Each account with all its records in the order of the file, in order of account id."""
        rows = self._database.execute("SELECT account_id, on_day, place, reason FROM spool ORDER BY account_id, line")
        for id_, group in groupby(rows, key=itemgetter(0)):
            yield id_, [Record(date.fromordinal(day), place, reason) for _, day, place, reason in group]
