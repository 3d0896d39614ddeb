"""A backup holds everything of one moment and comes back on either database, or is refused whole."""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo
from sqlalchemy import create_engine, select

from changetrack import migrations
from changetrack.app import create_app
from changetrack.cli import changetrack, register
from changetrack.domain.people import Actor
from changetrack.models import Account, Event, db
from changetrack.operations.accounts import create_account
from changetrack.operations.playbook import install_playbook
from changetrack.queries.backup import backed_up_tables
from changetrack.queries.verify import verify
from tests import factories
from tests.conftest import Stage
from tests.databases import PostgresServer
from tests.factories.walk import Walk

Run = Callable[..., Result]
Content = dict[str, list[tuple[Any, ...]]]


def content(app: Flask) -> Content:
    """Every row of every table that a backup holds."""
    with app.app_context():
        return {
            table.name: [tuple(row) for row in db.session.execute(select(table).order_by(*table.primary_key.columns))]
            for table in backed_up_tables()
        }


def on(app: Flask, *arguments: str) -> Result:
    """The command line of another application."""
    with app.app_context():
        info = ScriptInfo(create_app=lambda: app, set_debug_flag=False)
        return CliRunner().invoke(register(changetrack), list(arguments), obj=info)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def another(
    request: pytest.FixtureRequest, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Path], str]:
    """Make another database of either kind, as a migration leaves it: a copy of one that was migrated."""
    kept = tmp_path_factory.mktemp("migrated") / "template.db"
    engine = create_engine(f"sqlite:///{kept}" if request.param == "sqlite" else postgres.create_database())
    migrations.upgrade(engine)
    engine.dispose()

    def make(folder: Path) -> str:
        if request.param == "postgresql":
            return postgres.create_database(template=engine.url.database or "")
        return f"sqlite:///{shutil.copyfile(kept, folder / 'other.db')}"

    return make


@pytest.fixture
def elsewhere(stage: Stage, another: Callable[[Path], str], tmp_path: Path) -> Iterator[Flask]:
    """The application on another, empty database of either kind."""
    settings = replace(stage.settings, instance=tmp_path, database_url=another(tmp_path))
    other = create_app(settings, clock=stage.clock)
    with other.app_context():
        install_playbook(actor=Actor.operator("db upgrade"), now=stage.clock.now())
        db.session.remove()
    yield other
    with other.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def saved(walk: Walk, run: Run, tmp_path: Path) -> Path:
    """A backup of an account at step 2."""
    walk.open()
    walk.prove_step_1()
    walk.advance()
    walk.session.rollback()
    assert run("backup", str(tmp_path / "today.ctbackup")).exit_code == 0
    return tmp_path / "today.ctbackup"


def test_what_was_saved_comes_back_to_the_letter(saved: Path, app: Flask, elsewhere: Flask, walk: Walk) -> None:
    result = on(elsewhere, "restore", str(saved))

    assert result.exit_code == 0, result.output
    assert content(elsewhere) == content(app)
    with elsewhere.app_context():
        assert verify(today=walk.today).found == 0


def test_a_restored_database_goes_on_numbering(saved: Path, elsewhere: Flask, walk: Walk) -> None:
    on(elsewhere, "restore", str(saved))

    record, olu = {"name": "Next", "team_id": walk.cast.team.id}, walk.cast.actor("olu")
    with elsewhere.app_context():
        next_id = create_account(record=record, actor=olu, now=walk.now, today=walk.today)

    assert next_id == walk.account_id + 1


def test_use_and_value_come_back_too(walk: Walk, app: Flask, elsewhere: Flask, run: Run, tmp_path: Path) -> None:
    made = {row.__tablename__ for row in use_and_value(walk)}
    walk.session.commit()
    run("backup", str(tmp_path / "use.ctbackup"))

    result = on(elsewhere, "restore", str(tmp_path / "use.ctbackup"))

    assert result.exit_code == 0, result.output
    restored = content(elsewhere)
    assert restored == content(app)
    assert [table for table in made if not restored[table]] == []


def use_and_value(walk: Walk) -> list[Any]:
    """A row of each table of use and of value, with the values that are hard to carry."""
    session, account = walk.session, walk.account()
    metric, source = factories.make_metric(session), factories.make_source(session)
    outcome = factories.make_outcome(session, account, metric, threshold=Decimal("0.0001"))
    return [
        *(metric, source, outcome, factories.make_write_key(session, source), factories.make_rule(session, metric)),
        factories.make_usage_event(session, source, feeds=[[metric.id, "1.5", None]]),
        factories.make_usage_event(session, source, "m-2", state="no_rule", feeds=None),
        factories.make_daily(session, account, metric, stated=Decimal("999999999999.9999"), last_at=walk.now),
        factories.make_daily(session, account, metric, day=walk.today - timedelta(days=1), counted=Decimal(0)),
        *(factories.make_member(session, account, metric), factories.make_unmatched(session, metric)),
        *(factories.make_statement(session, outcome), factories.make_reading(session, outcome)),
        factories.make_reading(session, outcome, recorded_on=walk.today + timedelta(days=1), value=None),
        *(factories.make_entry(session, outcome, amount=-5), factories.make_value_cell(session)),
        *(factories.make_value_flow(session), factories.make_link(session, account), factories.make_token(session)),
        factories.make_value_snapshot(session),
    ]


def test_nothing_is_restored_over_what_is_there(saved: Path, run: Run, app: Flask) -> None:
    before = content(app)

    result = run("restore", str(saved))

    assert result.exit_code == 1
    assert "not empty" in result.stderr
    assert content(app) == before


@pytest.mark.parametrize("table", ["users", "accounts", "events"])
def test_a_damaged_file_is_refused_before_anything_is_written(saved: Path, elsewhere: Flask, table: str) -> None:
    with ZipFile(saved) as whole:
        member = whole.getinfo(f"{table}.jsonl")
    damaged = bytearray(saved.read_bytes())
    damaged[member.header_offset + 60 + member.compress_size // 2] ^= 0xFF
    saved.write_bytes(bytes(damaged))

    result = on(elsewhere, "restore", str(saved))

    assert result.exit_code == 1
    assert "damaged" in result.stderr
    assert content(elsewhere)["accounts"] == []


def test_only_its_owner_reads_a_backup(saved: Path) -> None:
    assert saved.stat().st_mode & 0o777 == 0o600


def test_a_backup_taken_while_people_work_is_of_one_moment(
    walk: Walk,
    app: Flask,
    elsewhere: Flask,
    run: Run,
    tmp_path: Path,
) -> None:
    file, acknowledged = tmp_path / "busy.ctbackup", []
    olu, team_id = walk.cast.actor("olu"), walk.cast.team.id
    walk.session.rollback()

    def add(n: int) -> None:
        with app.app_context():
            create_account(record={"name": f"No. {n}", "team_id": team_id}, actor=olu, now=walk.now, today=walk.today)

    with ThreadPoolExecutor(4) as people:
        for n in range(20):
            people.submit(add, n).result()
            acknowledged.append(f"No. {n}")
        busy = [people.submit(add, n) for n in range(20, 80)]
        saved_meanwhile = run("backup", str(file))
        for future in busy:
            future.result()
    on(elsewhere, "restore", str(file))

    assert saved_meanwhile.exit_code == 0
    with elsewhere.app_context():
        names = set(db.session.scalars(select(Account.name)))
        assert set(acknowledged) <= names
        assert len(db.session.scalars(select(Event.account_id)).all()) == len(names)
        assert verify(today=walk.today).differences == ()
