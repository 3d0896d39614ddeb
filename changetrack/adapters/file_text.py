"""From the bytes of a file to its text: compression, encoding, and limits that hold for any file."""

import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from changetrack.domain.refusal import OperationRefused

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_NOT_TEXT = (
    (b"PK\x03\x04", "a workbook or zip archive"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook"),
    (b"%PDF", "a PDF"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3", "a database"),
)
_GZIP = b"\x1f\x8b"
UNREADABLE = re.compile("[\ud800-\udfff\ufffd]")
"""What decoding leaves where bytes were not text in the file's encoding."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a file is taken: characters of a cell, line, header; columns; bytes and their ratio."""

    cell: int = 64 * 1024
    line: int = 1024 * 1024
    columns: int = 200
    header: int = 120
    unpacked: int = 16 * 1024**3
    ratio: int = 500
    ratio_from: int = 64 * 1024**2


def digest_of(path: Path) -> str:
    """The SHA-256 of the file as it lies there, as 64 hex digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def open_text(
    path: Path, *, limits: Limits, encoding: str | None = None, watch: Callable[[int], None] | None = None
) -> Iterator[TextIO]:
    """The text of `path`, unpacked if it is gzip; what is not text comes out as `UNREADABLE` characters.

    `watch` is told how many of the file's bytes have been read. Raises OperationRefused if it is not text at all,
    is damaged, or unpacks to more than `limits` allow.
    """
    with ExitStack() as stack:
        try:
            raw = stack.enter_context(path.open("rb"))
            packed = raw.read(2) == _GZIP
            raw.seek(0)
            source = stack.enter_context(gzip.GzipFile(fileobj=raw)) if packed else raw
            bounded = io.BufferedReader(_Bounded(source, raw, limits, watch), 256 * 1024)
            known = _encoding_of(bounded.peek(4096)[:4096], encoding)
            errors = "surrogateescape" if known.startswith("utf-8") else "replace"
            yield stack.enter_context(io.TextIOWrapper(bounded, known, errors, newline=""))
        except (gzip.BadGzipFile, zlib.error, EOFError):
            raise OperationRefused([("file", "The compressed file is damaged or cut short.")]) from None
        except (IsADirectoryError, FileNotFoundError, PermissionError) as problem:
            raise OperationRefused([("file", f"{path}: {problem.strerror}.")]) from None


def _encoding_of(head: bytes, wanted: str | None) -> str:
    for mark, what in _NOT_TEXT:
        if head.startswith(mark):
            raise OperationRefused([("file", f"This is {what}, not CSV text. Save it as CSV in UTF-8.")])
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if head.count(0) > len(head) // 4:
        raise OperationRefused([("file", "This is not UTF-8 text: it is full of NUL bytes. Save it as CSV in UTF-8.")])
    try:
        "".encode(wanted or "utf-8")
    except LookupError:
        raise OperationRefused([("encoding", f"There is no encoding “{wanted}”.")]) from None
    return wanted or "utf-8"


class _Bounded(io.RawIOBase):
    """Reads through to `source`, and refuses when more comes out than the limits allow."""

    def __init__(
        self, source: io.BufferedIOBase, packed: BinaryIO, limits: Limits, watch: Callable[[int], None] | None
    ) -> None:
        self._source, self._packed, self._limits, self._taken = source, packed, limits, 0
        self._watch = watch

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._source.readinto(buffer)
        self._taken += count
        limits = self._limits
        if self._watch is not None:
            self._watch(self._packed.tell())
        swollen = self._taken > limits.ratio_from and self._taken > limits.ratio * self._packed.tell()
        if self._taken > limits.unpacked or swollen:
            raise OperationRefused([("file", "The file unpacks to more than can be taken.")])
        return count
