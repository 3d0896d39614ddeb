"""Loading history: where accounts stood since when, rows of an account anywhere in the file."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import islice
from typing import cast

from changetrack.domain.imports import Layout, ParsedRow, RowReason
from changetrack.domain.journey.chronicle import Record
from changetrack.operations._cells import FunnelTally
from changetrack.operations._import_due import DueDays
from changetrack.operations._import_lookup import account_ids
from changetrack.operations._import_terms import Scene, Tried, Watch
from changetrack.operations._spool import Spool
from changetrack.operations._stories import retell
from changetrack.operations._story_standings import write_stories

ACCOUNTS = 1_000  # whose stories are told at a time


@contextmanager
def history_loader(scene: Scene, _layout: Layout) -> Iterator["HistoryLoader"]:
    """A loader for one reading of a file that says where accounts stood since when, its rows in any order.

    They are worked into what is on record: going to a lower step is going back, `held` parks, `closed` ends, and
    what is learned late takes its place in time without changing what was known before. `updated` and `unchanged`
    count accounts.
    """
    with Spool() as spool:
        yield HistoryLoader(scene, spool)


class HistoryLoader:
    """Collects the records of each account, and tells its story once, when the file is at its end."""

    work_at_end = 0.8

    def __init__(self, scene: Scene, spool: Spool) -> None:
        self._scene, self._spool = scene, spool

    def try_rows(self, rows: Sequence[ParsedRow]) -> Tried:
        """Set the rows of known accounts aside."""
        ids = account_ids(self._scene.session, (str(row.values["external_id"]) for row in rows))
        tried = Tried()
        known = []
        for row in rows:
            name = str(row.values["external_id"])
            if name in ids:
                known.append((ids[name], row.line, _record(row)))
            else:
                tried.rejected.append([RowReason(row.line, "external_id", f"There is no account “{name}”.")])
        self._spool.put(known)
        return tried

    def write(self, work: object) -> None:
        """Nothing yet: an account's story may go on further down in the file."""

    def finish(self, *, write: bool, count: bool, watch: Watch) -> Tried:
        """Tell the stories; counts accounts whose story changed, and those whose story is as it was."""
        tried = Tried()
        if not (write or count):
            return tried
        tally, due = FunnelTally(), DueDays(self._scene)
        stories, told = self._spool.stories(), 0
        while learned := dict(islice(stories, ACCOUNTS)):
            retold = retell(self._scene, learned)
            tried.updated += len(retold)
            tried.unchanged += len(learned) - len(retold)
            if write:
                write_stories(self._scene, retold, tally, due)
            told += sum(map(len, learned.values()))
            watch(told / self._spool.rows)
        if write:
            tally.flush(self._scene.session)
        return tried


def _record(row: ParsedRow) -> Record:
    day, place, reason = (row.values.get(name) for name in ("entered_on", "step", "reason"))
    return Record(cast(date, day), cast(int, place), cast("str | None", reason))
