"""A look into the beginning of an uploaded file: examples of each column, and how its dates are probably written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from changetrack.adapters.uploaded_file import UploadedTable
from changetrack.domain.import_guesses import DateReading, are_like_dates, date_readings, guess_date_format
from changetrack.domain.imports import CATALOGUES

ROWS = 5_000
CHARACTERS = 4_000_000
EXAMPLES = 3
LONGEST_EXAMPLE = 40


@dataclass(frozen=True, slots=True)
class Sample:
    """What the first `rows` rows of a file hold, column by column; `is_whole` when there are no others."""

    headers: Sequence[str]
    cells: Mapping[str, Sequence[str]]
    rows: int
    is_whole: bool

    def examples(self, header: str) -> list[str]:
        """A few different things that stand in a column."""
        found = list(dict.fromkeys(cell.strip() for cell in self.cells[header] if cell.strip()))[:EXAMPLES]
        return [cell if len(cell) <= LONGEST_EXAMPLE else cell[: LONGEST_EXAMPLE - 1] + "…" for cell in found]


@dataclass(frozen=True, slots=True)
class Dates:
    """The forms in which the dates of some columns can be read, the best first, and the one that is meant."""

    columns: Sequence[str]
    readings: Sequence[DateReading]
    guess: str | None

    @property
    def is_ambiguous(self) -> bool:
        """Whether two forms fit equally well, so that only whoever knows the file can tell."""
        return bool(self.readings) and self.guess is None


def read_sample(table: UploadedTable) -> Sample:
    """Read the beginning of a file. Raises OperationRefused where the file is damaged."""
    cells: dict[str, list[str]] = {header: [] for header in table.headers}
    rows, characters, is_whole = 0, 0, True
    for row in table.rows():
        if rows >= ROWS or characters >= CHARACTERS:
            is_whole = False
            break
        rows += 1
        characters += sum(map(len, row.cells.values()))
        for header, cell in row.cells.items() if row.fault is None else ():
            cells[header].append(cell)
    return Sample(table.headers, cells, rows, is_whole)


def look_at_dates(sample: Sample, kind: str, mapping: Mapping[str, str], today: date) -> Dates:
    """How the dates are written in the columns that fill a date field or, where none does, look like dates."""
    fields = {field.name for field in CATALOGUES[kind] if field.kind == "date"}
    columns = [header for header in sample.headers if mapping[header] in fields]
    columns = columns or [header for header in sample.headers if are_like_dates(sample.cells[header])]
    readings = date_readings((cell for column in columns for cell in sample.cells[column]), today=today)
    return Dates(columns, readings, guess_date_format(readings))
