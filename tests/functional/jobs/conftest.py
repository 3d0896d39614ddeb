"""A portfolio on which the night has something to do, and processes of our own that do it."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import insert

from changetrack.domain.people import Actor
from changetrack.jobs.runner import Runner
from changetrack.models import Account, Event, Journey, Standing, Visit
from changetrack.operations._cells import FunnelTally
from changetrack.operations._new_account import Placement, new_account
from changetrack.operations.playbook import install_playbook
from tests.architecture.source import ROOT
from tests.clock import NOW, TODAY, FixedClock
from tests.conftest import SECRET, Stage
from tests.factories import Cast, make_cast
from tests.factories._saving import Saver

Portfolio = Callable[[int], Cast]
Script = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def portfolio(session: Saver) -> Portfolio:
    """`portfolio(50)`: as many accounts of Olu's, in step 3 since January without progress, all due today."""

    def make(count: int) -> Cast:
        cast, tally, by = make_cast(session), FunnelTally(), Actor.system("test")
        install_playbook(actor=by, now=NOW)
        since = Placement(3, date(2026, 1, 5), "active")
        made = [
            new_account(
                number,
                {"external_id": f"A-{number}", "name": f"A {number}", "team_id": cast.team.id, "owner_id": cast.olu.id},
                since,
                kind="created",
                playbook_version=1,
                actor=by,
                now=NOW,
                today=TODAY,
                tally=tally,
            )
            for number in range(1, count + 1)
        ]
        for table, part in (
            (Account, "account"), (Journey, "journey"), (Visit, "visit"), (Standing, "standing"), (Event, "event"),
        ):  # fmt: skip
            session.execute(insert(table), [getattr(new, part) for new in made])
        tally.flush(session)
        session.commit()
        return cast

    return make


@pytest.fixture
def runner(stage: Stage, session: Saver, clock: FixedClock) -> Runner:
    """What a scheduler runs jobs with."""
    del session  # it acts in the context that the test has open
    return Runner(stage.settings, clock)


@pytest.fixture
def script(stage: Stage) -> Script:
    """Start a process of its own that runs some lines on the test's database, on the test's day."""
    environment = {
        "PATH": os.environ["PATH"],
        "CHANGETRACK_INSTANCE": str(stage.settings.instance),
        "CHANGETRACK_DATABASE_URL": stage.settings.database_url,
        "CHANGETRACK_SECRET_KEY": SECRET,
        "CHANGETRACK_ENV": "development",
        "CHANGETRACK_TODAY": TODAY.isoformat(),
        "PYTHONUNBUFFERED": "1",
    }

    def start(code: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", code] if code != "scheduler" else [sys.executable, "-m", "changetrack", code]
        return subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    return start
