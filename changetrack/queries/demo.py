"""Reads for loading the example portfolio: whether anything is there yet, and what its next deed is about."""

from collections.abc import Collection
from datetime import date

from sqlalchemy import exists, select

from changetrack.models import (
    OPEN_ALERT,
    OPEN_COMMITMENT,
    Account,
    Alert,
    AuditEvent,
    Commitment,
    Evidence,
    Team,
    User,
    db,
)


def has_data() -> bool:
    """Whether there are people, teams or accounts already."""
    return any(db.session.scalar(select(exists().where(table.id.is_not(None)))) for table in (User, Team, Account))


def find_people(emails: Collection[str]) -> dict[str, int]:
    """The ids of those of these e-mail addresses who are users."""
    return {row.email: row.id for row in db.session.execute(select(User.email, User.id).where(User.email.in_(emails)))}


def list_changed_passwords(user_ids: Collection[int]) -> set[int]:
    """Who of these users has had another password since they were added."""
    subjects = {f"user:{id_}": id_ for id_ in user_ids}
    changed = AuditEvent.kind.in_(("password_changed", "password_reset"))
    found = db.session.scalars(select(AuditEvent.subject).where(AuditEvent.subject.in_(subjects), changed))
    return {subjects[subject] for subject in found}


def find_teams(names: Collection[str]) -> dict[str, int]:
    """The ids of those of these teams that exist."""
    return {row.name: row.id for row in db.session.execute(select(Team.name, Team.id).where(Team.name.in_(names)))}


def find_accounts(external_ids: Collection[str]) -> dict[str, int]:
    """The ids of those of these accounts that exist, by external id."""
    query = select(Account.external_id, Account.id).where(Account.external_id.in_(external_ids))
    return {row.external_id: row.id for row in db.session.execute(query)}


def list_due_among(account_ids: Collection[int], *, day: date) -> list[int]:
    """Those of these accounts that the night of `day` has to look at, longest due first."""
    due = select(Account.id).where(Account.due_on <= day, Account.id.in_(account_ids))
    return list(db.session.scalars(due.order_by(Account.due_on, Account.id)))


def find_open_alert(account_id: int) -> tuple[int, int] | None:
    """The id and version of the account's open alert, None if it has none."""
    open_one = (Alert.account_id == account_id, OPEN_ALERT)
    row = db.session.execute(select(Alert.id, Alert.version).where(*open_one)).first()
    return (row.id, row.version) if row else None


def find_open_commitment(account_id: int) -> tuple[int, int] | None:
    """The number and version of the account's open commitment that is due first, None if it has none."""
    open_one = (Commitment.account_id == account_id, OPEN_COMMITMENT)
    first = select(Commitment.seq, Commitment.version).where(*open_one).order_by(Commitment.due_on, Commitment.seq)
    row = db.session.execute(first.limit(1)).first()
    return (row.seq, row.version) if row else None


def find_evidence(account_id: int, point: str) -> int | None:
    """The number of the newest evidence for a control point that was not taken back."""
    mine = (Evidence.account_id == account_id, Evidence.point == point, Evidence.retracted_on.is_(None))
    return db.session.scalar(select(Evidence.seq).where(*mine).order_by(Evidence.seq.desc()).limit(1))
