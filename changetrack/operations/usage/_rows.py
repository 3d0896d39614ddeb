"""Many rows as one parameter of one statement: both databases make a table of a JSON text."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from typing import Any

import orjson
from sqlalchemy import CursorResult
from sqlalchemy.orm import Session, scoped_session

_MARK = re.compile(r"(?<!:):([a-z_][a-z_0-9]*)")


def run_rows(
    session: scoped_session[Session],
    statement: str,
    columns: Mapping[str, str],
    rows: Sequence[Sequence[object]],
    **given: object,
) -> CursorResult[Any]:
    """Run `statement`, whose `{rows}` stands for a table of `rows`, and whose `:names` stand for what is `given`.

    `columns` are the names of that table's columns, in the order of a row, with their types as PostgreSQL says them.
    Values are None, numbers and texts; dates and moments as `day_text` and `moment_text` write them.
    """
    connection = session.connection()
    written = _written(statement, tuple(columns.items()), connection.dialect.name == "postgresql")
    return connection.exec_driver_sql(written, {"rows": orjson.dumps(rows).decode(), **given})


def read_rows(
    session: scoped_session[Session], statement: str, columns: Mapping[str, str], rows: Sequence[Sequence[object]]
) -> Sequence[Sequence[Any]]:
    """Run a statement that answers with rows, and return them as the driver gives them."""
    return run_rows(session, statement, columns, rows).all()


def moment_text(moment: datetime | None) -> str | None:
    """A moment as it is kept on SQLite, and as PostgreSQL reads it."""
    return None if moment is None else f"{moment:%Y-%m-%d %H:%M:%S.%f}"


@lru_cache(1_000)
def day_of(value: Any) -> date:
    """A date as the driver gives it."""
    return value if isinstance(value, date) else date.fromisoformat(value)


def moment_of(value: Any) -> datetime | None:
    """A moment as the driver gives it."""
    if value is None:
        return None
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


@cache
def _written(statement: str, columns: tuple[tuple[str, str], ...], is_postgres: bool) -> str:
    """In the words of the database, and with the marks of its driver."""
    statement = " ".join(statement.split())
    if is_postgres:
        read = ", ".join(_read(n, name, kind) for n, (name, kind) in enumerate(columns))
        table = f"(SELECT {read} FROM jsonb_array_elements(:rows::jsonb) AS it)"  # noqa: S608  our own names
        return _MARK.sub(r"%(\1)s", statement.replace("{rows}", table).replace("%", "%%"))
    read = ", ".join(f"json_extract(it.value, '$[{n}]') AS {name}" for n, (name, _) in enumerate(columns))
    table = f"(SELECT {read} FROM json_each(:rows) AS it)"  # noqa: S608  our own names
    return statement.replace("{rows}", table)


def _read(number: int, name: str, kind: str) -> str:
    if kind == "timestamptz":
        return f"(it ->> {number})::timestamp AT TIME ZONE 'UTC' AS {name}"
    return f"(it ->> {number})::{kind} AS {name}"
