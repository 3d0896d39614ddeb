"""Writing the rows that an import turned away: as they stood in the file, with their line and the reasons."""

import csv
from collections.abc import Iterable, Sequence
from typing import TextIO

from changetrack.domain.cells import defuse
from changetrack.domain.imports import REJECT_COLUMNS, RawRow, RowReason


class RejectedRows:
    """A CSV of rejected rows, which can be mended and imported again; no cell of it is a formula."""

    def __init__(self, stream: TextIO, headers: Sequence[str]) -> None:
        self._headers = [header for header in headers if header not in REJECT_COLUMNS]
        self._writer = csv.writer(stream)
        self._writer.writerow([defuse(header) for header in (*self._headers, *REJECT_COLUMNS)])

    def add(self, row: RawRow, reasons: Iterable[RowReason]) -> None:
        """Write one row and why it was turned away."""
        why = " ".join(f"{reason.field}: {reason.message}" if reason.field else reason.message for reason in reasons)
        cells = (row.cells.get(header, "") for header in self._headers)
        self._writer.writerow([*map(defuse, cells), row.line, defuse(why)])
