"""Lists as files to be saved."""

from collections.abc import Iterator

from flask import Response

from changetrack.adapters.file_writers import MEDIA_TYPES, text_chunks
from changetrack.queries.export_tables import Column


def csv_file(name: str, columns: tuple[Column, ...], rows: Iterator[tuple[object, ...]]) -> Response:
    """Rows as a CSV to be saved under this name, written while it is sent."""
    response = Response(text_chunks(columns, rows, "csv"), content_type=MEDIA_TYPES["csv"])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
