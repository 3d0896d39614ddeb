"""People who add accounts without pause, while things go wrong: what was acknowledged has to be there afterwards."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from sqlalchemy import select

from changetrack.models import Account, Event
from tests.faults.staging import LONGEST, Stage, pause
from tests.faults.web_server import Answer, WebServer

TAKEN, AWAY = 303, 503


@dataclass(slots=True)
class Writers:
    """What some threads have written: `acknowledged` names, and every answer that must not be."""

    server: WebServer
    acknowledged: list[str] = field(default_factory=list)
    statuses: Counter[int | None] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    silence: float = 0.0  # the longest time in which nothing was acknowledged
    is_over: threading.Event = field(default_factory=threading.Event)
    _number: Iterator[int] = field(default_factory=count)
    _last: float = field(default_factory=time.perf_counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait_for(self, number: int) -> None:
        """Until so many have been acknowledged."""
        for _ in range(int(LONGEST / 0.02)):
            if len(self.acknowledged) >= number:
                return
            pause(0.02)
        raise TimeoutError(f"{len(self.acknowledged)} of {number} writes were acknowledged")

    def missing(self, stage: Stage) -> list[str]:
        """Acknowledged names that are not on record, or not with the event that says so."""
        stage.session.rollback()
        written = select(Account.name).join(Event, Event.account_id == Account.id)
        there = set(stage.session.scalars(written.where(Event.seq == 1, Event.kind == "account_created")))
        return [f"{name} was acknowledged and is not there" for name in self.acknowledged if name not in there]

    def write(self) -> None:
        """Add one account after the other until all is over."""
        while not self.is_over.is_set():
            name = f"Added {next(self._number):06}"
            answer = self.server.add_account(name)
            with self._lock:
                self._note(name, answer)
            if answer.status != TAKEN:
                pause(0.02)

    def _note(self, name: str, answer: Answer) -> None:
        self.statuses[answer.status] += 1
        if answer.status == TAKEN:
            now = time.perf_counter()
            self.silence, self._last = max(self.silence, now - self._last), now
            self.acknowledged.append(name)
        elif answer.status not in (None, AWAY) or (answer.status == AWAY and not answer.retry_after):
            self.wrong.append(f"{answer.status} with Retry-After {answer.retry_after}")


@contextmanager
def writing(server: WebServer, number: int) -> Iterator[Writers]:
    """So many who write at once, for the length of a `with`."""
    writers = Writers(server)
    threads = [threading.Thread(target=writers.write) for _ in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield writers
    finally:
        writers.is_over.set()
        for thread in threads:
            thread.join(timeout=LONGEST)
