"""Reads of the playbook: the version in force, those before it, and whom a change would concern."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from changetrack.domain.journey.playbook import Playbook, parse_playbook
from changetrack.models import FunnelCell, PlaybookVersion, db


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version as listed."""

    version: int
    note: str
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PlaybookPage:
    """The playbook in force, parsed and as stored, and all versions, newest first."""

    playbook: Playbook
    body: dict[str, Any]
    versions: tuple[VersionRow, ...]


@dataclass(frozen=True, slots=True)
class Concerned:
    """Whom new rules of a step concern: accounts still on their way to it, and those that keep the old rules."""

    on_their_way: int
    keep_theirs: int


def get_playbook() -> PlaybookPage:
    """The playbook in force with the list of its versions; two statements."""
    columns = (PlaybookVersion.version, PlaybookVersion.note, PlaybookVersion.created_by, PlaybookVersion.created_at)
    rows = db.session.execute(select(*columns).order_by(PlaybookVersion.version.desc())).all()
    newest = db.session.get_one(PlaybookVersion, rows[0].version)
    return PlaybookPage(
        parse_playbook(newest.version, newest.body), newest.body, tuple(VersionRow(*row) for row in rows)
    )


def count_concerned(step: int) -> Concerned:
    """How many open accounts have not reached `step`, and how many have; from the funnel's cells."""
    query = (
        select(FunnelCell.place, func.sum(FunnelCell.accounts))
        .where(FunnelCell.field == "", FunnelCell.place < 10)
        .group_by(FunnelCell.place)
    )
    counts = {place: int(n) for place, n in db.session.execute(query)}
    return Concerned(
        on_their_way=sum(n for place, n in counts.items() if place < step),
        keep_theirs=sum(n for place, n in counts.items() if place >= step),
    )
