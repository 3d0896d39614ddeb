"""Importing a hundred thousand accounts: rows a second, in flat memory, against the bare insert of the same rows."""

import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, insert, select

from changetrack import migrations
from changetrack.adapters.files import Table
from changetrack.app import create_app
from changetrack.config import Settings
from changetrack.models import WRITE, Account, Event, Journey, Standing, Team, Visit, db
from changetrack.operations.imports import ImportOptions, import_file
from changetrack.operations.playbook import install_playbook
from changetrack.operations.teams import add_team
from tests.benchmarks.floors import Finding
from tests.benchmarks.originals import ACTOR
from tests.benchmarks.stage import SECRET, Stage
from tests.clock import NOW, TODAY, FixedClock
from tests.databases import DURABLE, postgres_server

ROWS = 100_000
FEW = 10_000
LEAST_ROWS_A_SECOND = 5_000
MOST_GROWTH = 1.25  # of the peak memory, from ten thousand rows to a hundred thousand
AT_ONCE = 2_000  # rows
WRITTEN: tuple[Any, ...] = (Account, Journey, Visit, Standing, Event)


def measure(stages: tuple[Stage, ...]) -> Iterator[Finding]:
    """Each import in a process of its own, so that its memory is its own."""
    database = stages[0].database
    with tempfile.TemporaryDirectory(prefix="changetrack-import-") as name:
        folder = Path(name)
        if database == "sqlite":
            files = (f"sqlite:///{folder / str(number)}.db" for number in count())
            few, many = (_apart(rows, next(files), next(files), folder) for rows in (FEW, ROWS))
        else:
            with postgres_server(DURABLE) as server:
                few, many = (
                    _apart(rows, server.create_database(), server.create_database(), folder) for rows in (FEW, ROWS)
                )
    rate = ROWS / many["import"]
    bare = f"{ROWS / many['bare']:,.0f}/s"
    yield Finding(f"rows a second, importing {ROWS:,} accounts ({database})", f"{rate:,.0f}/s", bare, rate, None,
                  LEAST_ROWS_A_SECOND)  # fmt: skip
    worked = ROWS / many["worked"]
    yield Finding(f"rows a second of our own processor time ({database})", f"{worked:,.0f}/s", "", worked)
    yield Finding(f"import of {ROWS:,} accounts ({database}) to the bare inserts", f"{many['import']:.1f} s",
                  f"{many['bare']:.1f} s", many["import"] / many["bare"])  # fmt: skip
    yield Finding(f"peak memory of it ({database}) to that of {FEW:,}", f"{many['peak']:.0f} MB",
                  f"{few['peak']:.0f} MB", many["peak"] / few["peak"], MOST_GROWTH)  # fmt: skip


def _apart(rows: int, url: str, other_url: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.bench_imports", str(rows), url, other_url, str(folder)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(answer.stdout.splitlines()[-1])
    return found


def _alone(rows: int, url: str, other_url: str, folder: Path) -> dict[str, float]:
    """Import into an empty database, then insert what was written into the other one, without anything else."""
    settings = Settings(instance=folder, database_url=url, secret_key=SECRET, env="development", log_level="ERROR")
    app, path = create_app(settings, clock=FixedClock()), folder / f"accounts-{rows}.csv"
    _write(path, rows)
    with app.app_context():
        migrations.upgrade(db.engine)
        add_team(actor=ACTOR, now=NOW, name="North")
        install_playbook(actor=ACTOR, now=NOW)
        start, begun = time.perf_counter(), time.process_time()
        moment: dict[str, Any] = {"actor": ACTOR, "now": NOW, "today": TODAY}
        result = import_file(kind="accounts", source=Table(path), options=ImportOptions(), secret="s", **moment)
        taken, worked = time.perf_counter() - start, time.process_time() - begun
        peak = peak_memory()
        assert result.created == rows, result
        bare = _insert_again(other_url, rows)
    return {"import": taken, "worked": worked, "peak": peak, "bare": bare}


def peak_memory() -> float:
    """The most that this process has held, in MB; where Linux does not tell, with what its parent held."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _write(path: Path, rows: int) -> None:
    head = ("external_id", "name", "organization", "product", "segment", "region", "team", "started_on", "step",
            "step_entered_on", "plan")  # fmt: skip
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        for n in range(rows):
            segment, region = ("SMB", "Public", "Enterprise")[n % 3], ("North", "South")[n % 2]
            step = n % 9
            dates = ("2025-01-15", step, "2025-06-01")
            names = (f"A-{n}", f"Account {n}", f"Customer {n // 2}")
            writer.writerow((*names, "Core", segment, region, "North", *dates, "gold"))


def _insert_again(url: str, rows: int) -> float:
    """The same rows into another empty database, in one transaction, as fast as the driver goes."""
    engine = create_engine(url)
    migrations.upgrade(engine)
    taken = 0.0
    with engine.connect().execution_options(**{WRITE: True}) as connection:
        _insert(connection, Team, Team.id <= 1)
        for first in range(1, rows + 1, AT_ONCE):
            for model in WRITTEN:
                key = model.id if model is Account else model.account_id
                taken += _insert(connection, model, key.between(first, first + AT_ONCE - 1))
        start = time.perf_counter()
        connection.commit()
    return taken + time.perf_counter() - start


def _insert(connection: Connection, model: Any, which: Any) -> float:
    table = model.__table__
    written = [dict(row) for row in db.session.execute(select(table).where(which)).mappings()]
    start = time.perf_counter()
    connection.execute(insert(table), written)
    return time.perf_counter() - start


if __name__ == "__main__":
    given_rows, first_url, second_url, given_folder = sys.argv[1:]
    sys.stdout.write(json.dumps(_alone(int(given_rows), first_url, second_url, Path(given_folder))) + "\n")
