"""A real server process on a database of its own, with sources whose events are counted."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select

from changetrack import migrations
from changetrack.app import create_app
from changetrack.config import Settings
from changetrack.domain.people import Actor
from changetrack.models import Account, Metric, UsageDaily, UsageEvent, db
from changetrack.operations.accounts import create_account
from changetrack.operations.playbook import install_playbook
from changetrack.operations.usage.metrics import add_event_rule, create_metric
from changetrack.operations.usage.sources import add_source, create_write_key
from tests.architecture.source import ROOT
from tests.clock import NOW, TODAY
from tests.ports import free_port

SECRET = "a-key-that-signs-nothing-outside-of-these-tests"
EVENT = "Report Exported"
METRICS = {"exports": ("sum", None), "people": ("distinct", None), "exported_rows": ("sum", "rows")}
OPERATOR = Actor.operator("test")


@dataclass(frozen=True)
class Running:
    """A server at `port`; each of `keys` is the write key of a source and of an account of that name."""

    port: int
    keys: dict[str, str]
    app: Flask

    def events_of(self, name: str) -> int:
        """How many events of that account were kept as counted."""
        with self.app.app_context():
            counted = (UsageEvent.name == name, UsageEvent.state == "counted")
            return db.session.scalar(select(func.count()).select_from(UsageEvent).where(*counted)) or 0

    def numbers_of(self, name: str) -> dict[tuple[str, str], int]:
        """The account's newest number of each metric and day."""
        with self.app.app_context():
            rows = db.session.execute(
                select(Metric.key, UsageDaily.day, UsageDaily.counted)
                .join(Metric, Metric.id == UsageDaily.metric_id)
                .join(Account, Account.id == UsageDaily.account_id)
                .where(Account.external_id == name)
                .order_by(UsageDaily.recorded_on)
            ).all()
        return {(key, day.isoformat()): int(counted or 0) for key, day, counted in rows}


@contextmanager
def running(url: str, folder: Path, names: Sequence[str]) -> Iterator[Running]:
    """A server with two workers, for the length of a `with`; its clock is the real one, and any day may be told of."""
    settings = Settings(instance=folder, database_url=url, secret_key=SECRET, env="development", log_level="ERROR")
    app = create_app(settings)
    with app.app_context():
        keys = _set_up(names)
        db.engine.dispose()
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", "CHANGETRACK_INSTANCE": str(folder),
        "CHANGETRACK_DATABASE_URL": url, "CHANGETRACK_SECRET_KEY": SECRET, "CHANGETRACK_LOG_LEVEL": "ERROR",
        "CHANGETRACK_USAGE_RETENTION_DAYS": "36500",
    }  # fmt: skip
    server = subprocess.Popen(
        [sys.executable, "-m", "changetrack", "serve", "--port", str(port), "--workers", "2", "--no-scheduler"],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        next(line for line in server.stdout if line.startswith("ChangeTrack is at"))
        yield Running(port, keys, app)
    finally:
        server.terminate()
        server.communicate(timeout=30)
        with app.app_context():
            db.engine.dispose()


def _set_up(names: Sequence[str]) -> dict[str, str]:
    migrations.upgrade(db.engine)
    install_playbook(actor=OPERATOR, now=NOW)
    for key, (aggregation, property_name) in METRICS.items():
        metric_id = create_metric(actor=OPERATOR, now=NOW, key=key, name=key, unit=key, aggregation=aggregation)
        add_event_rule(actor=OPERATOR, now=NOW, metric_id=metric_id, event=EVENT, property_name=property_name)
    keys = {}
    for name in names:
        create_account(record={"name": name, "external_id": name}, actor=OPERATOR, now=NOW, today=TODAY)
        source_id = add_source(actor=OPERATOR, now=NOW, name=name)
        keys[name] = create_write_key(actor=OPERATOR, now=NOW, source_id=source_id).key
    return keys
