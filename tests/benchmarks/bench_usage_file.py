"""Importing a million rows of usage: rows a second, in flat memory, against what the database itself needs for them."""

import csv
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import count, islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, select, text

from changetrack import migrations
from changetrack.adapters.files import Table
from changetrack.app import create_app
from changetrack.config import Settings
from changetrack.models import WRITE, Account, Metric, UsageDaily, db
from changetrack.operations.imports import ImportOptions, ImportResult, import_file
from changetrack.operations.playbook import install_playbook
from changetrack.operations.usage.metrics import create_metric
from tests.benchmarks.bench_imports import peak_memory
from tests.benchmarks.floors import Finding
from tests.benchmarks.originals import ACTOR
from tests.benchmarks.stage import SECRET, Stage
from tests.clock import NOW, TODAY, FixedClock
from tests.databases import DURABLE, postgres_server

ACCOUNTS = 2_000
METRICS = ("calls", "reports", "exports", "logins", "seats")
DAYS = 100
FEW_DAYS = 10
LEAST_ROWS_A_SECOND = 100_000  # on SQLite
LEAST_SHARE = 0.5  # of the speed of COPY and one set-based upsert, on PostgreSQL
MOST_GROWTH = 1.25  # of the peak memory, from a hundred thousand rows to a million
AT_ONCE = 20_000  # rows
_STAGED = "CREATE TEMP TABLE floor_rows (external_id text, metric text, day date, value bigint) ON COMMIT DROP"
_UPSERT = """
    INSERT INTO usage_daily (account_id, metric_id, day, recorded_on, stated, recorded_at)
    SELECT accounts.id, metrics.id, day, DATE '2026-03-02', sum(floor_rows.value) * 10000, now()
    FROM floor_rows JOIN accounts USING (external_id) JOIN metrics ON metrics.key = floor_rows.metric
    GROUP BY accounts.id, metrics.id, day
    ON CONFLICT (account_id, metric_id, day, recorded_on) DO UPDATE SET stated = excluded.stated
"""


def measure(stages: tuple[Stage, ...]) -> Iterator[Finding]:
    """Each import in a process of its own, so that its memory is its own."""
    database = stages[0].database
    with tempfile.TemporaryDirectory(prefix="changetrack-usage-") as name:
        folder = Path(name)
        if database == "sqlite":
            files = (f"sqlite:///{folder / str(number)}.db" for number in count())
            few, many = (_apart(days, next(files), next(files), folder) for days in (FEW_DAYS, DAYS))
        else:
            with postgres_server(DURABLE) as server:
                few, many = (
                    _apart(days, server.create_database(), server.create_database(), folder)
                    for days in (FEW_DAYS, DAYS)
                )
    rows, of = ACCOUNTS * len(METRICS) * DAYS, f"{ACCOUNTS * len(METRICS) * DAYS:,} rows of usage ({database})"
    rate, bare = rows / many["import"], f"{rows / many['bare']:,.0f}/s"
    least = LEAST_ROWS_A_SECOND if database == "sqlite" else None
    yield Finding(f"rows a second, importing {of}", f"{rate:,.0f}/s", bare, rate, None, least)
    yield Finding(f"speed of it ({database}) as a share of the floor's", f"{rate:,.0f}/s", bare,
                  many["bare"] / many["import"], None, LEAST_SHARE if database == "postgresql" else None)  # fmt: skip
    worked = rows / many["worked"]
    yield Finding(f"rows a second of our own processor time ({database})", f"{worked:,.0f}/s", "", worked)
    again = rows / many["again"]
    yield Finding(f"rows a second, the same file once more ({database})", f"{again:,.0f}/s", bare, again)
    yield Finding(f"peak memory of it ({database}) to that of a tenth", f"{many['peak']:.0f} MB",
                  f"{few['peak']:.0f} MB", many["peak"] / few["peak"], MOST_GROWTH)  # fmt: skip


