"""Writing tables that programs and people read again."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from changetrack.adapters.file_writers import write_table, written_whole
from changetrack.domain.cells import undefuse
from changetrack.queries.export_tables import Column

COLUMNS = (
    Column("name"),
    Column("count", "int"),
    Column("open", "flag"),
    Column("day", "date"),
    Column("at", "moment"),
    Column("roles", "list"),
    Column("more", "json"),
)
ROW = ("=1+1", -5, True, date(2026, 3, 2), datetime(2026, 3, 2, 9, tzinfo=UTC), ["user", "decider"], {"b": 1, "a": "ü"})
NOTHING = (None,) * len(COLUMNS)


def written(form: str, columns: Sequence[Column] = COLUMNS, rows: Sequence[Sequence[object]] = (ROW, NOTHING)) -> bytes:
    stream = io.BytesIO()
    assert write_table(stream, columns, rows, form) == len(rows)
    return stream.getvalue()


def test_csv_holds_every_kind_of_value_and_no_formula() -> None:
    lines = written("csv").decode().split("\r\n")

    assert lines == [
        "name,count,open,day,at,roles,more",
        '\'=1+1,-5,yes,2026-03-02,2026-03-02T09:00:00Z,user;decider,"{""a"": ""ü"", ""b"": 1}"',
        ",,,,,,",
        "",
    ]


def test_a_header_that_looks_like_a_formula_is_defused() -> None:
    assert written("csv", [Column("=cmd")], []) == b"'=cmd\r\n"


def test_json_lines_keep_the_kind_of_every_value() -> None:
    first, second = (json.loads(line) for line in written("jsonl").splitlines())

    assert first == {
        "name": "=1+1",
        "count": -5,
        "open": True,
        "day": "2026-03-02",
        "at": "2026-03-02T09:00:00Z",
        "roles": ["user", "decider"],
        "more": {"a": "ü", "b": 1},
    }
    assert set(second.values()) == {None}


def test_parquet_keeps_the_kind_of_every_value() -> None:
    first, second = parquet.read_table(io.BytesIO(written("parquet"))).to_pylist()

    assert first == dict(zip([c.name for c in COLUMNS], ROW, strict=True)) | {"more": '{"a": "ü", "b": 1}'}
    assert set(second.values()) == {None}


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_equal_rows_make_equal_bytes(form: str) -> None:
    assert written(form) == written(form)


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2)))
def test_text_comes_back_from_csv_as_it_was(rows: list[list[str]]) -> None:
    content = written("csv", [Column("a"), Column("b")], rows).decode()

    back = list(csv.reader(io.StringIO(content, newline=""), strict=True))

    assert [[undefuse(cell) for cell in row] for row in back[1:]] == rows


def break_off(path: Path) -> None:
    with written_whole(path) as stream:
        stream.write(b"half")
        raise OSError("the disk is full")


def test_a_file_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("before")

    with pytest.raises(OSError, match="disk is full"):
        break_off(path)

    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]
    assert path.read_text() == "before"


def test_a_complete_file_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("before")

    with written_whole(path) as stream:
        stream.write(b"after")

    assert path.read_text() == "after"
