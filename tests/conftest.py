"""What all tests share: the application on both databases, a clock that stands still, clients, a counter."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from click.testing import CliRunner, Result
from flask import Flask, has_app_context
from flask.cli import ScriptInfo
from flask.testing import FlaskClient
from sqlalchemy import Engine, event
from werkzeug.test import TestResponse

from changetrack import migrations
from changetrack.app import create_app
from changetrack.cli import changetrack, register
from changetrack.config import Settings
from changetrack.domain.people import Actor
from changetrack.models import db
from changetrack.operations.accounts import create_account
from changetrack.operations.playbook import install_playbook
from tests.clock import NOW, TODAY, FixedClock
from tests.databases import Database, PostgresDatabase, PostgresServer, SqliteDatabase, postgres_server
from tests.factories import Cast, make_cast
from tests.factories._saving import Saver, number
from tests.factories.walk import Walk

SECRET = "a-key-that-signs-nothing-outside-of-these-tests"

ON_ONE_DATABASE = pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
"""For what is refused, or read from the words alone, before a database is asked."""

hypothesis.settings.register_profile(
    "changetrack",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],  # no machine is too slow to be right
)
hypothesis.settings.load_profile("changetrack")


@dataclass(frozen=True)
class Stage:
    """One database with the application on it, used by one test after the other."""

    database: Database
    app: Flask
    engine: Engine
    clock: FixedClock
    settings: Settings

    def reset(self) -> None:
        """As it was before the test."""
        self.database.reset(self.engine)
        self.clock.reset()
        number.reset()


class OwnContextClient(FlaskClient):
    """A client whose requests share neither `g` nor session with the test that makes them."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Make the request in a context of its own; what the test had read is read again afterwards."""
        with self.application.app_context():
            response = super().open(*args, **kwargs)
        if has_app_context():
            db.session.rollback()
        return response


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server for this process of the test run."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The application on a freshly migrated database: every test that takes it runs on both."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "sqlite":
        with staged(SqliteDatabase(folder), folder) as stage:
            yield stage
        return
    database = PostgresDatabase(request.getfixturevalue("postgres"))
    with staged(database, folder) as stage:
        yield stage
    database.close()


@contextmanager
def staged(database: Database, folder: Path) -> Iterator[Stage]:
    """The application on a freshly migrated database, for the length of a `with`."""
    settings = Settings(instance=folder, database_url=database.url, secret_key=SECRET, env="development")
    clock = FixedClock()
    app = create_app(settings, clock=clock)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    app.test_client_class = OwnContextClient
    with app.app_context():
        engine = db.engine
    migrations.upgrade(engine)
    database.prepare(engine)
    yield Stage(database, app, engine, clock, settings)
    engine.dispose()


@pytest.fixture
def app(stage: Stage) -> Iterator[Flask]:
    """The application on an empty database."""
    yield stage.app
    stage.reset()


@pytest.fixture
def session(app: Flask) -> Iterator[Saver]:
    """The session that operations and queries called by the test use."""
    with app.app_context():
        yield db.session  # type: ignore[misc]  # Flask-SQLAlchemy's own session class is one


@pytest.fixture
def cast(session: Saver) -> Cast:
    """Two teams, six people: Olu, Tess and Vik in one, Otto in the other, Ed and Ada in none."""
    return make_cast(session)


@pytest.fixture
def clock(stage: Stage, app: Flask) -> FixedClock:
    """The application's clock, to be moved by the test."""
    return stage.clock


@pytest.fixture
def now() -> datetime:
    """The moment at which the test happens."""
    return NOW


@pytest.fixture
def today() -> date:
    """The day on which the test happens."""
    return TODAY


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without pages: signed in as nobody."""
    return app.test_client()


@pytest.fixture
def make_app(stage: Stage, app: Flask) -> Iterator[Callable[..., Flask]]:
    """Another application on the same database: `make_app(base_url="https://…")`."""
    made: list[Flask] = []

    def make(**changed: Any) -> Flask:
        other = create_app(replace(stage.settings, **changed), clock=stage.clock)
        other.test_client_class = OwnContextClient
        made.append(other)
        return other

    yield make
    for other in made:
        with other.app_context():
            db.engine.dispose()


@pytest.fixture
def run(app: Flask) -> Callable[..., Result]:
    """The command line: `run("db", "check")` gives `.exit_code`, `.stdout`, `.stderr`."""

    def invoke(*arguments: str, stdin: str | bytes | None = None) -> Result:
        info = ScriptInfo(create_app=lambda: app, set_debug_flag=False)
        with app.app_context():
            result = CliRunner().invoke(register(changetrack), list(arguments), input=stdin, obj=info)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        if has_app_context():
            db.session.rollback()
        return result

    return invoke


@pytest.fixture
def counted(stage: Stage) -> Callable[[], AbstractContextManager[list[str]]]:
    """Count statements: `with counted() as statements: …`, then `len(statements)`."""

    @contextmanager
    def counting() -> Iterator[list[str]]:
        statements: list[str] = []

        def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
            if not statement.startswith(("BEGIN", "PRAGMA")):
                statements.append(statement)

        event.listen(stage.engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            event.remove(stage.engine, "before_cursor_execute", note)

    return counting


@pytest.fixture
def walk(session: Saver, now: datetime, today: date) -> Walk:
    """An account that Olu added, not yet opened."""
    cast = make_cast(session)
    install_playbook(actor=Actor.system("test"), now=now)
    record = {"name": "Acme", "team_id": cast.team.id, "owner_id": cast.olu.id, "started_on": today - timedelta(60)}
    account_id = create_account(record=record, actor=cast.actor("olu"), now=now, today=today)
    return Walk(session, cast, account_id, now, today)
