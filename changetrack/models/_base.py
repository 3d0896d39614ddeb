"""What all tables share: the session, the naming convention, the column types, and how SQLite is made trustworthy."""

import os
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import JSON, BigInteger, DateTime, Engine, Integer, MetaData, TypeDecorator, event
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.orm import DeclarativeBase

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

WRITE = "changetrack_write"  # execution option of a connection whose transaction is going to write
PATIENCE = "changetrack_patience"  # execution option besides: the seconds that it waits for somebody else's lock
LONGEST_WAIT = 10  # seconds, unless the option says otherwise

Id = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only in INTEGER columns


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept and returned in UTC on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without time zone does not belong in the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


NUMBER_SCALE = 10_000  # a usage number is kept as a whole number of ten-thousandths: exact, and summed by SQL


@lru_cache(maxsize=10_000)
def usage_number(kept: int) -> Decimal:
    """The number of use that is kept as so many ten-thousandths."""
    return Decimal(kept) / NUMBER_SCALE


class UsageNumber(TypeDecorator[Decimal]):
    """A number of use with up to four decimals, exact on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | int | None, _dialect: Dialect) -> int | None:
        return None if value is None else int(value * NUMBER_SCALE)

    def process_result_value(self, value: int | None, _dialect: Dialect) -> Decimal | None:
        return None if value is None else usage_number(value)


class Base(DeclarativeBase):
    """The declarative base with our naming of constraints."""

    metadata = MetaData(naming_convention=NAMING)


class OneDatabase(Session):
    """A session that knows its only database: it need not find out for every statement where a table lies."""

    def get_bind(self, *_args: Any, bind: Engine | Connection | None = None, **_options: Any) -> Engine | Connection:
        """The database, whatever is asked of it."""
        if self.bind is None:
            self.bind = self._db.engine
        return bind or self.bind


db = SQLAlchemy(model_class=Base, disable_autonaming=True, session_options={"class_": OneDatabase})
_TYPES = {datetime: UtcDateTime, Decimal: UsageNumber, dict[str, Any]: JSON, list[Any]: JSON}
db.Model.registry.update_type_annotation_map(_TYPES)  # type: ignore[attr-defined]

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


@event.listens_for(Engine, "connect")
def _prepare_sqlite(dbapi_connection: Any, _record: object) -> None:
    """Durable, concurrent and strict: what SQLite does not do unless asked."""
    if type(dbapi_connection).__module__.split(".")[0] != "sqlite3":
        return
    _keep_new_file_private(dbapi_connection)
    dbapi_connection.isolation_level = None  # we say BEGIN ourselves, below
    cursor = dbapi_connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={LONGEST_WAIT * 1000}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _keep_new_file_private(dbapi_connection: Any) -> None:
    """A file that was made just now is its owner's alone, and with it what SQLite will lay beside it."""
    file = dbapi_connection.execute("PRAGMA database_list").fetchone()[2]
    if file and not os.path.getsize(file):
        os.chmod(file, 0o600)


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    """Writers take the lock at once, so that none finds out at its end that it lost; readers take none."""
    if connection.dialect.name != "sqlite":
        return
    options = connection.get_execution_options()
    patience = options.get(PATIENCE, LONGEST_WAIT)
    if patience != connection.info.get(PATIENCE, LONGEST_WAIT):  # SQLite keeps it until it is told otherwise
        connection.exec_driver_sql(f"PRAGMA busy_timeout={patience * 1000}").close()
        connection.info[PATIENCE] = patience
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(WRITE) else "BEGIN")
