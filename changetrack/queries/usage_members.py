"""Reads of who is counted."""

from collections.abc import Sequence

from sqlalchemy import select

from changetrack.models import Account, UsageMember, db


def list_counting_accounts(*, after: int, limit: int) -> Sequence[int]:
    """The ids of the next accounts behind `after` that have members of some day, in order."""
    has_any = select(UsageMember.account_id).where(UsageMember.account_id == Account.id).exists()
    found = select(Account.id).where(Account.id > after, has_any).order_by(Account.id).limit(limit)
    ids = db.session.scalars(found).all()
    db.session.rollback()
    return ids
