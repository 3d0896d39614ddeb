"""Reading the whole database as it is at one moment, while others go on writing."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Table, select

from changetrack.models import Heartbeat, SignInAttempt, UserSession, db

LEFT_OUT = frozenset({UserSession.__tablename__, SignInAttempt.__tablename__, Heartbeat.__tablename__})
"""Tables that a backup leaves out: who is signed in, who tried to, and which schedulers are alive."""


def backed_up_tables() -> list[Table]:
    """The tables of a backup, each after those that it refers to."""
    return [table for table in db.metadata.sorted_tables if table.name not in LEFT_OUT]


def read_whole() -> Iterator[tuple[str, Sequence[str], Iterator[Sequence[Any]]]]:
    """(table, columns, rows in order of the primary key) of every table, all from one snapshot; memory stays flat.

    Use each table's rows before asking for the next table.
    """
    db.session.rollback()
    if db.engine.dialect.name == "postgresql":  # SQLite reads one snapshot for the whole of a transaction anyway
        db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    for table in backed_up_tables():
        query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=1000)
        yield table.name, [c.name for c in table.columns], iter(db.session.execute(query))
    db.session.rollback()
