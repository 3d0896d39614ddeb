"""A stage for accidents: a database of its own, the application on it, and one time for all processes."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from flask import Flask

from changetrack import migrations
from changetrack.app import create_app
from changetrack.config import Settings
from changetrack.models import db
from tests.databases import PostgresServer
from tests.factories._saving import Saver
from tests.faults.shared_time import RATE, SharedTime

SECRET = "a-key-that-signs-nothing-outside-of-these-tests"
LONGEST = 120.0  # seconds that anything may take
_NEVER = threading.Event()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stage can be: a folder, and a PostgreSQL server of our own unless it is for SQLite."""

    folder: Path
    server: PostgresServer | None = None

    @property
    def name(self) -> str:
        """The kind of database."""
        return "postgresql" if self.server else "sqlite"


@dataclass(frozen=True, slots=True)
class Stage:
    """The database with the application on it; whoever reads it does so within `app.app_context()`."""

    name: str
    settings: Settings
    app: Flask
    time: SharedTime
    session: Saver


@contextmanager
def staged(place: Place, *, rate: float = RATE, **settings: Any) -> Iterator[Stage]:
    """A freshly migrated database for the length of a `with`."""
    url = place.server.create_database() if place.server else f"sqlite:///{place.folder / 'changetrack.db'}"
    chosen = Settings(instance=place.folder, database_url=url, secret_key=SECRET, log_level="ERROR", **settings)
    time = SharedTime(chosen, rate)
    app = create_app(chosen, clock=time.clock)
    with app.app_context():
        migrations.upgrade(db.engine)
        yield Stage(place.name, chosen, app, time, cast(Saver, db.session))
        db.session.remove()
        db.engine.dispose()


def pause(seconds: float) -> None:
    """Let the processes go on for so long."""
    _NEVER.wait(seconds)


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    """Look again and again; raises TimeoutError when it does not come about."""
    for _ in range(int(LONGEST / 0.05)):
        if is_so():
            return
        pause(0.05)
    raise TimeoutError(what)
