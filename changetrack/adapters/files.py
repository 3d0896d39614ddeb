"""Reading a table from a CSV file row by row: dialect, header, faults named by line, in flat memory."""

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from changetrack.adapters.file_blocks import Rejoined, plain_block, side_by_side, whole_lines
from changetrack.adapters.file_text import UNREADABLE, Limits, digest_of, open_text
from changetrack.domain.cells import normalise, undefuse
from changetrack.domain.imports import Block, RawRow
from changetrack.domain.refusal import OperationRefused, Reason, refuse_if

if TYPE_CHECKING:
    import _csv

_DELIMITERS = ",;\t|"
_QUOTED = re.compile('"[^"]*"')
_NOT_TEXT = "It holds bytes that are not {encoding} text. Save the file as UTF-8."


class Table:
    """A CSV file (also .gz) that can be read as often as needed; `rows()` starts anew each time.

    The header is read at once. Raises OperationRefused with every reason if the file cannot be a table.
    """

    def __init__(self, path: Path, *, limits: Limits | None = None, encoding: str | None = None) -> None:
        self.path = path
        self.limits = limits or Limits()
        self.encoding = encoding
        self._read = 0
        with self._text() as text:
            feed = _Feed(text, self.limits)
            self.delimiter = _sniff(feed.first_line())
            self.headers = self._read_header(feed)

    @property
    def name(self) -> str:
        """What the file is called."""
        return self.path.name

    @property
    def share_read(self) -> float:
        """How much of the file the reading at hand has gone through, 0 to 1."""
        return self._read / max(1, self.path.stat().st_size)

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the file, as 64 hex digits."""
        return digest_of(self.path)

    def rows(self) -> Iterator[RawRow]:
        """Every row that is not blank, with the line it begins on, or the fault that makes it unreadable."""
        with self._text() as text:
            feed = _Feed(text, self.limits)
            reader = self._reader(feed)
            next(reader)
            yield from self._rows(reader, feed, 0)

    def blocks(self) -> Iterator[Block]:
        """The same rows, some thousand at a time and column by column: where nothing is odd, many times as fast."""
        with self._text() as text:
            reader = self._reader(_Feed(text, self.limits))
            next(reader)
            line = reader.line_num
            while part := whole_lines(text, self.limits.line):
                block = plain_block(part, line + 1, self.headers, self.delimiter, self.limits)
                if block is not None:
                    line = block.lines[-1]
                    yield block
                    continue
                rest = Rejoined(part, text)
                feed = _Feed(rest, self.limits)
                reader = self._reader(feed)
                yield from side_by_side(self._rows(reader, feed, line, rest), self.headers)
                line += reader.line_num

    def _rows(self, reader: "_csv.Reader", feed: "_Feed", before: int, end: Rejoined | None = None) -> Iterator[RawRow]:
        """The rows from here on, of a text that has lines `before` it, to the end of the text or of the part."""
        headers, width = self.headers, len(self.headers)
        while end is None or not end.is_used_up:
            line = before + reader.line_num + 1
            feed.begin_row()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as problem:
                yield RawRow(line, {headers[0]: feed.raw()}, self._explain(problem))
                continue
            if feed.fault:
                yield RawRow(line, {headers[0]: feed.raw()}, feed.fault)
            elif len(cells) == width:
                cells = [undefuse(c) if c.startswith("'") else c for c in cells]
                if any(cells):
                    yield RawRow(line, dict(zip(headers, cells, strict=True)))
            elif any(cells):
                yield self._ragged(line, cells)

    def _ragged(self, line: int, cells: list[str]) -> RawRow:
        width = len(self.headers)
        padded = cells[:width] + [""] * (width - len(cells))
        row = dict(zip(self.headers, padded, strict=True))
        if len(cells) > width and not any(cells[width:]):
            return RawRow(line, row)
        return RawRow(line, row, f"It has {len(cells)} cells; the header has {width}.")

    def _text(self) -> AbstractContextManager[TextIO]:
        return open_text(self.path, limits=self.limits, encoding=self.encoding, watch=self._note_read)

    def _note_read(self, position: int) -> None:
        self._read = position

    def _reader(self, feed: "_Feed") -> "_csv.Reader":
        csv.field_size_limit(self.limits.cell)
        return csv.reader(feed, delimiter=self.delimiter, strict=True)

    def _read_header(self, feed: "_Feed") -> list[str]:
        try:
            cells: list[str] = next(self._reader(feed), [])
        except csv.Error as problem:
            raise OperationRefused([("file", f"Line 1: {self._explain(problem)}")]) from None
        if feed.fault:
            raise OperationRefused([("file", f"Line 1: {feed.fault}")])
        headers = [normalise(cell) for cell in cells]
        refuse_if(_header_reasons(headers, self.limits))
        return headers

    def _explain(self, problem: csv.Error) -> str:
        said = str(problem)
        if "field limit" in said:
            return f"A cell is longer than {self.limits.cell:,} characters, or a quotation mark is never closed."
        if "unexpected end" in said:
            return "A quotation mark is opened here and never closed."
        return f"It is not well-formed CSV: {said}."


class _Feed:
    """The lines of a text for the csv reader; with what is wrong in the row at hand."""

    def __init__(self, text: "TextIO | Rejoined", limits: Limits) -> None:
        self._text, self._limit = text, limits.line
        self._recent: list[str] = []
        self._ahead: list[str] = []
        self.fault: str | None = None

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        line = self._ahead.pop() if self._ahead else self._text.readline(self._limit)
        if not line:
            raise StopIteration
        if len(line) >= self._limit and line[-1] not in "\r\n":
            self.fault = f"A line is longer than {self._limit:,} characters."
            self._recent.append(line)
            self._skip_rest()
            return "\n"
        self._recent.append(line)
        if not line.isascii() and UNREADABLE.search(line):
            self.fault = _NOT_TEXT.format(encoding=self._text.encoding.upper().removesuffix("-SIG"))
        return line

    def first_line(self) -> str:
        """The first line, without taking it away from the reader."""
        line = self._text.readline(self._limit)
        self._ahead.append(line)
        return line

    def begin_row(self) -> None:
        """Forget the last row."""
        self._recent.clear()
        self.fault = None

    def raw(self) -> str:
        """The lines of the row at hand as they stand in the file."""
        return "".join(self._recent).rstrip("\r\n")

    def _skip_rest(self) -> None:
        while (rest := self._text.readline(self._limit)) and rest[-1] not in "\r\n":
            continue


def _sniff(first_line: str) -> str:
    bare = _QUOTED.sub("", first_line)
    return max(_DELIMITERS, key=bare.count)


def _header_reasons(headers: Sequence[str], limits: Limits) -> list[Reason]:
    if not any(headers):
        return [Reason("file", "The file is empty: its first line has to name the columns.")]
    reasons = []
    if len(headers) > limits.columns:
        return [Reason("file", f"The file has {len(headers)} columns; at most {limits.columns} are taken.")]
    for number, header in enumerate(headers, 1):
        if not header:
            reasons.append(Reason("file", f"Column {number} has no name in line 1."))
        elif len(header) > limits.header:
            reasons.append(Reason("file", f"The name of column {number} is longer than {limits.header} characters."))
        elif not header.isprintable():
            reasons.append(Reason("file", f"The name of column {number} holds a control character."))
    twice = sorted({h for h in headers if h and headers.count(h) > 1})
    return reasons + [Reason("file", f"The column “{h}” stands in line 1 more than once.") for h in twice]
