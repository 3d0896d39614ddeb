"""What all commands have in common: exit codes, where a refusal is said, and the three ways to call them."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo

from changetrack.app import create_app
from changetrack.cli import changetrack, register
from changetrack.cli._face import emit, refusing
from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused
from changetrack.models import db
from tests.architecture.source import ROOT
from tests.clock import TODAY
from tests.conftest import Stage

Run = Callable[..., Result]


def refused(error: Exception) -> Result:
    def body() -> None:
        raise error

    return CliRunner().invoke(click.command("try")(refusing(body)))


def test_a_refusal_says_all_its_reasons_on_stderr_and_exits_1() -> None:
    result = refused(OperationRefused([("name", "A name is missing."), (None, "It is Sunday.")]))

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == "name: A name is missing.\nIt is Sunday.\n"


@pytest.mark.parametrize("error", [NotFound("There is no such team."), Forbidden("Only an administrator may.")])
def test_what_may_not_be_is_said_on_stderr_and_exits_1(error: Exception) -> None:
    result = refused(error)

    assert (result.exit_code, result.stderr) == (1, f"{error}\n")


def test_json_holds_dates_and_sets_in_plain_form() -> None:
    @click.command("show")
    def show() -> None:
        emit({"day": TODAY, "roles": {"user", "decider"}, "name": "Bäcker"})

    result = CliRunner().invoke(show)

    assert json.loads(result.stdout) == {"day": "2026-03-02", "roles": ["decider", "user"], "name": "Bäcker"}
    assert "Bäcker" in result.stdout


@pytest.mark.parametrize("arguments", [("db", "sidegrade"), ("no-such-command",), ("serve", "--port", "http")])
def test_misuse_exits_2(run: Run, arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_db_check_agrees_after_db_upgrade(run: Run) -> None:
    upgraded, checked = run("db", "upgrade"), run("db", "check")

    assert upgraded.stdout.startswith("Already at ")
    assert (checked.exit_code, checked.stdout) == (0, "Models and schema agree.\n")


def test_flask_has_the_same_commands(app: Flask) -> None:
    info = ScriptInfo(create_app=lambda: app, set_debug_flag=False)

    result = CliRunner().invoke(app.cli, ["db", "check"], obj=info)

    assert (result.exit_code, result.stdout) == (0, "Models and schema agree.\n")


def test_the_package_runs_as_a_module(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "changetrack", "db", "check"],
        cwd=ROOT, env={"CHANGETRACK_INSTANCE": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert result.returncode == 1
    assert "run `changetrack db upgrade`" in result.stderr


@pytest.mark.parametrize("arguments", [("verify",), ("export", "accounts"), ("funnel",), ("user", "list")])
def test_a_database_that_was_never_migrated_is_a_sentence_not_a_traceback(
    stage: Stage, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    unmigrated = create_app(replace(stage.settings, database_url=f"sqlite:///{tmp_path / 'empty.db'}"))

    with unmigrated.app_context():
        info = ScriptInfo(create_app=lambda: unmigrated, set_debug_flag=False)
        result = CliRunner().invoke(register(changetrack), list(arguments), obj=info)
        db.engine.dispose()

    assert result.exit_code == 1
    assert "run `changetrack db upgrade`" in result.stderr
    assert "Traceback" not in result.output


def test_a_setting_that_cannot_be_is_a_sentence_not_a_traceback(tmp_path: Path) -> None:
    environment = {"CHANGETRACK_INSTANCE": str(tmp_path), "CHANGETRACK_TODAY": "2026-03-02"}

    result = subprocess.run(
        [sys.executable, "-m", "changetrack", "db", "check"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert result.returncode == 1
    assert result.stderr == "changetrack: CHANGETRACK_TODAY is only for CHANGETRACK_ENV=development.\n"
