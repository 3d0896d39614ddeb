"""What every export is made of: its columns, its rows, and accounts read some at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select

from changetrack.models import Account, db

AT_ONCE = 1_000  # accounts read by one statement


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an export: its name and what kind of value stands in it (None may always stand there)."""

    name: str
    kind: Literal["text", "int", "flag", "date", "moment", "list", "json"] = "text"


@dataclass(frozen=True, slots=True)
class Export:
    """A table to write: its columns, and its rows in an order that depends on their content alone."""

    columns: tuple[Column, ...]
    rows: Iterator[Sequence[Any]]


def account_pages(query: Any, *order: Any, at_once: int = AT_ONCE) -> Iterator[Sequence[Any]]:
    """The rows of `query` in order of external id, those of some accounts at a time: memory stays flat.

    All of them are of one moment, whatever others write meanwhile.
    """
    db.session.rollback()
    if db.engine.dialect.name == "postgresql":  # SQLite reads one snapshot for the whole of a transaction anyway
        db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    names = select(Account.external_id).order_by(Account.external_id).limit(at_once)
    some = db.session.scalars(names).all()
    while some:
        between = Account.external_id.between(some[0], some[-1])
        yield db.session.execute(query.where(between).order_by(Account.external_id, *order)).all()
        db.session.expunge_all()
        some = db.session.scalars(names.where(Account.external_id > some[-1])).all()
    db.session.rollback()
