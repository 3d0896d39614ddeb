"""`changetrack jobs`: what there is, how it last went, and one of them now."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from click.testing import Result

from changetrack.domain.people import Actor
from changetrack.models import Account
from changetrack.operations.jobs import Turn, note_heartbeat
from tests.clock import TODAY, FixedClock
from tests.conftest import Stage
from tests.factories._saving import Saver
from tests.functional.jobs.conftest import Portfolio
from tests.functional.jobs.conftest import portfolio as portfolio  # the fixture, here too

Command = Callable[..., Result]


def test_all_jobs_are_listed_with_when_and_how_they_last_went(run: Command) -> None:
    before = run("jobs", "list")
    run("jobs", "run", "stale-sweep")
    after = run("jobs", "list")

    assert before.exit_code == after.exit_code == 0
    assert "stale-sweep\tevery business day at 05:00" in before.stdout
    assert "not yet" in before.stdout
    assert "done: swept 0" in after.stdout
    assert "expire-evidence\tthe same as stale-sweep" in after.stdout


def test_jobs_that_run_all_the_time_are_listed_with_how_each_lane_last_went(
    session: Saver, run: Command, clock: FixedClock
) -> None:
    turns = Turn("deliver", "slack", clock.now()), Turn("deliver", "slack", clock.now(), "OSError: no")
    note_heartbeat(name="scheduler", turns=turns, actor=Actor.system("scheduler"), now=clock.now())
    session.rollback()

    listed, machine = run("jobs", "list"), json.loads(run("jobs", "list", "--json").stdout)

    at = f"{clock.now():%Y-%m-%d %H:%M:%S}"
    assert f"deliver slack\tlast did its part {at}\tlast failed {at}: OSError: no\n" in listed.stdout
    assert [(turn["job"], turn["lane"]) for turn in machine["turns"]] == [("deliver", "slack")]


def test_machines_get_the_list_as_json(run: Command) -> None:
    run("jobs", "run", "tidy")

    listed: dict[str, Any] = json.loads(run("jobs", "list", "--json").stdout)

    jobs = {job["name"]: job for job in listed["jobs"]}
    assert {"stale-sweep", "deliver", "snapshot"} <= set(jobs)
    assert jobs["tidy"]["last_run"]["state"] == "done"
    assert listed["outbox"] == {"waiting": 0, "given_up": 0}


def test_a_sweep_prints_what_it_counted(run: Command, portfolio: Portfolio) -> None:
    portfolio(2)

    swept = run("jobs", "run", "stale-sweep")

    assert swept.exit_code == 0
    assert swept.stdout.startswith("stale-sweep for 2026-03-02: swept 2, raised 2,")


def test_the_other_name_of_the_sweep_does_the_same(run: Command, portfolio: Portfolio) -> None:
    portfolio(1)

    outcome = json.loads(run("jobs", "run", "expire-evidence", "--json").stdout)

    assert (outcome["job"], outcome["counts"]["raised"]) == ("stale-sweep", 1)


def test_a_job_can_be_run_as_of_an_earlier_day(run: Command, session: Saver, portfolio: Portfolio) -> None:
    portfolio(1)
    early = TODAY - timedelta(days=5)
    session.get_one(Account, 1).due_on = early
    session.commit()

    swept = run("jobs", "run", "stale-sweep", "--as-of", early.isoformat())

    assert "stale-sweep for 2026-02-25: swept 1, raised 1" in swept.stdout


@pytest.mark.parametrize(
    ("job", "day", "reason"),
    [
        ("deliver", TODAY - timedelta(days=1), "about the present"),
        ("snapshot", TODAY, "is not over"),
        ("snapshot", TODAY + timedelta(days=1), "is not over"),
    ],
)
def test_a_day_that_a_job_cannot_be_about_is_refused(run: Command, job: str, day: date, reason: str) -> None:
    refused = run("jobs", "run", job, "--as-of", day.isoformat())

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert reason in refused.stderr


@pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
def test_the_future_is_for_rehearsals_only(run: Command, stage: Stage, portfolio: Portfolio) -> None:
    portfolio(1)
    tomorrow = (TODAY + timedelta(days=1)).isoformat()
    object.__setattr__(stage.settings, "env", "production")
    try:
        refused = run("jobs", "run", "stale-sweep", "--as-of", tomorrow)
    finally:
        object.__setattr__(stage.settings, "env", "development")

    allowed = run("jobs", "run", "stale-sweep", "--as-of", tomorrow)

    assert (refused.exit_code, allowed.exit_code) == (1, 0)
    assert "lies in the future" in refused.stderr


def test_an_account_that_fails_is_said_on_stderr_and_by_the_exit(
    run: Command, session: Saver, portfolio: Portfolio
) -> None:
    portfolio(2)
    session.get_one(Account, 1).event_seq = 0
    session.commit()

    swept = run("jobs", "run", "stale-sweep")

    assert swept.exit_code == 1
    assert "swept 1, raised 1" in swept.stdout
    assert "1 could not be done" in swept.stderr


def test_an_unknown_job_is_misuse(run: Command) -> None:
    wrong = run("jobs", "run", "polish")

    assert wrong.exit_code == 2
    assert "stale-sweep" in wrong.stderr


def test_the_snapshot_is_about_the_day_that_has_ended(run: Command, portfolio: Portfolio) -> None:
    portfolio(1)

    recorded = run("jobs", "run", "snapshot")

    assert recorded.stdout.startswith("snapshot for 2026-03-01: rows ")
