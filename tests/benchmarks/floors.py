"""Measuring in turns, so that what else the machine does falls on both sides alike, and what a measurement says."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

ROUNDS = 41
WARM_UP = 4


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report: what was measured, against what, and what was promised (None: only told)."""

    what: str
    measured: str
    floor: str
    ratio: float
    most: float | None = None
    least: float | None = None

    @property
    def verdict(self) -> str:
        """Whether the promise is kept."""
        if self.most is None and self.least is None:
            return ""
        is_kept = (self.most is None or self.ratio <= self.most) and (self.least is None or self.ratio >= self.least)
        return "kept" if is_kept else "BROKEN"

    @property
    def promise(self) -> str:
        """The promise in a column of the report."""
        if self.most is not None:
            return f"≤ {self.most:g}"
        return f"≥ {self.least:,g}" if self.least is not None else ""


def in_turns(
    actions: Mapping[str, Callable[[], object]], rounds: int = ROUNDS, warm_up: int = WARM_UP
) -> dict[str, float]:
    """Return how long each action takes in seconds, undisturbed; all of them take turns."""
    for action in actions.values():
        for _ in range(warm_up):
            action()
    taken: dict[str, list[float]] = {name: [] for name in actions}
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for name, action in actions.items():
                start = time.perf_counter()
                action()
                taken[name].append(time.perf_counter() - start)
    finally:
        gc.enable()
    return {name: undisturbed(times) for name, times in taken.items()}


def undisturbed(times: Sequence[float]) -> float:
    """The median of the fastest fifth: on a machine that is shared the median of all measures the neighbours."""
    return statistics.median(sorted(times)[: max(1, len(times) // 5)])


def compared(what: str, measured: float, floor: float, most: float | None = None) -> Finding:
    """A finding about two durations in seconds."""
    return Finding(what, _duration(measured), _duration(floor), measured / floor, most)


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms" if seconds < 1 else f"{seconds:.2f} s"