def _apart(days: int, url: str, other_url: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.bench_usage_file", str(days), url, other_url, str(folder)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(answer.stdout.splitlines()[-1])
    return found


def _alone(days: int, url: str, other_url: str, folder: Path) -> dict[str, float]:
    """Import the file; then bring the same numbers into another database with nothing around it."""
    path = folder / f"usage-{days}.csv"
    _write(path, days)
    _prepared(other_url, folder)
    bare = _bare(other_url, path)
    settings = Settings(instance=folder, database_url=url, secret_key=SECRET, env="development", log_level="ERROR")
    _prepared(url, folder)
    with create_app(settings, clock=FixedClock()).app_context():
        start, begun = time.perf_counter(), time.process_time()
        _import(path, "first")
        taken, worked = time.perf_counter() - start, time.process_time() - begun
        peak = peak_memory()
        start = time.perf_counter()
        _import(path, "again")
        again = time.perf_counter() - start
    return {"import": taken, "worked": worked, "peak": peak, "bare": bare, "again": again}


def _import(path: Path, batch: str) -> None:
    result = _import_file("usage", path, batch_id=batch)
    assert result.created + result.unchanged == result.rows, result


def _import_file(kind: str, path: Path, **options: Any) -> ImportResult:
    moment: dict[str, Any] = {"actor": ACTOR, "now": NOW, "today": TODAY}
    return import_file(kind=kind, source=Table(path), options=ImportOptions(**options), secret=SECRET, **moment)


def _prepared(url: str, folder: Path) -> None:
    """Accounts and metrics for the usage to be of."""
    settings = Settings(instance=folder, database_url=url, secret_key=SECRET, env="development", log_level="ERROR")
    path = folder / "accounts.csv"
    path.write_text("external_id,name\n" + "".join(f"A-{n},Account {n}\n" for n in range(ACCOUNTS)))
    with create_app(settings, clock=FixedClock()).app_context():
        migrations.upgrade(db.engine)
        install_playbook(actor=ACTOR, now=NOW)
        _import_file("accounts", path)
        for key in METRICS:
            create_metric(actor=ACTOR, now=NOW, key=key, name=key, unit=key, aggregation="sum")
        db.session.remove()
        db.engine.dispose()


def _write(path: Path, days: int) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        file.write("external_id,metric,day,value\n")
        for n in range(days):  # day by day, as a warehouse writes it
            day = TODAY - timedelta(days=days - n)
            file.writelines(
                f"A-{a},{key},{day},{(a * 7 + n * 31 + place * 13) % 1000}\n"
                for a in range(ACCOUNTS)
                for place, key in enumerate(METRICS)
            )


def _bare(url: str, path: Path) -> float:
    """The file into the table as fast as the database goes, in one transaction."""
    engine = create_engine(url)
    with engine.connect().execution_options(**{WRITE: True}) as connection:
        start = time.perf_counter()
        if connection.dialect.name == "postgresql":
            _copy_and_upsert(connection, path)
        else:
            _insert(connection, path)
        connection.commit()
        return time.perf_counter() - start


def _copy_and_upsert(connection: Connection, path: Path) -> None:
    driver: Any = connection.connection.dbapi_connection
    connection.execute(text(_STAGED))
    copying = "COPY floor_rows FROM STDIN (FORMAT csv, HEADER)"
    with path.open("rb") as file, driver.cursor() as cursor, cursor.copy(copying) as copy:
        while part := file.read(1 << 20):
            copy.write(part)
    connection.execute(text("ANALYZE floor_rows"))
    connection.execute(text(_UPSERT))


def _insert(connection: Connection, path: Path) -> None:
    accounts = dict(connection.execute(select(Account.external_id, Account.id)).tuples().all())
    metrics = dict(connection.execute(select(Metric.key, Metric.id)).tuples().all())
    driver: Any = connection.connection.dbapi_connection
    names = ("account_id", "metric_id", "day", "recorded_on", "stated", "recorded_at")
    statement = f"INSERT INTO {UsageDaily.__tablename__} ({', '.join(names)}) VALUES (?, ?, ?, ?, ?, ?)"
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        next(rows)
        while some := list(islice(rows, AT_ONCE)):
            driver.executemany(statement, [
                (accounts[name], metrics[key], day, "2026-03-02", int(value) * 10_000, "2026-03-02 09:00:00.000000")
                for name, key, day, value in some
            ])  # fmt: skip


if __name__ == "__main__":
    given_days, first_url, second_url, given_folder = sys.argv[1:]
    sys.stdout.write(json.dumps(_alone(int(given_days), first_url, second_url, Path(given_folder))) + "\n")
