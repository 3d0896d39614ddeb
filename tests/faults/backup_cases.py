"""A backup taken while people write, and restored elsewhere: nothing missing, nothing half there, nobody held up."""

import statistics
import time
from dataclasses import replace
from datetime import date

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from changetrack.config import Settings
from tests.faults.portfolio import make_portfolio
from tests.faults.processes import command
from tests.faults.staging import Place, staged
from tests.faults.tried import Tried
from tests.faults.web_server import web_server
from tests.faults.writers import writing

DAY = date(2026, 3, 2)
AT_ONCE, WARM = 2, 100
LONGEST_STALL = 0.1  # seconds for which a backup keeps everybody from writing, beyond what happens without one
NUMBER_ON = text("SELECT setval(pg_get_serial_sequence('accounts', 'id'), (SELECT max(id) FROM accounts))")
HALF = text(
    "SELECT count(*) FROM accounts WHERE NOT EXISTS (SELECT 1 FROM events WHERE account_id = accounts.id AND seq = 1)"
)


def backed_up_while_writing(place: Place, accounts: int = 2_000, times: int = 3) -> Tried:
    """Several backups of a database that grows meanwhile; the last of them is restored elsewhere and verified."""
    started, file = time.perf_counter(), place.folder / "meanwhile.ctbackup"
    stalls, known, broken = list[float](), list[str](), list[str]()
    with staged(place, rate=1) as stage:
        make_portfolio(stage.session, [DAY], accounts)
        if place.server is not None:
            stage.session.execute(NUMBER_ON)
            stage.session.commit()
        with web_server(stage) as server, writing(server, AT_ONCE) as writers:
            writers.wait_for(WARM)
            writers.silence = 0.0
            writers.wait_for(2 * WARM)
            calm = writers.silence
            for _ in range(times):
                known, writers.silence = list(writers.acknowledged), 0.0
                broken += _done(stage.settings, "backup", str(file))
                writers.wait_for(len(writers.acknowledged) + 1)  # who was held up to the end is counted, too
                stalls.append(writers.silence)
        restored = _elsewhere(place, stage.settings)
        for order in (("db", "upgrade"), ("restore", str(file)), ("verify",)):
            broken += _done(restored, *order)
        broken += _missing(restored, known) + _damaged(stage.settings) + _damaged(restored) + writers.wrong
    stall, longest = statistics.median(stalls), max(stalls)
    broken += [f"writers stalled for {stall:.2f} s"] if stall - calm > LONGEST_STALL else []
    figures = (
        f"{times} backups of {accounts + len(known):,} accounts: writers stalled {stall * 1000:.0f} ms "
        f"(at most {longest * 1000:.0f}, without a backup {calm * 1000:.0f})"
    )
    return Tried("backup while writing, restored", place.name, figures, broken, time.perf_counter() - started)


def _done(settings: Settings, *order: str) -> list[str]:
    """Run a command; what went wrong with it."""
    result = command(settings, *order)
    return [f"{order[0]}: {result.stderr or result.stdout}"] if result.returncode else []


def _elsewhere(place: Place, settings: Settings) -> Settings:
    """The settings of an empty database beside it."""
    folder = place.folder / "restored"
    folder.mkdir()
    url = place.server.create_database() if place.server else f"sqlite:///{folder / 'changetrack.db'}"
    return replace(settings, instance=folder, database_url=url)


def _missing(restored: Settings, known: list[str]) -> list[str]:
    """Accounts that were acknowledged before the backup began and are not in it, or are there without their event."""
    with create_engine(restored.database_url, poolclass=NullPool).connect() as connection:
        there = set(connection.scalars(text("SELECT name FROM accounts")))
        half = connection.scalar(HALF)
    return [f"{name} is missing" for name in known if name not in there] + ([f"{half} are half there"] if half else [])


def _damaged(settings: Settings) -> list[str]:
    """What SQLite finds wrong in its file; PostgreSQL looks by itself."""
    engine = create_engine(settings.database_url, poolclass=NullPool)
    if engine.dialect.name != "sqlite":
        return []
    with engine.connect() as connection:
        found = connection.scalar(text("PRAGMA integrity_check"))
    return [] if found == "ok" else [f"integrity: {found}"]
