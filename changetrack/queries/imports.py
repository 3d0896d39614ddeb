"""Reads of the files that were imported."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from changetrack.models import Import, User, db

PAGE = 20


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One file that was imported; `counts` are what its operation counted, `by` the name of who did it."""

    id: int
    batch_id: str
    kind: str
    file_name: str
    counts: Mapping[str, int]
    by: str
    at: datetime


def list_imports(*, before: int | None = None, limit: int = PAGE) -> list[ImportRow]:
    """Return up to `limit` imports with an id less than `before`, the newest first, by one statement."""
    query = select(Import, User.name).outerjoin(User, User.email == Import.imported_by).order_by(Import.id.desc())
    if before is not None:
        query = query.where(Import.id < before)
    return [
        ImportRow(row.id, row.batch_id, row.kind, row.file_name, row.counts, name or row.imported_by, row.imported_at)
        for row, name in db.session.execute(query.limit(limit))
    ]
