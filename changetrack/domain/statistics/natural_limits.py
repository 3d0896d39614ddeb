"""The voice of the process: natural limits of a series (XmR chart), and the points that are signals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import fsum

POINTS_TO_DRAW = 6
POINTS_TO_SIGNAL = 10

_LIMIT_FACTOR, _RANGE_FACTOR = 2.66, 3.268
_RUN = 8
_WINDOW, _NEAR_IN_WINDOW = 4, 3


@dataclass(frozen=True, slots=True)
class Limits:
    """What a process delivers as it is; `points` is how many values the limits rest on.

    `spread` is the distance of a limit from the centre before any floor.
    """

    centre: float
    upper: float
    lower: float
    range_limit: float
    points: int
    spread: float

    @property
    def can_draw(self) -> bool:
        """Whether there are points enough (6) to show limits at all."""
        return self.points >= POINTS_TO_DRAW

    @property
    def can_signal(self) -> bool:
        """Whether there are points enough (10) to call a value a signal."""
        return self.points >= POINTS_TO_SIGNAL


@dataclass(frozen=True, slots=True)
class Signal:
    """A value that is not routine variation, by its place in the series.

    `rule` is “outside” (beyond a limit), “run” (at least the eighth in a row on one side of the
    centre) or “near_limit” (the last of three in four nearer a limit than the centre); `side` is
    “above” or “below”.
    """

    index: int
    rule: str
    side: str


def natural_limits(values: Sequence[float], *, floor: float | None = None) -> Limits:
    """Return the natural process limits of a series; ValueError for an empty one.

    The centre is the mean, the limits lie 2.66 mean moving ranges from it, the limit of the moving
    range is 3.268 of them. `floor` is the least that can be measured, 0 for counts: the lower limit
    is not below it. They are computed of any number of points; whether those suffice, `can_draw` and
    `can_signal` say. Source: Wheeler, constants of the XmR chart; DOMAIN section 7.
    """
    if not values:
        raise ValueError("There are no limits of no values.")
    centre = fsum(values) / len(values)
    ranges = [abs(after - before) for before, after in pairwise(values)]
    mean_range = fsum(ranges) / len(ranges) if ranges else 0.0
    spread = _LIMIT_FACTOR * mean_range
    lower = centre - spread if floor is None else max(floor, centre - spread)
    return Limits(centre, centre + spread, lower, _RANGE_FACTOR * mean_range, len(values), spread)


def signals(values: Sequence[float], limits: Limits) -> list[Signal]:
    """Return the signals in a series, in its order; none where the limits rest on fewer than 10 points.

    The limits may be those of an earlier stretch of the series, against which later values are read.
    Source: Wheeler, detection rules; DOMAIN section 7.
    """
    if not limits.can_signal:
        return []
    return [Signal(index, rule, side) for index in range(len(values)) for rule, side in _at(index, values, limits)]


def _at(index: int, values: Sequence[float], limits: Limits) -> Iterator[tuple[str, str]]:
    if values[index] > limits.upper or values[index] < limits.lower:
        yield "outside", _side(values[index], limits)
    run = [_side(value, limits) for value in values[max(0, index + 1 - _RUN) : index + 1]]
    if len(run) == _RUN and run[0] and len(set(run)) == 1:
        yield "run", run[0]
    near = [_near(value, limits) for value in values[max(0, index + 1 - _WINDOW) : index + 1]]
    if near[-1] and near.count(near[-1]) >= _NEAR_IN_WINDOW:
        yield "near_limit", near[-1]


def _side(value: float, limits: Limits) -> str:
    return "above" if value > limits.centre else "below" if value < limits.centre else ""


def _near(value: float, limits: Limits) -> str:
    """The side on which a value is nearer the limit than the centre; a floor moves neither."""
    return _side(value, limits) if abs(value - limits.centre) > limits.spread / 2 else ""
