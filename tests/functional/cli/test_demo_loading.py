"""Loading the example portfolio: many accounts, beside other data, or broken off."""

from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import func, select

from changetrack.cli._demo_player import Player, weight_of
from changetrack.domain.demo.deeds import Portfolio
from changetrack.domain.demo.house import PEOPLE, TEAMS
from changetrack.domain.demo.many import More
from changetrack.domain.demo.many_use import use_files
from changetrack.domain.people import Actor
from changetrack.models import (
    Account,
    Outcome,
    User,
)
from changetrack.queries.demo import find_people
from tests.clock import NOW, TODAY
from tests.conftest import Stage
from tests.factories import Cast
from tests.factories._saving import Saver

Run = Callable[..., Result]
SHOWN = [f"{key}@example.com" for key in ("olu", "tess", "vik", "ed", "ada")]


@pytest.fixture
def instance(stage: Stage) -> Iterator[Path]:
    """The instance folder, which nothing is left in."""
    yield stage.settings.instance
    for name in ("demo-password", "demo-unfinished"):
        (stage.settings.instance / name).unlink(missing_ok=True)


def test_more_accounts_than_tales_come_in_files(run: Run, session: Saver) -> None:
    more = More(1, TODAY, 150)
    files = sorted((*more.files(), *use_files(more)), key=lambda deed: (deed.day, deed.minute))
    script = Portfolio(TODAY - timedelta(40), TEAMS + more.teams(), PEOPLE + more.people(), tuple(files))
    progress: list[int] = []

    operator = Actor.operator("test")
    Player(script, "vbk3x-p9wqz-r7htm", operator, UTC, NOW, TODAY, progress.append, "a-secret", 400).play()

    assert session.scalar(select(func.count()).select_from(Account)) == 150
    assert len(set(session.scalars(select(Account.place)))) > 9
    assert sum(progress) == sum(map(weight_of, script.deeds))
    assert session.scalar(select(func.count()).select_from(Outcome).where(Outcome.realized > 0))
    assert run("verify").exit_code == 0


def test_it_can_be_appended_once_to_what_is_there(run: Run, session: Saver, cast: Cast, instance: Path) -> None:
    few = ("demo", "--accounts", "3", "--append")

    first, again, other = run(*few), run(*few), run(*few, "--seed", "2")

    assert (first.exit_code, other.exit_code) == (0, 0), first.stderr + other.stderr
    assert (again.exit_code, again.stderr) == (
        1, "seed: The portfolio of this seed is there already. Choose another seed.\n",
    )  # fmt: skip
    assert session.scalar(select(func.count()).select_from(Account)) == 6
    assert not list(instance.glob("demo-unfinished"))


def test_there_is_nobody_but_the_people_of_the_example(run: Run, session: Saver, instance: Path) -> None:
    run("demo", "--accounts", "1")

    assert {email.partition("@")[2] for email in session.scalars(select(User.email))} == {"example.com"}
    assert set(find_people(SHOWN)) == set(SHOWN)


def test_a_password_that_was_changed_is_not_told(run: Run, session: Saver, instance: Path) -> None:
    run("demo", "--accounts", "1")
    run("user", "reset-password", "vik@example.com")

    lines = run("demo", "--if-new").stdout.splitlines()

    assert lines[2] == "vik@example.com  password: changed since"
    assert "changed" not in lines[0]


def test_real_data_brings_no_sign_ins(run: Run, cast: Cast, instance: Path) -> None:
    answer = run("demo", "--if-new")

    assert (answer.exit_code, answer.stdout) == (0, "")


def test_a_load_that_broke_off_is_said_so(run: Run, cast: Cast, instance: Path) -> None:
    (instance / "demo-unfinished").touch()

    refused = run("demo", "--if-new")

    assert refused.exit_code == 1
    assert "in part only" in refused.stderr
