"""The backup file: a zip of one JSON-lines file a table, and a manifest with counts and checksums."""

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

FORMAT = 1
MANIFEST = "manifest.json"
_BLOCK = 1 << 20


class BadBackup(Exception):
    """The file is not a backup of ours, or is not as it was written."""


@dataclass(frozen=True, slots=True)
class TableEntry:
    """What the manifest says of one table."""

    name: str
    columns: tuple[str, ...]
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds: of which schema revision, from when, and its tables in the order of restoring."""

    revision: str
    created_at: str
    tables: tuple[TableEntry, ...]


class BackupWriter:
    """Writes a backup beside its place and puts it there whole, or not at all; only its owner may read it."""

    def __init__(self, path: Path, *, revision: str, created_at: datetime) -> None:
        self._path = path
        self._partial = path.with_name(f".{path.name}.partial")
        self._head = {"format": FORMAT, "revision": revision, "created_at": created_at.isoformat()}
        self._tables: list[dict[str, Any]] = []

    def __enter__(self) -> "BackupWriter":
        handle = os.open(self._partial, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600)
        self._file: IO[bytes] = os.fdopen(handle, "w+b")
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED, compresslevel=3)
        return self

    def add_table(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
        """Write one table, row by row; returns how many there were."""
        digest, count = hashlib.sha256(), 0
        with self._zip.open(f"{name}.jsonl", "w", force_zip64=True) as member:
            for row in rows:
                line = json.dumps(list(row), default=_plain, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
                digest.update(line)
                member.write(line)
                count += 1
        self._tables.append({"name": name, "columns": list(columns), "rows": count, "sha256": digest.hexdigest()})
        return count

    def __exit__(self, kind: object, *_rest: object) -> None:
        if kind is None:
            self._zip.writestr(MANIFEST, json.dumps(self._head | {"tables": self._tables}, indent=1))
        self._zip.close()
        if kind is None:
            self._file.flush()
            os.fsync(self._file.fileno())
            os.replace(self._partial, self._path)
        else:
            self._partial.unlink(missing_ok=True)
        self._file.close()


class BackupReader:
    """Reads a backup; `check` proves that every byte is as written before anybody relies on it."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
            head = json.loads(self._zip.read(MANIFEST))
            entries = [TableEntry(t["name"], tuple(t["columns"]), t["rows"], t["sha256"]) for t in head["tables"]]
            self.manifest = Manifest(head["revision"], head["created_at"], tuple(entries))
        except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, TypeError, OSError) as error:
            raise BadBackup(f"{path.name} is not a backup of ChangeTrack, or is damaged.") from error
        if head["format"] != FORMAT:
            raise BadBackup(f"{path.name} is a backup of format {head['format']}; this version reads format {FORMAT}.")

    def check(self) -> None:
        """Compare every table with its checksum. Raises BadBackup naming the first that differs."""
        for entry in self.manifest.tables:
            try:
                found = self._digest(entry)
            except (zipfile.BadZipFile, zlib.error, KeyError, OSError, EOFError) as error:
                raise BadBackup(f"The backup is damaged: {entry.name} cannot be read.") from error
            if found != entry.sha256:
                raise BadBackup(f"The backup is damaged: {entry.name} is not as it was written.")

    def rows(self, entry: TableEntry) -> Iterator[dict[str, Any]]:
        """The rows of one table as mappings of columns to JSON values."""
        with self._zip.open(f"{entry.name}.jsonl") as member:
            for line in member:
                yield dict(zip(entry.columns, json.loads(line), strict=True))

    def _digest(self, entry: TableEntry) -> str:
        digest = hashlib.sha256()
        with self._zip.open(f"{entry.name}.jsonl") as member:
            while block := member.read(_BLOCK):
                digest.update(block)
        return digest.hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(f"A backup cannot carry a {type(value).__name__}.")
