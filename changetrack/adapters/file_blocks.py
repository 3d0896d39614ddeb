"""The quick way through a CSV file: some thousand lines at a time, split column by column where nothing is odd."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, repeat
from typing import TextIO

from changetrack.adapters.file_text import UNREADABLE, Limits
from changetrack.domain.cells import undefuse
from changetrack.domain.imports import Block, RawRow

_CHARACTERS = 256 * 1024  # read at once
_ROWS = 5_000  # odd ones taken at once


def whole_lines(text: TextIO, limit: int) -> str:
    """The next lines of a text, the last of them whole unless it is longer than `limit`; "" at the end."""
    part = text.read(_CHARACTERS)
    return part if not part or part[-1] == "\n" else part + text.readline(limit)


def plain_block(part: str, line: int, headers: Sequence[str], delimiter: str, limits: Limits) -> Block | None:
    """The rows of some whole lines, the first of which has the number `line`; None where it takes a closer look."""
    if not part.isascii() and UNREADABLE.search(part):
        return None
    if "\r" in part:
        if part.count("\r") != part.count("\r\n"):
            return None
        part = part.replace("\r\n", "\n")
    lines = part.split("\n")
    if not lines[-1]:
        lines.pop()
    if not lines or len(max(lines, key=len)) > limits.cell:
        return None
    columns = _split(lines, delimiter, len(headers)) if '"' not in part else _parse(lines, delimiter, len(headers))
    if columns is None:
        return None
    if "'" in part:
        columns = [[undefuse(c) if c.startswith("'") else c for c in column] for column in columns]
    return Block(range(line, line + len(lines)), dict(zip(headers, columns, strict=True)))


def side_by_side(rows: Iterable[RawRow], headers: Sequence[str]) -> Iterator[Block]:
    """Rows that were read one by one, in the form of blocks."""
    source = iter(rows)
    while some := list(islice(source, _ROWS)):
        good = [row for row in some if row.fault is None]
        columns = {header: [row.cells[header] for row in good] for header in headers}
        yield Block([row.line for row in good], columns, [row for row in some if row.fault is not None])


class Rejoined:
    """A part that was taken from a text, and behind it the rest of that text, line by line."""

    def __init__(self, part: str, text: TextIO) -> None:
        self._part, self._text, self._length = io.StringIO(part, newline=""), text, len(part)
        self.encoding = text.encoding

    @property
    def is_used_up(self) -> bool:
        """Whether the part has been read to its end."""
        return self._part.tell() >= self._length

    def readline(self, limit: int) -> str:
        """The next line, or as much of it as `limit` allows."""
        line = self._part.readline(limit)
        if len(line) < limit and (not line or line[-1] not in "\r\n"):
            return line + self._text.readline(limit - len(line))
        return line


def _split(lines: Sequence[str], delimiter: str, width: int) -> list[list[str]] | None:
    """Lines without quotation marks: all their cells in one go, if each line has as many as the header."""
    if set(map(str.count, lines, repeat(delimiter))) != {width - 1}:
        return None
    cells = delimiter.join(lines).split(delimiter)
    return [cells[place::width] for place in range(width)]


def _parse(lines: Sequence[str], delimiter: str, width: int) -> list[list[str]] | None:
    """Lines with quotation marks, if each is one row and has as many cells as the header."""
    try:
        rows = list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    if len(rows) != len(lines) or set(map(len, rows)) != {width}:
        return None
    return [list(column) for column in zip(*rows, strict=True)]
