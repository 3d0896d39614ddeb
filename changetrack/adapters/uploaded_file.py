"""One uploaded file: kept in a folder of its own, with what was chosen about it and how its runs went."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from changetrack.adapters.file_text import Limits
from changetrack.adapters.file_writers import written_whole
from changetrack.adapters.files import Table
from changetrack.adapters.rejected_rows import RejectedRows

_UNPACKED = 2 * 1024**3


class UploadGone(Exception):
    """The upload was deleted, which is how a run of it is stopped."""


@dataclass(frozen=True, slots=True)
class Choices:
    """How the columns of a file are to be read: column → field, field → value for all rows, form of its dates."""

    mapping: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    date_format: str | None = None
    skip_bad: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """A check or an import of an upload: how far it is, or how it ended.

    `result` holds the counts of the operation, whether it was `repeated`, and `rejected`: the first
    (line, field, reason). `reasons` are (field, sentence) pairs of a refusal.
    """

    what: Literal["check", "import"]
    state: Literal["running", "done", "refused", "failed"] = "running"
    share: float = 0.0
    result: Mapping[str, Any] | None = None
    reasons: tuple[tuple[str | None, str], ...] = ()


class UploadedTable(Table):
    """The table in an uploaded file, by the name that it has for its owner."""

    def __init__(self, path: Path, *, name: str, encoding: str | None) -> None:
        self._name = name
        super().__init__(path, limits=Limits(unpacked=_UNPACKED), encoding=encoding)

    @property
    def name(self) -> str:
        """What the file was called when it was uploaded."""
        return self._name

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the content; read in another encoding it is another content."""
        plain = super().digest
        return sha256(f"{plain} {self.encoding}".encode()).hexdigest() if self.encoding else plain


@dataclass(frozen=True)
class Upload:
    """One uploaded file and all that belongs to it."""

    folder: Path
    user_id: int
    kind: str
    file_name: str
    size: int
    encoding: str | None
    uploaded_at: datetime

    @property
    def key(self) -> str:
        """The random name by which its owner's pages know it."""
        return self.folder.name

    @property
    def has_file(self) -> bool:
        """Whether the file is still there: it is deleted once it is imported."""
        return (self.folder / "file").exists()

    def table(self) -> UploadedTable:
        """The table in it. Raises OperationRefused if it cannot be one."""
        return UploadedTable(self.folder / "file", name=self.file_name, encoding=self.encoding)

    def choices(self) -> Choices | None:
        """How it is to be read, None before that is decided."""
        found = _read(self.folder / "choices.json")
        return Choices(**found) if found else None

    def choose(self, choices: Choices) -> None:
        """Note how it is to be read. Raises UploadGone."""
        self._write("choices.json", asdict(choices))

    def run(self) -> Run | None:
        """Its newest run, None before the first."""
        found = _read(self.folder / "run.json")
        return Run(**{**found, "reasons": tuple((f, m) for f, m in found["reasons"])}) if found else None

    def note_run(self, run: Run) -> None:
        """Note how a run of it is going. Raises UploadGone."""
        self._write("run.json", asdict(run))

    @property
    def rejects(self) -> Path:
        """The file of the rows that its newest run turned away."""
        return self.folder / "rejects.csv"

    @contextmanager
    def rejecting(self, headers: Sequence[str]) -> Iterator[RejectedRows]:
        """Where a run puts the rows that it turns away, in place of those of the run before."""
        try:
            descriptor = os.open(self.rejects, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        except FileNotFoundError:
            raise UploadGone from None
        with open(descriptor, "w", encoding="utf-8", errors="replace", newline="") as stream:
            yield RejectedRows(stream, headers)

    def drop_file(self) -> None:
        """Delete the file itself; what was found out about it stays."""
        (self.folder / "file").unlink(missing_ok=True)

    def forget(self) -> None:
        """Delete everything, at once for all who look; a run under way stops before it has written anything."""
        aside = self.folder.with_name(f".{self.key}")
        with suppress(FileNotFoundError):
            self.folder.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)

    def save(self) -> None:
        """Note whose it is and what; until then nobody finds it."""
        self._write("about.json", {**asdict(self), "folder": None, "uploaded_at": self.uploaded_at.isoformat()})

    def _write(self, name: str, value: Mapping[str, Any]) -> None:
        try:
            with written_whole(self.folder / name) as stream:
                stream.write(json.dumps(value).encode())
        except FileNotFoundError:
            raise UploadGone from None


def open_upload(folder: Path) -> Upload | None:
    """The upload that lives in `folder`, None if there is none (any more)."""
    about = _read(folder / "about.json")
    if about is None:
        return None
    return Upload(**{**about, "folder": folder, "uploaded_at": datetime.fromisoformat(about["uploaded_at"])})


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    return found
