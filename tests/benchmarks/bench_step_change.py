"""A step change with gate, history and summaries against the bare transaction that writes the very same rows."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event, select

from changetrack import migrations
from changetrack.app import create_app
from changetrack.config import Settings
from changetrack.domain.people import Actor
from changetrack.models import Team, User, db
from changetrack.operations.accounts import create_account
from changetrack.operations.journey.evidence import Statement, record_evidence
from changetrack.operations.journey.gate import propose_advance, sign_off
from changetrack.operations.journey.opening import open_account, state_gap
from changetrack.operations.people import add_user
from changetrack.operations.playbook import install_playbook
from changetrack.operations.teams import add_team, put_in_team
from tests.benchmarks.floors import Finding, compared, undisturbed
from tests.benchmarks.originals import ACTOR, GAP
from tests.benchmarks.stage import SECRET, Stage
from tests.clock import NOW, TODAY, FixedClock
from tests.databases import DURABLE, postgres_server

CHANGES = 60
WARM_UP = 10
MOST = 8
Write = tuple[str, Any, bool]


@dataclass(frozen=True, slots=True)
class Twin:
    """One of two databases with the same accounts, each waiting for its last sign-off."""

    app: Flask
    engine: Engine
    ids: list[int]
    tess: Actor


def measure(stages: tuple[Stage, ...]) -> Iterator[Finding]:
    """Each change is done in one twin by the operation, and then written in the other by bare statements."""
    database = stages[0].database
    with _twins(database) as (one, other):
        done, bare = [], []
        for account_id in one.ids:
            with one.app.app_context(), _noted(one.engine) as writes:
                done.append(_timed(partial(_sign, one.tess, account_id)))
            bare.append(_write(other.engine, database, writes))
        told = f"step change, {len(writes)} writes ({database}) to the bare transaction"
        yield compared(told, undisturbed(done[WARM_UP:]), undisturbed(bare[WARM_UP:]), MOST)


def _sign(tess: Actor, account_id: int) -> None:
    if not sign_off(account_id=account_id, actor=tess, now=NOW, today=TODAY).advanced:
        raise RuntimeError(f"account {account_id} did not advance")


@contextmanager
def _twins(database: str) -> Iterator[tuple[Twin, Twin]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="changetrack-twins-")))
        server = stack.enter_context(postgres_server(DURABLE)) if database == "postgresql" else None
        urls = [server.create_database() if server else f"sqlite:///{folder / f'{n}.db'}" for n in range(2)]
        one, other = (_twin(url, folder) for url in urls)
        yield one, other
        one.engine.dispose()
        other.engine.dispose()


def _twin(url: str, folder: Path) -> Twin:
    settings = Settings(instance=folder, database_url=url, secret_key=SECRET, env="development", log_level="ERROR")
    app = create_app(settings, clock=FixedClock())
    with app.app_context():
        migrations.upgrade(db.engine)
        install_playbook(actor=ACTOR, now=NOW)
        team_id = add_team(actor=ACTOR, now=NOW, name="North")
        for name, role in (("vik", "vsm"), ("tess", "coordinator"), ("olu", "member")):
            email = f"{name}@example.com"
            user = add_user(actor=ACTOR, now=NOW, email=email, name=name, role="member", password=None)
            put_in_team(actor=ACTOR, now=NOW, team_id=team_id, user_id=user.user_id, role=role)
        people = {user.name: user.id for user in db.session.scalars(select(User))}
        assert db.session.get(Team, team_id) is not None
        teams = {"olu": "member", "tess": "coordinator"}
        olu, tess = (
            Actor("user", people[name], name, f"{name}@example.com", "member", {team_id: role})
            for name, role in teams.items()
        )
        ids = [_nearly_through(n, team_id, olu) for n in range(CHANGES + WARM_UP)]
        return Twin(app, db.engine, ids, tess)


def _nearly_through(number: int, team_id: int, olu: Actor) -> int:
    """An account with step 1 proven and proposed: one more signature and it advances."""
    day = TODAY - timedelta(days=20)
    when: dict[str, Any] = {"actor": olu, "now": NOW, "today": TODAY}
    record = {"name": f"Account {number}", "team_id": team_id, "started_on": day, "segment": "SMB", "region": "North"}
    account_id = create_account(record=record, **when)
    of_it = {"account_id": account_id, "effective_on": day, **when}
    open_account(beneficiary="Plant managers", value_statement="Close in a day", **of_it)
    state_gap(gap={**GAP, "gap_by": date(2027, 6, 30)}, **of_it)
    said = Statement(contact_name="Mara", said_how="call", numbers={"asked": 4, "yes": 3})
    record_evidence(point="1c", statement=said, **of_it)
    propose_advance(**{**of_it, "effective_on": TODAY})
    return account_id


@contextmanager
def _noted(engine: Engine) -> Iterator[list[Write]]:
    """What an operation writes, statement by statement, as the driver gets it."""
    writes: list[Write] = []

    def note(_conn: object, _cursor: object, statement: str, given: Any, _context: object, many: bool) -> None:
        if statement.lstrip().startswith(("INSERT", "UPDATE", "DELETE")):
            writes.append((statement, given, many))

    event.listen(engine, "before_cursor_execute", note)
    yield writes
    event.remove(engine, "before_cursor_execute", note)


def _write(engine: Engine, database: str, writes: list[Write]) -> float:
    """The same statements in one transaction, by the driver alone."""
    with closing(engine.raw_connection()) as connection:
        connection.rollback()
        cursor = connection.cursor()

        def transaction() -> None:
            if database == "sqlite":
                cursor.execute("BEGIN IMMEDIATE")  # psycopg begins by itself
            for statement, given, many in writes:
                (cursor.executemany if many else cursor.execute)(statement, given)
            connection.commit()

        return _timed(transaction)


def _timed(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start
