"""Real schedulers for the length of a test: started, killed at any moment, stopped."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from changetrack.config import Settings
from tests.architecture.source import ROOT
from tests.faults.staging import LONGEST


class Schedulers:
    """The living schedulers of a stage, oldest first; they write what they have to say into `log`."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self._log = log.open("wb")
        self._nursery = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.scheduler"], cwd=ROOT, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True, bufsize=1,
        )  # fmt: skip
        self._early: list[list[str]] = []  # answers of one while another's was waited for
        self.alive: list[int] = []

    def start(self, number: int) -> None:
        """Start that many, and wait until each ticks."""
        for _ in range(number):
            self._order("start")
            self.alive.append(int(self._answer("started")[0]))
        for _ in range(number):
            self._answer("ticking")

    def kill(self, pid: int) -> None:
        """End one with SIGKILL, whatever it is doing."""
        self._end("kill", pid)

    def stop(self) -> None:
        """Ask all to end; each finishes the piece that it has begun."""
        for pid in list(self.alive):
            self._end("stop", pid)

    def close(self) -> None:
        """End everything."""
        _of(self._nursery.stdin).close()
        _of(self._nursery.stdout).close()
        self._nursery.wait(timeout=30)
        self._log.close()

    def _end(self, order: str, pid: int) -> None:
        self._order(f"{order} {pid}")
        status = int(self._answer("ended")[0])
        self.alive.remove(pid)
        if status != (-signal.SIGKILL if order == "kill" else 0):
            raise RuntimeError(f"a scheduler ended with {status}; it says why in {self._log.name}")

    def _order(self, words: str) -> None:
        _of(self._nursery.stdin).write(f"{words}\n")

    def _answer(self, kind: str) -> list[str]:
        for early in self._early:
            if early[0] == kind:
                self._early.remove(early)
                return early[1:]
        for line in _of(self._nursery.stdout):
            first, *rest = line.split()
            if first == kind:
                return rest
            if first == "failed":
                break
            self._early.append([first, *rest])
        raise RuntimeError(f"the schedulers are gone; they say why in {self._log.name}")


@contextmanager
def schedulers(settings: Settings, **more: str) -> Iterator[Schedulers]:
    """Schedulers on that database, none of them alive yet; `more` are further settings of theirs."""
    started = Schedulers(environment(settings, log_level="INFO", **more), settings.instance / "schedulers.log")
    try:
        yield started
    finally:
        started.close()


def environment(settings: Settings, **more: str) -> dict[str, str]:
    """What a process of ours finds around it; `more` are further settings of its own."""
    return {
        "PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", "CHANGETRACK_INSTANCE": str(settings.instance),
        "CHANGETRACK_DATABASE_URL": settings.database_url, "CHANGETRACK_SECRET_KEY": settings.secret_key,
        "CHANGETRACK_TIMEZONE": settings.timezone, "CHANGETRACK_LOG_LEVEL": "ERROR",
        **{f"CHANGETRACK_{name.upper()}": value for name, value in more.items()},
    }  # fmt: skip


def command(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one command of ours to its end."""
    return subprocess.run(
        [sys.executable, "-m", "changetrack", *arguments],
        cwd=ROOT, env=environment(settings), capture_output=True, text=True, check=False, timeout=LONGEST,
    )  # fmt: skip


def peak_memory(process: int) -> float:
    """The most that a process has held so far, in megabytes; 0 once it is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return 0.0


def _of(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream
