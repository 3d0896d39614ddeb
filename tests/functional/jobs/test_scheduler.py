"""`changetrack scheduler`: a process that does what is due, shows that it lives, and ends when it is told to."""

import signal
from datetime import UTC, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import select

from changetrack.cli.scheduler import _tick_at_once
from changetrack.models import Heartbeat
from tests.clock import NOW
from tests.factories._saving import Saver
from tests.functional.jobs.conftest import Portfolio, Script
from tests.functional.jobs.test_once_only import counts


def test_the_scheduler_does_what_is_due_and_ends_cleanly(session: Saver, portfolio: Portfolio, script: Script) -> None:
    portfolio(5)
    session.rollback()

    scheduler = script("scheduler")
    assert scheduler.stdout is not None
    assert scheduler.stderr is not None
    greeting = next(scheduler.stdout)
    done: set[str] = set()
    while not {"stale-sweep", "snapshot", "tidy"} <= done:
        line = next(scheduler.stderr)
        done |= {name for name in ("stale-sweep", "snapshot", "tidy") if "run_done" in line and name in line}
    scheduler.send_signal(signal.SIGTERM)
    out, err = scheduler.communicate(timeout=60)

    assert greeting.startswith("The scheduler keeps the time, in UTC")
    assert (scheduler.returncode, out) == (0, "The scheduler has stopped.\n")
    assert "Traceback" not in err
    assert counts(session)[0] == 5
    assert session.scalars(select(Heartbeat.name)).one().startswith("scheduler@")


def test_when_the_machine_s_clock_is_set_back_nothing_waits_until_it_shows_the_same_hour_again() -> None:
    ticker = BackgroundScheduler(timezone=UTC)
    ticker.add_job(list, "interval", seconds=1, next_run_time=NOW + timedelta(days=1))
    ticker.start(paused=True)

    _tick_at_once(ticker, NOW)
    due = [job.next_run_time for job in ticker.get_jobs()]
    ticker.shutdown()

    assert due == [NOW]
