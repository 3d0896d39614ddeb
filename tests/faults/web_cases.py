"""The web server killed in the middle of requests, and the database taken away under it."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.staging import Place, pause, staged
from tests.faults.web_server import WebServer, web_server
from tests.faults.writers import Writers, writing

AT_ONCE = 4
BACK_WITHIN = 2.0  # seconds
WORKER = "web worker killed"


@dataclass(frozen=True, slots=True)
class Served:
    """What became of the writes of some people while something went wrong `times` times."""

    what: str
    database: str
    times: int
    writers: Writers
    broken: list[str]
    seconds: float

    @property
    def late(self) -> list[str]:
        """That it took longer than promised to serve again; workers die faster here than they can come back."""
        silence = self.writers.silence
        if self.what == WORKER or silence <= BACK_WITHIN:
            return []
        return [f"{self.what}: nothing was acknowledged for {silence:.1f} s"]


def workers_killed(place: Place, writes: int = 5_000, kills: int = 30) -> Served:
    """A worker killed in the middle of requests: nobody was told that something is saved which is not."""
    return _killed(place, WORKER, writes, kills, WebServer.kill_a_worker)


def server_killed(place: Place, writes: int = 600, kills: int = 3) -> Served:
    """The whole web server killed: its supervisor has it back in less than two seconds."""
    return _killed(place, "web server killed", writes, kills, lambda server, _number: server.kill_the_server())


def database_restarted(place: Place, writes: int = 600, times: int = 3) -> Served:
    """PostgreSQL ended at once, away for a second, and started: 503 with Retry-After meanwhile, then all goes on."""
    assert place.server is not None
    started, slowest = time.perf_counter(), 0.0
    with staged(place, rate=1) as stage, web_server(stage) as server:
        with writing(server, AT_ONCE) as writers:
            for number in range(1, times + 1):
                writers.wait_for(writes * number // (times + 1))
                place.server.stop()
                pause(1.0)
                place.server.resume()
                there, known = time.perf_counter(), len(writers.acknowledged)
                writers.wait_for(known + 1)
                slowest = max(slowest, time.perf_counter() - there)
            writers.wait_for(writes)
        writers.silence = slowest
        return _served("database restarted", place, times, writers, writers.missing(stage), started)


def _killed(place: Place, what: str, writes: int, kills: int, kill: Callable[[WebServer, int], None]) -> Served:
    started = time.perf_counter()
    with staged(place, rate=1) as stage, web_server(stage) as server:
        with writing(server, AT_ONCE) as writers:
            for number in range(1, kills + 1):
                writers.wait_for(writes * number // (kills + 1))
                kill(server, number)
            writers.wait_for(writes)
        return _served(what, place, kills, writers, writers.missing(stage), started)


def _served(what: str, place: Place, times: int, writers: Writers, broken: list[str], started: float) -> Served:
    return Served(what, place.name, times, writers, broken + writers.wrong, time.perf_counter() - started)
