"""The rows of a usage file set aside on disk, and taken back as one number per account, metric and day."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self

from changetrack.domain.usage_file import MOST, SCALE

_TABLES = (
    "CREATE TABLE numbers (line INTEGER PRIMARY KEY, who INTEGER, metric INTEGER, day TEXT, value INTEGER)",
    "CREATE TABLE events (line INTEGER PRIMARY KEY, who INTEGER, metric INTEGER, day TEXT, value, event, member)",
    "CREATE TABLE members (line INTEGER PRIMARY KEY, who INTEGER, metric INTEGER, day TEXT, member TEXT)",
    "CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT UNIQUE)",
)
_OF_ROWS = ("numbers", "events", "members")
_OF_ONE_KEY = {"sum": "sum(value)", "max": "max(value)", "distinct": "max(value)", "last": "value, max(line)"}
_STATE_MEMBERS = f"""
    INSERT INTO numbers (line, who, metric, day, value)
    SELECT -min(line), who, metric, day, count(DISTINCT member) * {SCALE} FROM members GROUP BY who, metric, day
"""  # noqa: S608  a constant of ours
_NAMES = 5_000  # taken at a time
_MOST_SUMMED = 2**62  # so much SQLite adds up, whatever the rows


class FileEvent(NamedTuple):
    """An event of a file: its line, whose it is (an account, or the name that waits for one), what it adds."""

    line: int
    who: int
    metric: int
    day: str
    value: int | None
    event: str
    member: str | None
    name: str | None


class UsageSpool:
    """A private file that is gone with the process; leave the `with` to drop it earlier.

    `who` is the id of an account or, below 0, a name that names none; numbers are whole ten-thousandths.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)  # an unnamed file of its own
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "temp_store=FILE", "cache_size=-8000"):
            self._database.execute(f"PRAGMA {pragma}").close()
        for table in _TABLES:
            self._database.execute(table).close()
        self._summed = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def put_numbers(self, rows: Iterable[tuple[int, int, int, str, int]], summed: int) -> None:
        """Set aside (line, who, metric, day, number), which make `summed` together."""
        self._summed += summed
        self._put("numbers", 5, rows)

    def put_events(self, rows: Sequence[Sequence[object]]) -> None:
        """Set aside (line, who, metric, day, number or None, event id, member or None)."""
        self._summed += sum(row[4] or 0 for row in rows)  # type: ignore[misc]  # a number or None
        self._put("events", 7, rows)

    def put_members(self, rows: Sequence[Sequence[object]]) -> None:
        """Set aside (line, who, metric, day, member)."""
        self._put("members", 5, rows)

    def name_ids(self, names: Collection[str]) -> dict[str, int]:
        """What stands for each of these names, which name no account: a number below 0."""
        self._put("names (name)", 1, ((name,) for name in names), "INSERT OR IGNORE")
        asked = json.dumps(list(names))
        query = "SELECT name, -id FROM names WHERE name IN (SELECT value FROM json_each(?))"
        return dict(self._database.execute(query, (asked,)))

    def unknown_names(self) -> Iterator[dict[str, int]]:
        """All names that named no account, each with what stands for it, some thousand at a time."""
        rows = self._database.execute("SELECT name, -id FROM names ORDER BY id")
        while some := rows.fetchmany(_NAMES):
            yield dict(some)

    def settle(self, known: Mapping[int, int]) -> None:
        """Put accounts in the place of names that have become known."""
        for table in _OF_ROWS:
            self._database.executemany(
                f"UPDATE {table} SET who = ? WHERE who = ?",  # noqa: S608  our own names
                [(account, who) for who, account in known.items()],
            ).close()

    def count_waiting(self) -> int:
        """How many rows wait for their account."""
        waiting = "(SELECT count(*) FROM {} WHERE who < 0 AND line > 0)"
        counts = " + ".join(map(waiting.format, _OF_ROWS))
        found: int = self._database.execute(f"SELECT {counts}").fetchone()[0]
        return found

    def state_members(self) -> None:
        """Let the members of a day that has no event ids state how many there were."""
        self._database.execute(_STATE_MEMBERS).close()

    def combined(self, aggregation: str, metrics: Sequence[int]) -> Iterator[tuple[int, int, str, int]]:
        """(who, metric, day, number) in order, the rows of a day combined; None of a name that waits."""
        return self._of_days(aggregation, metrics, "who > 0", "who")

    def combined_waiting(self, aggregation: str, metrics: Sequence[int]) -> Iterator[tuple[str, int, str, int]]:
        """The same of the names that wait for their account: (name, metric, day, number)."""
        name = "(SELECT name FROM names WHERE id = -who)"
        return self._of_days(aggregation, metrics, "who < 0", name)

    def events(self) -> Iterator[FileEvent]:
        """The events by whom they are about, metric and day, each once: what repeats an earlier one is left out."""
        name = "CASE WHEN who < 0 THEN (SELECT name FROM names WHERE id = -who) END"
        rows = self._database.execute(
            f"SELECT min(line), who, metric, day, value, event, member, {name}"  # noqa: S608  our own names
            " FROM events GROUP BY who, metric, day, event ORDER BY who, metric, day, min(line)"
        )
        return map(FileEvent._make, rows)

    def members(self) -> Iterator[FileEvent]:
        """The members of days without event ids, in order, each once, as if an event had named them."""
        name = "CASE WHEN who < 0 THEN (SELECT name FROM names WHERE id = -who) END"
        rows = self._database.execute(
            f"SELECT min(line), who, metric, day, NULL, 'member ' || member, member, {name}"  # noqa: S608  our own names
            " FROM members GROUP BY who, metric, day, member ORDER BY who, metric, day, member"
        )
        return map(FileEvent._make, rows)

    def _of_days(self, aggregation: str, metrics: Sequence[int], which: str, whose: str) -> Iterator[Any]:
        number = _OF_ONE_KEY[aggregation]
        if aggregation == "sum" and self._summed >= _MOST_SUMMED:
            number = f"CAST(min(total(value), {MOST}) AS INTEGER)"
        elif aggregation == "sum":
            number = f"min(sum(value), {MOST})"
        marks = ",".join("?" * len(metrics))
        rows = self._database.execute(
            f"SELECT {whose}, metric, day, {number} FROM numbers WHERE {which} AND metric IN ({marks})"  # noqa: S608
            " GROUP BY who, metric, day ORDER BY who, metric, day",
            list(metrics),
        )
        return (row[:4] for row in rows) if aggregation == "last" else rows

    def _put(self, table: str, width: int, rows: Iterable[Sequence[object]], insert: str = "INSERT") -> None:
        self._database.execute("BEGIN").close()
        marks = ",".join("?" * width)
        self._database.executemany(f"{insert} INTO {table} VALUES ({marks})", rows).close()
        self._database.execute("COMMIT").close()
