"""Writing thousands of rows at a time, by the quickest way that each database has."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import JSON, Date, Table, column, text
from sqlalchemy import table as sql_table
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, scoped_session
from sqlalchemy.types import TypeEngine

from changetrack.models import Model, UsageNumber, UtcDateTime

ROWS = 2_000  # taken from a file and written at a time
_COPY = 50  # rows from which COPY is worth its round trips
_SMALL = 9  # entries of a JSON value that often recurs, such as the pins of a journey
_IMPORT_LOCK = 4_172_027  # any constant of our own: one bulk load at a time on PostgreSQL


def table_of(model: type[Model]) -> Table:
    """The table of a model, for statements that need no objects."""
    table: Table = model.__table__  # type: ignore[assignment]  # a Table for all of ours
    return table


def insert_rows(session: scoped_session[Session], model: type[Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, each with the same columns; what is missing has a default that the database knows."""
    if rows:
        insert_tuples(session, model, list(rows[0]), [row.values() for row in rows])


def insert_tuples(
    session: scoped_session[Session], model: type[Model], names: Sequence[str], rows: Collection[Iterable[Any]]
) -> None:
    """Insert rows that are no more than the values of the columns in `names`, in their order."""
    if not rows:
        return
    table = table_of(model)
    if session.get_bind().dialect.name == "postgresql":
        _copy(session, table, names, rows, table.name)
        return
    marks = ", ".join("?" * len(names))
    statement = f'INSERT INTO "{table.name}" ({_columns(table, names)}) VALUES ({marks})'  # noqa: S608  our own names
    session.connection().exec_driver_sql(statement, list(_encoded(session, table, names, rows)))


def update_rows(
    session: scoped_session[Session], model: type[Model], keys: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Update rows by the columns named in `keys`; every row sets the same other columns."""
    if not rows:
        return
    table = table_of(model)
    changed = [name for name in rows[0] if name not in keys]
    if _is_worth_copying(session, rows):
        _update_from_copy(session, table, keys, changed, rows)
        return
    mark = "%s" if session.get_bind().dialect.name == "postgresql" else "?"
    new, its = ([f'"{table.c[name].name}" = {mark}' for name in names] for names in (changed, keys))
    statement = f'UPDATE "{table.name}" SET {", ".join(new)} WHERE {" AND ".join(its)}'  # noqa: S608  our own names
    names = [*changed, *keys]
    values = list(_encoded(session, table, names, [[row[name] for name in names] for row in rows]))
    session.connection().exec_driver_sql(statement, values)


def lock_for_bulk_load(session: scoped_session[Session]) -> None:
    """Wait until no other bulk load runs; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _IMPORT_LOCK})


def _is_worth_copying(session: scoped_session[Session], rows: Sequence[object]) -> bool:
    return len(rows) >= _COPY and session.get_bind().dialect.name == "postgresql"


def _update_from_copy(
    session: scoped_session[Session],
    table: Table,
    keys: Sequence[str],
    changed: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """One statement for all rows, from a table of this transaction that COPY has filled."""
    name, names = f"changed_{table.name}", list(rows[0])
    like = f'SELECT {_columns(table, names)} FROM "{table.name}" LIMIT 0'  # noqa: S608  our own names
    session.execute(text(f"CREATE TEMP TABLE {name} ON COMMIT DROP AS {like}"))
    _copy(session, table, names, [row.values() for row in rows], name)
    new = sql_table(name, *(column(table.c[n].name, table.c[n].type) for n in names))
    statement = table.update().values({n: new.c[n] for n in changed})
    session.execute(statement.where(*(table.c[k] == new.c[k] for k in keys)))
    session.execute(text(f"DROP TABLE {name}"))


def _copy(
    session: scoped_session[Session], table: Table, names: Sequence[str], rows: Iterable[Iterable[Any]], into: str
) -> None:
    connection = session.connection()
    driver: Any = connection.connection.dbapi_connection
    statement = f'COPY "{into}" ({_columns(table, names)}) FROM STDIN'
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in _encoded(session, table, names, rows):
                copy.write_row(row)
    except connection.dialect.loaded_dbapi.IntegrityError as error:
        raise IntegrityError(statement, None, error) from error


def _columns(table: Table, names: Iterable[str]) -> str:
    return ", ".join(f'"{table.c[name].name}"' for name in names)


def _encoded(
    session: scoped_session[Session], table: Table, names: Iterable[str], rows: Iterable[Iterable[Any]]
) -> Iterator[tuple[Any, ...]]:
    """The rows as the driver takes them, worked out column by column; values that recur are turned into text once."""
    dialect = session.connection().dialect
    columns: list[Iterable[Any]] = []
    for name, values in zip(names, zip(*rows, strict=True), strict=True):
        kind = table.c[name].type
        encode = kind.dialect_impl(dialect).bind_processor(dialect)
        columns.append(map(_remembering(_but_none(encode), kind), values) if encode else values)
    return zip(*columns, strict=True)


def _but_none(encode: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else encode(value)


def _remembering(encode: Callable[[Any], Any], kind: TypeEngine[Any]) -> Callable[[Any], Any]:
    """`encode`, remembering dates, moments and numbers of use, and small JSON values by what they look like."""
    if isinstance(kind, Date | UtcDateTime | UsageNumber):
        return cache(encode)
    if not isinstance(kind, JSON):
        return encode
    known: dict[str, Any] = {}

    def encode_json(value: Any) -> Any:
        if value is None or len(value) > _SMALL:
            return encode(value)
        looks = repr(value)
        if looks not in known:
            known[looks] = encode(value)
        return known[looks]

    return encode_json
