"""The command that keeps the time: it ticks, and the database decides who does what is due."""

import logging
import signal
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from types import FrameType
from typing import NoReturn

import click
import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask, current_app

from changetrack import migrations
from changetrack.cli._face import clock, engine, settings
from changetrack.domain.people import Actor
from changetrack.jobs.job import Job, Often, Stopped
from changetrack.jobs.runner import Runner
from changetrack.jobs.schedule import JOBS
from changetrack.operations.jobs import note_heartbeat

LOOK_EVERY = 30  # seconds, at whether a night's job is due
HEARTBEAT_EVERY = 30  # seconds

log = structlog.get_logger("changetrack.scheduler")


@click.command("scheduler")
def scheduler() -> None:
    """Keep the timed jobs running, until Ctrl-C; as many of these as you like may run at once."""
    migrations.refuse_wrong_revision(engine())
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # it would tell of every tick, and of those in between
    stopping = threading.Event()
    ticker = _ticker(current_app._get_current_object(), stopping)  # type: ignore[attr-defined]
    click.echo(f"The scheduler keeps the time, in {settings().timezone} (Ctrl-C stops it).")
    ticker.start()
    try:
        signal.signal(signal.SIGTERM, _end)
        _keep_ticking(ticker)
    except (KeyboardInterrupt, SystemExit):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    finally:
        stopping.set()
        ticker.shutdown(wait=True)
    click.echo("The scheduler has stopped.")


def _keep_ticking(ticker: BackgroundScheduler) -> NoReturn:
    """Until a signal is raised here, where nothing catches it but the command.

    Ticks follow the clock of the machine; when that is set back, they do not wait until it shows the same hour again.
    """
    seen = datetime.now(UTC)
    while True:
        threading.Event().wait(LOOK_EVERY)
        before, seen = seen, datetime.now(UTC)
        if seen < before:
            _tick_at_once(ticker, seen)


def _tick_at_once(ticker: BackgroundScheduler, now: datetime) -> None:
    for job in ticker.get_jobs():
        job.modify(next_run_time=now)


def _ticker(app: Flask, stopping: threading.Event) -> BackgroundScheduler:
    """One thread for each lane of each job, so that a long night delays no message."""
    ticks = [(job, lane) for job in JOBS for lane in job.lanes or (None,)]
    ticker = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(len(ticks) + 1)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    runner, at_once = Runner(settings(), clock(), stopping.is_set), datetime.now(UTC)
    for job, lane in ticks:
        seconds = job.when.seconds if isinstance(job.when, Often) else LOOK_EVERY
        look, name = _within(app, _look(runner, job, lane)), f"{job.name} {lane or ''}"
        ticker.add_job(look, "interval", seconds=seconds, id=name, next_run_time=at_once)
    life = _within(app, lambda: _show_life(runner))
    ticker.add_job(life, "interval", seconds=HEARTBEAT_EVERY, id="heartbeat", next_run_time=at_once)
    return ticker


def _within(app: Flask, tick: Callable[[], None]) -> Callable[[], None]:
    """A tick in the application's context; what goes wrong in it is logged, and the next one tries again."""

    def ticked() -> None:
        with app.app_context():
            try:
                tick()
            except Stopped:
                pass
            except Exception:
                log.exception("tick_failed")

    return ticked


def _look(runner: Runner, job: Job, lane: str | None) -> Callable[[], None]:
    def look() -> None:
        runner.run_if_due(job, lane)

    return look


def _show_life(runner: Runner) -> None:
    name = f"scheduler@{socket.gethostname()}"[:80]
    note_heartbeat(name=name, turns=runner.take_turns(), actor=Actor.system("scheduler"), now=clock().now())


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


COMMANDS: tuple[click.Command, ...] = (scheduler,)
