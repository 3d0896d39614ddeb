"""The schema's history: how a database gets to the revision this code needs, and how we know that it is."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, Column, Connection, Engine, text

from changetrack.domain.refusal import OperationRefused
from changetrack.models import WRITE, db

LOCK = 4_172_026  # any constant of our own: PostgreSQL's advisory lock against two upgrades at once
logging.getLogger("alembic.runtime.migration").setLevel(logging.WARNING)  # it greets at every look


def _differs_in_default(
    _context: MigrationContext,
    _column: Any,
    ours: Column[Any],
    inspected: str | None,
    _default: object,
    said: str | None,
) -> bool | None:
    """PostgreSQL cannot compare two JSON values, so they are compared as text; None leaves it to Alembic."""
    if not isinstance(ours.type, JSON):
        return None
    return (inspected or "").removesuffix("::json") != (said or "")


COMPARED: dict[str, Any] = {
    "compare_type": True,
    "compare_server_default": _differs_in_default,
    "render_as_batch": True,
}


class WrongRevision(OperationRefused):
    """The database is not at the revision this code was written for."""

    def __init__(self, message: str) -> None:
        super().__init__([(None, message)])


def head_revision() -> str:
    """The revision this code needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise WrongRevision("There are no migrations in this installation.")
    return head


def current_revision(engine: Engine) -> str | None:
    """The revision the database is at; None when it is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def refuse_wrong_revision(engine: Engine) -> None:
    """Raise `WrongRevision`, saying what to do, unless the database is at our head."""
    current, head = current_revision(engine), head_revision()
    if current != head:
        raise WrongRevision(
            f"The database is at revision {current or 'none'}, this version needs {head}: run `changetrack db upgrade`."
        )


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database up to `revision`, all in one transaction: it succeeds whole or leaves no trace."""
    with _migrating(engine) as config:
        command.upgrade(config, revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Bring the database back to `revision`, all in one transaction; 'base' is the empty database."""
    with _migrating(engine) as config:
        command.downgrade(config, revision)


def write_revision(engine: Engine, message: str) -> Path:
    """Draft the next migration from how models and schema differ, for a person to read and mend."""
    with _migrating(engine) as config:
        script = command.revision(config, message=message, rev_id=message, autogenerate=True)
    if script is None or isinstance(script, list):
        raise WrongRevision("There is more than one head.")
    return Path(script.path)


def differences(engine: Engine) -> list[str]:
    """Where the schema is not what the models say, one line each."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=COMPARED)
        return [str(difference) for difference in compare_metadata(context, db.metadata)]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s")
    return config


@contextmanager
def _migrating(engine: Engine) -> Iterator[Config]:
    """One write transaction for Alembic; SQLite alters by rebuilding, so references are checked last."""
    with (
        engine.connect().execution_options(**{WRITE: True}) as connection,
        _without_foreign_keys(connection),
        connection.begin(),
    ):
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        config = _config()
        config.attributes["connection"] = connection
        yield config
        _refuse_broken_references(connection)


@contextmanager
def _without_foreign_keys(connection: Connection) -> Iterator[None]:
    if connection.dialect.name != "sqlite":
        yield
        return
    raw: Any = connection.connection.dbapi_connection
    raw.execute("PRAGMA foreign_keys=OFF")  # without effect inside a transaction, hence here
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys=ON")


def _refuse_broken_references(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise WrongRevision(f"The migration would leave {len(broken)} rows pointing at nothing.")
