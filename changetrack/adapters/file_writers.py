"""Writing a table to a file: CSV with formulas defused, JSON lines, Parquet; never half a file."""

import csv
import io
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import IO

from changetrack.domain.cells import defuse
from changetrack.domain.refusal import OperationRefused
from changetrack.queries.export_tables import Column

FORMATS = ("csv", "jsonl", "parquet")
MEDIA_TYPES: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}
_ROWS_AT_ONCE = 5_000


@contextmanager
def written_whole(path: Path) -> Iterator[IO[bytes]]:
    """A stream whose content appears at `path` only when it is complete, replacing what was there."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as stream:
        unfinished = Path(stream.name)
        try:
            yield stream.file
            stream.flush()
            os.fsync(stream.fileno())
            os.replace(unfinished, path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise


def write_table(stream: IO[bytes], columns: Sequence[Column], rows: Iterable[Sequence[object]], form: str) -> int:
    """Write `rows` as `form` (one of FORMATS) in flat memory; returns how many there were.

    Raises OperationRefused where Parquet is asked for and its library is not installed.
    """
    counted = _Counted(rows)
    if form == "parquet":
        _write_parquet(stream, columns, counted)
    else:
        for chunk in text_chunks(columns, counted, form):
            stream.write(chunk)
    return counted.count


def text_chunks(columns: Sequence[Column], rows: Iterable[Sequence[object]], form: str) -> Iterator[bytes]:
    """The bytes of a CSV (RFC 4180, UTF-8) or JSON lines file, some thousand rows at a time."""
    names = [column.name for column in columns]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    if form == "csv":
        writer.writerow([defuse(name) for name in names])
    source = iter(rows)
    while chunk := list(islice(source, _ROWS_AT_ONCE)):
        if form == "csv":
            writer.writerows([_csv_cell(value) for value in row] for row in chunk)
        else:
            buffer.writelines(_json_line(names, row) for row in chunk)
        yield _drained(buffer)
    if buffer.tell():
        yield _drained(buffer)


def _drained(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _csv_cell(value: object) -> object:
    match value:
        case str():
            return defuse(value)
        case bool():
            return "yes" if value else "no"
        case None | int():
            return value
        case date():
            return _moment(value)
        case list() | tuple():
            return defuse(";".join(map(str, value)))
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=_moment)


def _json_line(names: Sequence[str], row: Sequence[object]) -> str:
    return json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False, default=_moment) + "\n"


def _moment(value: object) -> str:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
    raise TypeError(f"a {type(value).__name__} cannot be exported")


def _write_parquet(stream: IO[bytes], columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> None:
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError:
        wanted = "Parquet needs the extra “parquet”: pip install 'changetrack[parquet]'."
        raise OperationRefused([("format", wanted)]) from None
    kinds = {
        "text": arrow.string(),
        "int": arrow.int64(),
        "flag": arrow.bool_(),
        "date": arrow.date32(),
        "moment": arrow.timestamp("us", tz="UTC"),
        "list": arrow.list_(arrow.string()),
        "json": arrow.string(),
    }
    schema = arrow.schema([(column.name, kinds[column.kind]) for column in columns])
    convert = [_as_json if column.kind == "json" else _as_it_is for column in columns]
    source = iter(rows)
    with parquet.ParquetWriter(stream, schema, compression="zstd") as writer:
        while chunk := list(islice(source, _ROWS_AT_ONCE)):
            turned = zip(*chunk, strict=True)
            arrays = [[c(v) for v in values] for c, values in zip(convert, turned, strict=True)]
            typed = [arrow.array(a, field.type) for a, field in zip(arrays, schema, strict=True)]
            writer.write_table(arrow.Table.from_arrays(typed, schema=schema))


def _as_json(value: object) -> object:
    return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True, default=_moment)


def _as_it_is(value: object) -> object:
    return value


class _Counted:
    """Counts what is taken from an iterable."""

    def __init__(self, rows: Iterable[Sequence[object]]) -> None:
        self._rows, self.count = rows, 0

    def __iter__(self) -> Iterator[Sequence[object]]:
        for row in self._rows:
            self.count += 1
            yield row
