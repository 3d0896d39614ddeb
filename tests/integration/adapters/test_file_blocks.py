"""The quick way through a file finds the very rows, lines and faults that the careful way finds."""

import csv
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from changetrack.adapters import file_blocks
from changetrack.adapters.file_text import Limits
from changetrack.adapters.files import Table
from changetrack.domain.imports import RawRow

SMALL = Limits(cell=40, line=60)
PIECES = (
    "a", "A-1", "1.5", "", " ", '"x"', '"x,y"', '"two\nlines"', '"two\r\nlines"', '"say ""it"""', "'=1+1", "''+2",
    "ü", "\udcff", "\0", 'broken"', '"open', "z" * 45, "; ", "\t",
)  # fmt: skip
ENDS = ("\n", "\n", "\n", "\n", "\r\n", "\r", "\n\n", ",\n", "")


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Parts so small that many of them make a file; the longest cell is a setting of the whole process."""
    monkeypatch.setattr(file_blocks, "_CHARACTERS", 50)
    before = csv.field_size_limit()
    yield
    csv.field_size_limit(before)


def rows_of(table: Table) -> list[RawRow]:
    return list(table.rows())


def rows_of_blocks(table: Table) -> list[RawRow]:
    """The rows of the blocks, without those that are blank."""
    found: list[RawRow] = []
    for block in table.blocks():
        rows = [
            RawRow(line, {name: cells[place] for name, cells in block.columns.items()})
            for place, line in enumerate(block.lines)
        ]
        said = [row for row in rows if any(row.cells.values())]
        found += sorted([*said, *block.unreadable], key=lambda row: row.line)
    return found


def written(path: Path, text: str) -> Table:
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return Table(path, limits=SMALL)


@pytest.mark.parametrize("seed", range(300))
def test_both_ways_find_the_same(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    lines = []
    for _ in range(chance.randrange(25)):
        odd = chance.random() < chance.choice((0, 0.1, 0.6))
        cells = [chance.choice(PIECES if odd else PIECES[:3]) for _ in range(3 if not odd else chance.randrange(1, 5))]
        lines.append(",".join(cells) + (chance.choice(ENDS) if odd else "\n"))
    table = written(tmp_path / "table.csv", "one,two,three\n" + "".join(lines))

    assert rows_of_blocks(table) == rows_of(table)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_plain_lines_are_taken_many_at_a_time(tmp_path: Path, line_end: str) -> None:
    table = written(tmp_path / "plain.csv", line_end.join(["a,b", *(f"{n},x" for n in range(100))]))

    blocks = list(table.blocks())

    assert all(isinstance(block.lines, range) for block in blocks)
    assert [line for block in blocks for line in block.lines] == list(range(2, 102))
    assert [cell for block in blocks for cell in block.columns["a"]] == [str(n) for n in range(100)]


def test_a_line_without_end_is_turned_away_in_little_memory(tmp_path: Path) -> None:
    table = written(tmp_path / "endless.csv", "a,b\n1,x\n" + "y" * 5_000 + "\n2,x\n")

    rows = rows_of_blocks(table)

    assert [(row.line, row.fault is None) for row in rows] == [(2, True), (3, False), (4, True)]
    assert max(len(cell) for row in rows for cell in row.cells.values()) < 200
