"""Any number of accounts in no time: the originals copied by the database itself, and checked by counting anew."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Date, Engine, Table, insert, select, text

from changetrack.domain.filters import CARRIED_FIELDS
from changetrack.models import (
    Account,
    Alert,
    Contact,
    Event,
    Evidence,
    Hold,
    Journey,
    MovementCell,
    Proposal,
    SignOff,
    Standing,
    Visit,
    db,
)
from changetrack.queries._funnel_question import ask
from changetrack.queries._funnel_sources import Counted, count_accounts, count_places, count_standings
from changetrack.queries.movement import get_movement
from tests.benchmarks.originals import ACTOR, ORIGINALS, write_originals

SHIFTS = 28  # copies are moved back in time by 0 to 27 days, so that every day has its moves
COPIED = (Account, Journey, Visit, Hold, Evidence, Standing, Event, Contact, Proposal, SignOff, Alert)
DUE_IN_DAYS = 30
NUMBERS = "WITH RECURSIVE copies(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM copies WHERE k < {most}) "


def populate(engine: Engine, folder: Path, size: int, today: date) -> None:
    """Fill an empty, migrated database with `size` accounts (a multiple of fifty), as operations would have."""
    write_originals(folder, today)
    copies = size // ORIGINALS - 1
    db.session.remove()
    engine.dispose()
    with _quick(engine) as connection:
        if copies:
            _copy_all(connection, copies, today)
            _multiply_summaries(connection, copies)
        _add_worth(connection)
    tidy(engine)
    engine.dispose()


def tidy(engine: Engine) -> None:
    """Have PostgreSQL clear away what a mass update left behind, as it does by itself on a server that lives."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


@contextmanager
def _quick(engine: Engine) -> Iterator[Connection]:
    """A connection that need not survive an accident, to tables that have no index but their key meanwhile."""
    indexes = [index for model in COPIED for index in model.__table__.indexes if not index.unique]  # type: ignore[attr-defined]  # a Table for all of ours
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-500000", "temp_store=FILE"):
                connection.connection.cursor().execute(f"PRAGMA {pragma}")  # before a transaction begins
        for index in indexes:
            index.drop(connection)
        yield connection
        for index in indexes:
            index.create(connection)
        connection.commit()
        if engine.dialect.name == "sqlite":
            connection.connection.cursor().execute("PRAGMA journal_mode=WAL")


def check(today: date, *, thoroughly: bool) -> list[str]:
    """Count anew what the summaries say; returns every difference."""
    wrong = [f"today by {by or 'nothing'}" for by in (None, *CARRIED_FIELDS) if _differs(today, today, by)]
    if thoroughly:
        days = [today - timedelta(days=days) for days in (1, 27, 28, 100, 400)]
        wrong += [f"as of {day}" for day in days if _differs(day, today, None)]
        moved = get_movement(actor=ACTOR, today=today, zone=UTC, first=today - timedelta(days=27), last=today)
        wrong += [] if moved.balances else ["the movement does not balance"]
    return wrong


def _copy_all(connection: Connection, copies: int, today: date) -> None:
    for model in COPIED:
        table: Table = model.__table__  # type: ignore[assignment]  # a Table for all of ours
        columns = [column for column in table.columns if not (model is Alert and column.name == "id")]
        values = ", ".join(_value(connection, table, column, today) for column in columns)
        names = ", ".join(column.name for column in columns)
        connection.execute(text(
            f"INSERT INTO {table.name} ({names}) {NUMBERS.format(most=copies)}"
            f"SELECT {values} FROM copies CROSS JOIN {table.name} WHERE "
            + ("id" if model is Account else "account_id") + f" <= {ORIGINALS}"
        ))  # fmt: skip
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT setval(pg_get_serial_sequence('accounts', 'id'), max(id)) FROM accounts"))


def _value(connection: Connection, table: Table, column: Any, today: date) -> str:
    """The expression of a copy's column: other numbers and names, days moved back, else the same."""
    name = f"{table.name}.{column.name}"
    if column.name in ("id", "account_id"):
        return f"{name} + {ORIGINALS} * k"
    if column.name == "due_on":
        later = (today + timedelta(days=DUE_IN_DAYS)).isoformat()
        return f"CASE WHEN {name} IS NULL THEN NULL ELSE {_day(connection, later)} END"
    if table.name == "accounts" and column.name in ("external_id", "name", "name_key"):
        return f"{name} || ' ' || " + _padded(connection)
    if isinstance(column.type, Date):
        shift = f"(k % {SHIFTS})"
        return (
            f"{name} - {shift}"
            if connection.dialect.name == "postgresql"
            else f"date({name}, '-' || {shift} || ' days')"
        )
    return name


def _day(connection: Connection, day: str) -> str:
    return f"DATE '{day}'" if connection.dialect.name == "postgresql" else f"'{day}'"


def _padded(connection: Connection) -> str:
    return "lpad(k::text, 7, '0')" if connection.dialect.name == "postgresql" else "printf('%07d', k)"


def _multiply_summaries(connection: Connection, copies: int) -> None:
    factor = copies + 1
    sums = ", ".join(f"{name} = {name} * {factor}" for name in ("accounts", "unsupported", "stale"))
    connection.execute(text(f"UPDATE funnel_cells SET {sums}"))
    table: Any = MovementCell.__table__
    keys = tuple(column.name for column in table.primary_key)
    originals = [dict(row) for row in connection.execute(select(table)).mappings()]
    summed: dict[tuple[Any, ...], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for shift in range(SHIFTS):
        times = len(range(shift, copies + 1, SHIFTS))  # the original is the copy that is not moved
        for row in originals:
            cell = summed[row["day"] - timedelta(days=shift), row["shard"], row["place"]]
            for name in row.keys() - set(keys):
                cell[name] += row[name] * times
    connection.execute(table.delete())
    rows = [dict(zip(keys, key, strict=True)) | dict(values) for key, values in summed.items()]
    by_column = [{table.c[name].key: value for name, value in row.items()} for row in rows]
    connection.execute(insert(table), by_column)


def _add_worth(connection: Connection) -> None:
    """Cells of value beside those of the funnel, in two currencies: a page costs what it costs with them."""
    for currency in ("EUR", "USD"):
        connection.execute(text(
            "INSERT INTO value_cells (field, value, shard, place, currency, promised, probationary, realized, live) "
            f"SELECT field, value, shard, place, '{currency}', many * 90000, many * 9000, many * 40000, many * 10000 "
            "FROM (SELECT field, value, shard, place, CAST(accounts AS bigint) AS many FROM funnel_cells) counted "
            "WHERE many > 0"
        ))  # fmt: skip


def _differs(day: date, today: date, by: str | None) -> bool:
    question = ask(actor=ACTOR, today=today, zone=UTC, as_of=day, known_at=today, filters={}, by=by)
    counted = count_accounts(question) if question.is_today else count_standings(question)
    return _without_empty(counted) != _without_empty(count_places(question))


def _without_empty(counted: Counted) -> Counted:
    told = {value: {p: c for p, c in places.items() if c.accounts} for value, places in counted.items()}
    return {value: places for value, places in told.items() if places}
