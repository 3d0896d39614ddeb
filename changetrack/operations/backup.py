"""Filling an empty database from a backup, all or nothing."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from sqlalchemy import Column, Date, Table, delete, func, insert, select, text
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Forbidden, OperationRefused, Reason
from changetrack.models import Account, AuditEvent, PlaybookVersion, Team, UsageNumber, User, UtcDateTime
from changetrack.operations._transaction import transaction

CHUNK = 2000  # rows a statement
Rows = Iterable[Mapping[str, Any]]


def restore_tables(
    *,
    tables: Iterable[tuple[Table, Rows]],
    actor: Actor,
    now: datetime,
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Write the rows of a backup into an empty database, in one transaction; returns how many.

    `tables` come in an order in which each refers only to those before it. The playbook as shipped does not count
    as content. Raises OperationRefused for a database that is not empty, Forbidden for anybody but the operator.
    """
    del now  # a restored database has no event of its own: it is the old one
    if not may(actor, Action.ADMINISTER) or actor.kind != "operator":
        raise Forbidden("A backup is restored at the shell.")
    with transaction() as session:
        _refuse_unless_empty(session)
        session.execute(delete(PlaybookVersion))
        count = 0
        for table, rows in tables:
            typed = (_typed(table, row) for row in rows)
            while chunk := list(islice(typed, CHUNK)):
                session.execute(insert(table), chunk)
                count += len(chunk)
                progress(len(chunk))
            _restart_numbering(session, table)
        return count


def _refuse_unless_empty(session: scoped_session[Session]) -> None:
    for model in (User, Team, Account, AuditEvent):
        if session.scalar(select(func.count()).select_from(model)):
            raise OperationRefused([Reason(None, "The database is not empty: a backup is restored into an empty one.")])


def _typed(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a backup as the columns want it: their dates, moments and numbers of use are text there."""
    return {name: _value(table.c[name], value) for name, value in row.items()}


def _value(column: Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, UtcDateTime):
        return datetime.fromisoformat(value)
    if isinstance(column.type, UsageNumber):
        return Decimal(value)
    return date.fromisoformat(value) if isinstance(column.type, Date) else value


def _restart_numbering(session: scoped_session[Session], table: Table) -> None:
    """Let PostgreSQL number new rows after the restored ones; SQLite does by itself."""
    if session.get_bind().dialect.name != "postgresql" or "id" not in table.c:
        return
    sequence = session.scalar(text("select pg_get_serial_sequence(:t, 'id')"), {"t": table.name})
    if sequence:
        last = session.scalar(select(func.max(table.c.id)))
        session.execute(text("select setval(:s, :n, :used)"), {"s": sequence, "n": last or 1, "used": last is not None})
