"""Keeps a few child processes alive until it is told to stop, and then leaves none behind."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType

LOOK_EVERY = 0.05  # seconds
PATIENCE = 15.0  # seconds that a child gets to end by itself
SETTLED = 30.0  # seconds after which a child counts as started, and its next death as a new misfortune
LONGEST_PAUSE = 30.0
GONE_WITHIN = 0.2  # seconds that what was killed takes to be gone
KILLED = (-signal.SIGKILL, -signal.SIGTERM)  # codes of those whom somebody else has ended
SET_PARENT_DEATH_SIGNAL = 1  # Linux, prctl(2)


@dataclass
class Child:
    """One program that is to run, with the processes that it starts; started again when it dies.

    At once if it had answered (`has_answered` is for `on_start` to set) or settled, or if somebody killed it; ever
    more slowly if it keeps dying by itself before that.
    """

    name: str
    command: Sequence[str]
    on_start: Callable[[bool], object] = bool  # told whether it is started again
    variables: Mapping[str, str] = field(default_factory=dict)  # of its environment, beside our own
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    has_answered: bool = False
    deaths: int = 0
    not_before: float = 0.0

    def start(self) -> None:
        """Start it, out of reach of the terminal's Ctrl-C: stopping is for the supervisor to order."""
        environment = {**os.environ, **self.variables}
        self.has_answered = False
        self.process = subprocess.Popen(self.command, env=environment, process_group=0, preexec_fn=end_with_parent)
        self.started = time.monotonic()
        self.on_start(self.deaths > 0)

    def look(self, say: Callable[[str], None]) -> None:
        """Start it again if it has died and its pause is over."""
        if self.process is None:
            if time.monotonic() >= self.not_before:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        end_group(self.process.pid)
        has_settled = self.has_answered or time.monotonic() - self.started > SETTLED
        self.deaths = 1 if has_settled or code in KILLED else self.deaths + 1
        pause = 0.0 if self.deaths == 1 else min(LONGEST_PAUSE, 2.0 ** (self.deaths - 2))
        say(f"The {self.name} ended with code {code}; starting it again in {pause:.0f} s.")
        self.process, self.not_before = None, time.monotonic() + pause

    def stop(self) -> None:
        """Ask it to end."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def wait(self, until: float) -> None:
        """Wait for its end; when time is up, end it."""
        if self.process is None:
            return
        try:
            self.process.wait(timeout=max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        end_group(self.process.pid)


def supervise(children: Sequence[Child], *, say: Callable[[str], None]) -> None:
    """Run `children` until SIGINT or SIGTERM; `say` is told of every death."""
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        for child in children:
            child.start()
        while not stopping.wait(LOOK_EVERY):
            for child in children:
                child.look(say)
    finally:
        for child in children:
            child.stop()
        until = time.monotonic() + PATIENCE
        for child in children:
            child.wait(until)
        for number, handler in before.items():
            signal.signal(number, handler)


def end_group(leader: int) -> None:
    """End what a child that has died leaves behind: its workers would go on listening to its port."""
    until = time.monotonic() + GONE_WITHIN
    with suppress(ProcessLookupError, PermissionError):  # none is left; macOS says so of a dead one
        while time.monotonic() < until:
            os.killpg(leader, signal.SIGKILL)
            time.sleep(0.01)


def end_with_parent() -> None:
    """Have this process end when its parent does, even if that is killed outright, where the system offers it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
