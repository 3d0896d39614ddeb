"""Whether an outcome's use is falling: it fell short of what was agreed, cannot be seen, or gives a signal."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from changetrack.domain.statistics import POINTS_TO_SIGNAL, natural_limits, signals
from changetrack.domain.value import Reading, Recognition, period_end
from changetrack.domain.value.words import in_words

Fall = tuple[date, str]
"""Since when, and in what way."""

_LONGEST = 300
_LONGEST_NAME = 60
_WATCHED = ("in_use", "confirmed")


def find_fall(outcome: Any, found: Recognition, readings: Iterable[Reading], today: date) -> Fall | None:
    """Return since when and how the use of an outcome has been falling, None while it is not. Source: DOMAIN section 6.

    Beside what follows from its state, that is an unfavourable signal of its natural limits in the newest period.
    """
    if found.falling_since is not None:
        return found.falling_since, found.falling_why or ""
    return _signal(outcome, readings, today) if found.state in _WATCHED else None


def worst_fall(falls: Sequence[tuple[str, Fall]]) -> tuple[date | None, str | None]:
    """Return since when an account's use has been falling and why, of the falls of its outcomes by their names."""
    if not falls:
        return None, None
    ordered = sorted(falls, key=lambda named: (named[1][0], named[0]))
    words = " ".join(f"“{_short(name)}”: {fall[1]}" for name, fall in ordered)
    return ordered[0][1][0], words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"


def _signal(outcome: Any, readings: Iterable[Reading], today: date) -> Fall | None:
    newest: dict[date, Reading] = {}
    for reading in readings:
        other = newest.get(reading.period_start)
        if other is None or other.recorded_on <= reading.recorded_on:
            newest[reading.period_start] = reading
    closed_by = today - timedelta(days=outcome.settle_lag_days)
    starts = sorted(start for start, reading in newest.items() if reading.value is not None)
    while starts and period_end(starts[-1], outcome.period) > closed_by:
        starts.pop()
    if len(starts) <= POINTS_TO_SIGNAL:
        return None
    values = [float(newest[start].value or 0) for start in starts]
    if values[-1] >= sum(values[:-1]) / (len(values) - 1):
        return None  # above the centre nothing is unfavourable
    limits = natural_limits(values[:-1], floor=0.0)
    below = {signal.index for signal in signals(values, limits) if signal.side == "below"}
    last = len(values) - 1
    if last not in below:
        return None
    first = next(index for index in range(last, -1, -1) if index - 1 not in below)
    return starts[first], f"Use is below what it usually is, since {in_words(starts[first])}."


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
