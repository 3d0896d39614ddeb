"""A stage for measurements: one database with a population, the application on it, and a signed-in executive."""

import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask
from jinja2 import ChoiceLoader, DictLoader
from sqlalchemy import Engine, select
from werkzeug.test import EnvironBuilder

from changetrack import migrations
from changetrack.app import create_app
from changetrack.config import Settings
from changetrack.models import User, UserSession, db
from changetrack.operations.people import add_user
from changetrack.web.platform import page
from tests.benchmarks.originals import ACTOR
from tests.benchmarks.population import check, populate
from tests.clock import NOW, TODAY, FixedClock
from tests.databases import DURABLE, PostgresServer, postgres_server

SECRET = "a-key-that-signs-nothing-outside-of-these-measurements"
FLOOR = "/measured-floor"
TOKEN = "the executive who is measured"
_NOTHING = (
    '{% extends "_layouts/base.html" %}{% block title %}Floor{% endblock %}'
    "{% block content %}<p>Nothing.</p>{% endblock %}"
)


@dataclass(frozen=True, slots=True)
class Stage:
    """One database of one size; `get` asks for a page as the executive and fails unless it comes."""

    database: str
    size: int
    app: Flask
    engine: Engine
    get: Callable[[str], bytes]
    settings: Settings

    @property
    def name(self) -> str:
        """The stage in a line of the report."""
        return f"{self.database}, {self.size:,}"


@contextmanager
def staged(database: str, size: int, server: PostgresServer | None, folder: Path) -> Iterator[Stage]:
    """A populated database for the length of a `with`; what the summaries say is counted anew first."""
    here = folder / f"{database}-{size}"
    here.mkdir()
    url = server.create_database() if server else f"sqlite:///{here / 'changetrack.db'}"
    settings = Settings(instance=here, database_url=url, secret_key=SECRET, env="development", log_level="ERROR")
    app = create_app(settings, clock=FixedClock())
    _add_floor(app)
    with app.app_context():
        engine = db.engine
        migrations.upgrade(engine)
        populate(engine, here, size, TODAY)
        wrong = check(TODAY, thoroughly=size <= 10_000)
        if wrong:
            raise RuntimeError(f"the population's summaries are wrong: {', '.join(wrong)}")
        _sign_in()
    yield Stage(database, size, app, engine, _browser(app), settings)
    engine.dispose()


@contextmanager
def stages(database: str, sizes: tuple[int, ...]) -> Iterator[tuple[Stage, ...]]:
    """Stages of all sizes side by side, so that they can be measured in turns."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="changetrack-bench-")))
        server = stack.enter_context(postgres_server(DURABLE)) if database == "postgresql" else None
        yield tuple(stack.enter_context(staged(database, size, server, folder)) for size in sizes)


def _add_floor(app: Flask) -> None:
    """A signed-in page in the same layout that reads nothing: what every page costs."""
    app.jinja_loader = ChoiceLoader([DictLoader({"measured_floor.html": _NOTHING}), app.jinja_loader or DictLoader({})])
    app.add_url_rule(FLOOR, "measured_floor", lambda: page("measured_floor.html"))


def _sign_in() -> None:
    user_id = add_user(actor=ACTOR, now=NOW, email="ed@example.com", name="Ed", role="executive", password=None).user_id
    user = db.session.scalars(select(User).where(User.id == user_id)).one()
    user.password_expires_at = None
    ends = NOW + timedelta(days=7)
    db.session.add(
        UserSession(
            token_hash=sha256(TOKEN.encode()).hexdigest(), user_id=user_id, created_at=NOW, last_seen_at=NOW,
            expires_at=ends, address="192.0.2.1", user_agent="Measuring",
        )
    )  # fmt: skip
    db.session.commit()


def _browser(app: Flask) -> Callable[[str], bytes]:
    """Calls the application as a server does, without the cost of a test client."""
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = TOKEN
    answered: list[str] = []
    given = client.get_cookie("changetrack")
    assert given is not None
    environs: dict[str, dict[str, Any]] = {}

    def start(status: str, _headers: object, _error: object = None) -> Callable[[bytes], object]:
        answered[:] = [status]
        return bytes

    def get(address: str) -> bytes:
        if address not in environs:
            builder = EnvironBuilder(address, headers=[("Cookie", f"changetrack={given.value}")])
            environs[address] = builder.get_environ()
        body = b"".join(app.wsgi_app({**environs[address], "wsgi.input": io.BytesIO()}, start))
        if not answered[0].startswith("200"):
            raise RuntimeError(f"{address} answered {answered[0]}")
        return body

    return get
