"""The command that keeps the time: it ticks, and the database decides who does what is due."""

import logging
import signal
import socket
import threading
from collections.abc import Callable
from datetime import UTC
from types import FrameType

import click
import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.blocking import BlockingScheduler
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
    logging.getLogger("apscheduler").setLevel(logging.WARNING)  # it would tell of every tick
    stopping = threading.Event()
    ticker = _ticker(current_app._get_current_object(), stopping)  # type: ignore[attr-defined]
    signal.signal(signal.SIGTERM, _end)
    click.echo(f"The scheduler keeps the time, in {settings().timezone} (Ctrl-C stops it).")
    try:
        ticker.start()
    except (KeyboardInterrupt, SystemExit):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    finally:
        stopping.set()
        ticker.shutdown(wait=True)
    click.echo("The scheduler has stopped.")


def _ticker(app: Flask, stopping: threading.Event) -> BlockingScheduler:
    """One thread for each job, so that a long night delays no message."""
    ticker = BlockingScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(len(JOBS) + 1)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    runner, at_once = Runner(settings(), clock(), stopping.is_set), clock().now()
    for job in JOBS:
        seconds = job.when.seconds if isinstance(job.when, Often) else LOOK_EVERY
        ticker.add_job(
            _within(app, _look(runner, job)), "interval", seconds=seconds, id=job.name, next_run_time=at_once
        )
    ticker.add_job(_within(app, _show_life), "interval", seconds=HEARTBEAT_EVERY, id="heartbeat", next_run_time=at_once)
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


def _look(runner: Runner, job: Job) -> Callable[[], None]:
    def look() -> None:
        runner.run_if_due(job)

    return look


def _show_life() -> None:
    name = f"scheduler@{socket.gethostname()}"[:80]
    note_heartbeat(name=name, actor=Actor.system("scheduler"), now=clock().now())


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


COMMANDS: tuple[click.Command, ...] = (scheduler,)
