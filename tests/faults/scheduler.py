"""`python -m tests.faults.scheduler`: bears real schedulers by forking, and kills or stops the one it is told to.

Every one is the shipped command, in a process of its own with connections of its own. Only its clock can be moved,
and it ticks every few hundredths of a second. Orders come by standard input: `start`, `kill PID`, `stop PID`.
"""

import logging
import os
import signal
import sys
import traceback
from dataclasses import replace
from typing import Any, NoReturn

from flask import Flask
from flask.cli import ScriptInfo

from changetrack.app import create_app
from changetrack.cli import scheduler as command
from changetrack.cli._supervisor import end_with_parent
from changetrack.config import load_settings
from changetrack.jobs import schedule
from changetrack.jobs.job import Job, Often
from tests.faults.shared_time import ShiftedClock

TICK = 0.1  # seconds
ANSWERS = 1  # the file on which the orders are answered


def main() -> None:
    """Do what is ordered until there are no more orders; whoever is then alive ends with us."""
    settings = load_settings()
    app = create_app(settings, clock=ShiftedClock(settings))
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)  # ticks that come while the one before is at it
    _hurry()
    for line in sys.stdin:
        order, *numbers = line.split()
        if order == "start":
            _start(app)
        else:
            pid = int(numbers[0])
            os.kill(pid, signal.SIGKILL if order == "kill" else signal.SIGTERM)
            _answer(f"ended {os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}")


def _start(app: Flask) -> None:
    pid = os.fork()
    if pid:
        _answer(f"started {pid}")
        return
    status = 1
    try:
        end_with_parent()
        os.close(0)
        info = ScriptInfo(create_app=lambda: app, set_debug_flag=False)
        command.scheduler.main(args=[], standalone_mode=False, obj=info)
        status = 0
    finally:
        if status:
            traceback.print_exc()
            _answer("failed")
        sys.stderr.flush()
        os._exit(status)


def _hurry() -> None:
    """Tick often, and say when the ticking has begun."""
    keep_ticking = command._keep_ticking
    shipped: Any = command
    shipped.JOBS = tuple(_often(job) for job in schedule.JOBS)
    shipped.LOOK_EVERY = TICK

    def keep_telling(ticker: Any) -> NoReturn:
        _answer(f"ticking {os.getpid()}")
        keep_ticking(ticker)

    shipped._keep_ticking = keep_telling


def _often(job: Job) -> Job:
    quicker: Any = TICK
    return replace(job, when=replace(job.when, seconds=quicker)) if isinstance(job.when, Often) else job


def _answer(words: str) -> None:
    os.write(ANSWERS, f"{words}\n".encode())


if __name__ == "__main__":
    main()
