"""What arrived at a receiver, as it was seen there: by its key, with what it said and how it was answered."""

import random
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

FINE = "fine"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message that came in whole: `text` is all of it but its key; kept or not, taken with thanks or not."""

    channel: str
    receiver: str
    key: str
    text: str
    at: datetime
    fault: str
    is_kept: bool
    is_taken: bool


class Book:
    """What all receivers of a stage write into, and by what chance they fail."""

    def __init__(self, now: Callable[[], datetime], seed: int, faults: Mapping[str, float]) -> None:
        self._now, self._chance, self._lock = now, random.Random(seed), threading.Lock()
        self._seed, self.faults = seed, dict(faults)
        self.arrivals: list[Arrival] = []
        self.intrusions: list[str] = []  # requests where none must ever come

    def draw(self, possible: frozenset[str], receiver: str) -> str:
        """The fault with which the next message is met: one that is possible there, by its chance, or none."""
        with self._lock:
            drawn = self._chance.random()
            for fault, chance in self.faults.items():
                where, _, only = fault.partition(" at ")
                if where not in possible or (only and only != receiver):
                    continue
                if drawn < chance:
                    return where
                drawn -= chance
        return FINE

    def note(self, channel: str, receiver: str, key: str, text: str, *, fault: str, kept: bool, taken: bool) -> None:
        """Write an arrival down."""
        with self._lock:
            self.arrivals.append(Arrival(channel, receiver, key, text, self._now(), fault, kept, taken))

    def by_key(self) -> dict[str, list[Arrival]]:
        """What was kept, by its key."""
        found = defaultdict(list)
        for arrival in self.arrivals:
            if arrival.is_kept:
                found[arrival.key].append(arrival)
        return found
