"""How a factory puts its row where every other connection sees it."""

from itertools import count
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from changetrack.models import Base

Row = TypeVar("Row", bound=Base)
Saver = scoped_session[Session]


class Numbers:
    """From one on, in each test anew: what is named after one does not depend on the tests before."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """From one on again."""
        self._next = count(1).__next__

    def __call__(self) -> int:
        """The next number."""
        return self._next()


number = Numbers()


def save(session: Saver, row: Row) -> Row:
    """Add and commit `row`; a test arranges what has already happened."""
    session.add(row)
    session.commit()
    return row


def next_seq(session: Saver, model: type[Base], account_id: int) -> int:
    """The next number in the account's own counting of `model`."""
    columns = model.__table__.c
    last = session.scalar(
        select(columns.seq).where(columns.account_id == account_id).order_by(columns.seq.desc()).limit(1)
    )
    return (last or 0) + 1
