"""Migrations killed at any moment and run again: they end as if nobody had disturbed them."""

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, make_url, text
from sqlalchemy.pool import NullPool

from changetrack import migrations
from changetrack.config import Settings
from tests.architecture.source import ROOT
from tests.faults.portfolio import make_portfolio
from tests.faults.processes import command
from tests.faults.staging import SECRET, Place, staged
from tests.faults.tried import Tried

DAY = date(2026, 3, 2)
FOR_EVER = 120.0  # seconds
REALLY = 10  # the kill after which a server is started for the proof
TRIES = 3  # as many as kills, for those that are done before they are killed
SHAPE = {
    "sqlite": "SELECT type, name, sql FROM sqlite_master",
    "postgresql": """
        SELECT 'column', table_name, concat(ordinal_position, column_name, data_type, is_nullable, column_default)
        FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT 'index', tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT 'function', proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace""",
}
Content = dict[str, list[str]]


def migrations_killed(place: Place, times: int = 50) -> Tried:
    """From an empty database, and from every former revision with rows; nobody serves before it is run again."""
    started, chance, broken, kills = time.perf_counter(), random.Random(times), list[str](), 0
    with _upgrading() as upgrader:
        bases = _bases(place)[:times]
        whole = [upgrader.finish(_copy(place, base, "whole")) for base in bases]
        for number in range(TRIES * times):
            if kills == times:
                break
            seconds, expected = whole[number % len(bases)]
            url = _copy(place, bases[number % len(bases)], "killed")
            if upgrader.order(url, seconds * chance.uniform(0.05, 0.95)) is not None:
                continue  # it was done before
            kills += 1
            broken += _served(place, url, really=kills == REALLY)
            if upgrader.finish(url)[1] != expected:
                broken.append(f"migration {number} ended otherwise after it was killed")
    broken += [] if kills else ["no migration was under way when it was to be killed"]
    figures = f"{kills} kills; ended otherwise, or served before: {len(broken)}"
    return Tried("migration killed and run again", place.name, figures, broken, time.perf_counter() - started)


class Upgrader:
    """Processes that migrate, killed in time."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.upgrader"], cwd=ROOT, env={"PATH": os.environ["PATH"]},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip

    def order(self, url: str, seconds: float) -> float | None:
        """Migrate, killed after so many seconds; returns how long it took, None when it was killed."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{seconds} {url}\n")
        answer, *rest = self.process.stdout.readline().split()
        if answer == "failed":
            raise RuntimeError("a migration failed by itself")
        return float(rest[0]) if rest else None

    def finish(self, url: str) -> tuple[float, Content]:
        """Migrate undisturbed; returns how long it took and what there is then."""
        taken = self.order(url, FOR_EVER)
        assert taken is not None, "a migration took for ever"
        return taken, _content(url)


@contextmanager
def _upgrading() -> Iterator[Upgrader]:
    upgrader = Upgrader()
    try:
        yield upgrader
    finally:
        upgrader.process.communicate(timeout=FOR_EVER)


def _bases(place: Place) -> list[str]:
    """Databases to begin from: one that is empty, and one with rows at each revision before the last."""
    with staged(place) as stage:
        make_portfolio(stage.session, [DAY], 20)
        full = stage.settings.database_url
    revisions = [found.revision for found in ScriptDirectory.from_config(migrations._config()).walk_revisions()]
    bases = [_empty(place, "empty")]
    for revision in revisions[1:]:
        bases.append(_copy(place, full, revision))
        engine = create_engine(bases[-1], poolclass=NullPool)
        migrations.downgrade(engine, revision)
    return bases


def _empty(place: Place, name: str) -> str:
    if place.server is not None:
        return place.server.create_database()
    return f"sqlite:///{place.folder / name}.db"


def _copy(place: Place, url: str, name: str) -> str:
    """Another database with the same content."""
    if place.server is not None:
        return place.server.create_database(template=make_url(url).database or "")
    copy = place.folder / f"{name}.db"
    for suffix in ("", "-wal", "-shm"):
        Path(f"{copy}{suffix}").unlink(missing_ok=True)
        if (source := Path(url.removeprefix("sqlite:///") + suffix)).exists():
            shutil.copyfile(source, f"{copy}{suffix}")
    return f"sqlite:///{copy}"


def _served(place: Place, url: str, *, really: bool) -> list[str]:
    """That a server would start on a database that is not at our revision."""
    engine = create_engine(url, poolclass=NullPool)
    if migrations.current_revision(engine) == migrations.head_revision():
        return []
    if really:
        refused = command(_settings(place.folder, url), "serve", "--port", "1", "--no-scheduler")
        is_refused = refused.returncode == 1 and "changetrack db upgrade" in refused.stderr
        return [] if is_refused else [f"serve started on a half migrated database: {refused.stderr}"]
    with suppress(migrations.WrongRevision):
        migrations.refuse_wrong_revision(engine)
        return ["a server would start on a half migrated database"]
    return []


def _content(url: str) -> Content:
    """All that is in a database: tables, indexes, triggers, constraints, and every row."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        shape = connection.execute(text(SHAPE[engine.dialect.name]))
        found = {"": sorted(f"{kind} {name} {_in_order(definition)}" for kind, name, definition in shape)}
        for table in inspect(connection).get_table_names():
            found[table] = sorted(repr(tuple(row)) for row in connection.exec_driver_sql(f'SELECT * FROM "{table}"'))
    return found


def _in_order(definition: str | None) -> list[str]:
    """The lines of a definition: a table that is built anew may name its constraints in another order."""
    return sorted(line.strip().rstrip(",") for line in (definition or "").splitlines())


def _settings(folder: Path, url: str) -> Settings:
    return Settings(instance=folder, database_url=url, secret_key=SECRET)
