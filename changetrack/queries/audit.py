"""Reads of the audit: what was done to all but accounts, newest first, and its hash chains."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, and_, literal, or_, select, union_all

from changetrack.domain.history import ChainRow, broken_links
from changetrack.models import ApiToken, AuditEvent, Calendar, Endpoint, Metric, Team, UsageSource, User, db

PAGE = 50
GROUPS = (
    "user", "team", "playbook", "calendar", "import", "metric", "source", "token", "endpoint", "unmatched",
)  # fmt: skip
_NAMED = (
    ("user", User), ("team", Team), ("calendar", Calendar), ("metric", Metric), ("source", UsageSource),
    ("token", ApiToken), ("endpoint", Endpoint),
)  # fmt: skip
CHECKED_AT_MOST = 2_000

Place = tuple[datetime, str, int]


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that was done; `about` is the name of what `subject` ("user:7") stands for, `by` of who did it."""

    subject: str
    seq: int
    kind: str
    about: str
    actor: str
    by: str
    recorded_at: datetime
    changes: Mapping[str, Sequence[Any]]
    note: str | None

    @property
    def group(self) -> str:
        """What kind of subject it is, one of GROUPS."""
        return self.subject.partition(":")[0]

    @property
    def subject_id(self) -> int | None:
        """The id of the user or team that it is about."""
        rest = self.subject.partition(":")[2]
        return int(rest) if self.group in ("user", "team") and rest.isdecimal() else None


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """How the hash chains of some subjects verify; `broken` holds (subject, number) where one does not."""

    subjects: int
    entries: int
    broken: tuple[tuple[str, int], ...]


def list_audit(
    *, group: str = "", subject: str = "", actor: str = "", before: Place | None = None, limit: int = PAGE
) -> list[AuditEntry]:
    """Return up to `limit` entries before a place, the newest first, by at most two statements.

    `group` keeps one kind of subject, `subject` one subject, `actor` what one person did (their e-mail address).
    """
    query = select(AuditEvent, User.name).outerjoin(User, User.email == AuditEvent.actor)
    query = query.where(*_conditions(group, subject, actor, before))
    order = (AuditEvent.recorded_at.desc(), AuditEvent.subject.desc(), AuditEvent.seq.desc())
    rows = db.session.execute(query.order_by(*order).limit(limit)).all()
    names = _names_of({row.subject for row, _ in rows})
    return [
        AuditEntry(
            row.subject, row.seq, row.kind, names.get(row.subject) or _plain_name(row), row.actor, name or row.actor,
            row.recorded_at, row.changes, row.note,
        )
        for row, name in rows
    ]  # fmt: skip


def check_chains(subjects: Collection[str]) -> ChainCheck | None:
    """Recompute the whole hash chains of these subjects, by one statement; None if they are too long for a page.

    Source of the chain: `domain.history.broken_links`.
    """
    query = select(AuditEvent).where(AuditEvent.subject.in_(sorted(subjects)))
    ordered = query.order_by(AuditEvent.subject, AuditEvent.seq).limit(CHECKED_AT_MOST + 1)
    rows = db.session.scalars(ordered).all()
    if len(rows) > CHECKED_AT_MOST:
        return None
    broken = [
        (subject, seq)
        for subject, chain in groupby(rows, key=lambda row: row.subject)
        for seq in broken_links(map(_link, chain))
    ]
    return ChainCheck(len({row.subject for row in rows}), len(rows), tuple(broken))


def _conditions(group: str, subject: str, actor: str, before: Place | None) -> Iterator[ColumnElement[bool]]:
    if subject:
        yield AuditEvent.subject == subject
    elif group == "playbook":
        yield AuditEvent.subject == group
    elif group:
        yield AuditEvent.subject.startswith(f"{group}:", autoescape=True)
    if actor:
        yield AuditEvent.actor == actor
    if before is not None:
        yield _older(before)


def _older(place: Place) -> ColumnElement[bool]:
    moment, subject, seq = place
    same_moment = AuditEvent.recorded_at == moment
    return or_(
        AuditEvent.recorded_at < moment,
        and_(same_moment, AuditEvent.subject < subject),
        and_(same_moment, AuditEvent.subject == subject, AuditEvent.seq < seq),
    )


def _names_of(subjects: Iterable[str]) -> dict[str, str]:
    """The names of those `subjects` that have a row of their own; no statement when there are none."""
    wanted: dict[str, set[int]] = {group: set() for group, _ in _NAMED}
    for subject in subjects:
        group, _, rest = subject.partition(":")
        if group in wanted and rest.isdecimal():
            wanted[group].add(int(rest))
    parts = [
        select(literal(group).label("group"), table.id, table.name).where(table.id.in_(wanted[group]))
        for group, table in _NAMED
        if wanted[group]
    ]
    if not parts:
        return {}
    return {f"{group}:{id_}": name for group, id_, name in db.session.execute(union_all(*parts))}


def _plain_name(row: AuditEvent) -> str:
    """What a subject without a table row is called: an import by its file, what is gone by the name it had."""
    if row.subject == "playbook":
        return "Playbook"
    if row.subject.startswith(("unmatched:", "calendar:")) and (name := (row.changes.get("name") or [None])[0]):
        return str(name)
    return row.note if row.subject.startswith("import:") and row.note else row.subject


def _link(row: AuditEvent) -> ChainRow:
    names = ("subject", "seq", "kind", "actor", "recorded_at", "changes", "note")
    return ChainRow(row.seq, row.previous_hash, row.hash, {name: getattr(row, name) for name in names})
