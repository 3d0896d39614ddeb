"""What an import is asked and what it answers: its options, its result, and what a loader of one kind does."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.imports import Block, Layout, ParsedRow, RawRow, RowReason
from changetrack.domain.people import Actor
from changetrack.domain.refusal import OperationRefused, Reason

SHOWN = 200
"""So many reasons are kept to be shown; all of them are counted, and handed to `on_reject`."""


Watch = Callable[[float], None]
"""Is told the share of the work that is done, 0 to 1."""

OnReject = Callable[[RawRow, list[RowReason]], None]
"""Is given every row that is turned away, and why."""


class Source(Protocol):
    """A table outside, which can be read from its beginning as often as needed."""

    @property
    def headers(self) -> Sequence[str]:
        """The names of its columns."""

    @property
    def digest(self) -> str:
        """The SHA-256 of its content, as 64 hex digits."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def share_read(self) -> float:
        """How much of it the reading at hand has gone through, 0 to 1."""

    def rows(self) -> Iterator[RawRow]:
        """Its rows, anew with each call."""

    def blocks(self) -> Iterator[Block]:
        """The same rows, many at a time; a block may hold rows all of whose cells are blank."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How a file is to be read: column → field, field → value for all rows, date format; and what is to be done.

    A `batch_id` is imported once; without one, a file is known by its content and these options.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    date_format: str | None = None
    batch_id: str | None = None
    dry_run: bool = False
    skip_bad: bool = False


@dataclass(slots=True)
class ImportResult:
    """What an import did, or in a dry run would do: numbers of rows, and why rows were turned away.

    For history, `updated` and `unchanged` count accounts; for usage, `created`, `updated` and `unchanged` count
    numbers of a day, and `waiting` the rows that wait for their account to be known. `rejected` holds the first
    SHOWN reasons; `rejected_rows` counts the rows. `repeated`: this batch was imported before and nothing was done.
    """

    batch_id: str
    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected_rows: int = 0
    rejected: list[RowReason] = field(default_factory=list)
    dry_run: bool = False
    repeated: bool = False
    waiting: int = 0

    def counts(self) -> dict[str, int]:
        """The numbers, by name."""
        names = ["rows", "created", "updated", "unchanged", "rejected_rows"]
        return {name: getattr(self, name) for name in (*names, *(["waiting"] if self.waiting else []))}

    def reject(self, reasons: Sequence[RowReason]) -> None:
        """Count a row that is turned away, and keep its reasons if there is room."""
        self.rejected_rows += 1
        self.rejected += reasons[: max(0, SHOWN - len(self.rejected))]

    def add(self, tried: "Tried") -> None:
        """Add what some rows did or would do."""
        self.created += tried.created
        self.updated += tried.updated
        self.unchanged += tried.unchanged


class FileRefused(OperationRefused):
    """Rows of a file cannot be taken, so nothing was; `result` counts them and holds the first reasons."""

    def __init__(self, result: ImportResult) -> None:
        self.result = result
        reasons = [Reason(f"line {r.line}" + (f", {r.field}" if r.field else ""), r.message) for r in result.rejected]
        more = f"{result.rejected_rows:,} of {result.rows:,} rows cannot be taken. Nothing was imported."
        super().__init__([*reasons, Reason(None, more)])


@dataclass(slots=True)
class Tried:
    """What some rows would do: their numbers, the reasons of each turned away, the `work` that writes the rest."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[list[RowReason]] = field(default_factory=list)
    work: Any = None


@dataclass(frozen=True, slots=True)
class Scene:
    """Who imports, when, in which session, and whether it is for writing: what every loader is told."""

    session: scoped_session[Session]
    actor: Actor
    now: datetime
    today: date
    writing: bool = False


class Loader(Protocol):
    """What one kind of file needs: made anew for each reading of the file, it may remember what it has seen.

    `work_at_end` is how much of the work, 0 to 1, waits for the end of the file.
    """

    work_at_end: float

    def try_rows(self, rows: Sequence[ParsedRow]) -> Tried:
        """Look at some rows, writing nothing."""

    def write(self, work: Any) -> None:
        """Write what `try_rows` prepared."""

    def finish(self, *, write: bool, count: bool, watch: Watch) -> Tried:
        """After the last row: do what had to wait for it; `count` says whether its numbers are wanted."""


class Work(Protocol):
    """What an import does with one file: it is checked first, and written then, in the same transaction or never."""

    def check(self, scene: Scene, result: ImportResult, on_reject: OnReject | None, *, count: bool) -> None:
        """Look at every row, and count what would happen if `count` says so."""

    def write(self, scene: Scene, result: ImportResult) -> None:
        """Write every row that can be taken, and count anew."""


Prepare = Callable[[Source, Layout, ImportOptions, date, Watch | None], AbstractContextManager[Work]]
"""Makes ready for one file; raises OperationRefused where it cannot be read at all."""
