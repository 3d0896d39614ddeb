"""The only place that commits: one operation, one transaction, everything or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.refusal import OperationRefused, Reason
from changetrack.models import PATIENCE, WRITE, db


@contextmanager
def transaction(*, patience: int | None = None) -> Iterator[scoped_session[Session]]:
    """Open the transaction of one operation: commit at its end, roll back if anything is raised.

    On SQLite the write lock is taken at the start, so that nobody works for a result that then is refused.
    Operations do not call operations: a second transaction inside the first is an error. With `patience` it fails
    rather than wait longer than so many seconds for a lock: for those who come again by themselves.
    """
    session = cast(scoped_session[Session], db.session)
    if session.info.get("in_operation"):
        raise RuntimeError("an operation was called inside an operation")
    session.rollback()  # what a page read before belongs to an older snapshot
    session.info["in_operation"] = True
    try:
        options = {WRITE: True} if patience is None else {WRITE: True, PATIENCE: patience}
        connection = session.connection(execution_options=options)
        if patience is not None and connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{patience}s'")
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop("in_operation", None)


@contextmanager
def unique_or(reason: Reason) -> Iterator[None]:
    """Refuse with `reason` when what is written here is taken: somebody else was faster than our own look at it."""
    try:
        yield
    except IntegrityError as error:
        raise OperationRefused([reason]) from error
