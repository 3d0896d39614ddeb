"""How the limit of a step was learned: in words, as a table, and as the points of a small plot."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from changetrack.domain.day_words import counted, month_in_words
from changetrack.domain.learned_limits import ENOUGH_ADVANCES, SHARE
from changetrack.domain.statistics import Curve
from changetrack.queries.learned_limits import FrozenLimit

SHARES = (0.1, 0.25, 0.5, 0.75, SHARE, 0.95)
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 360, 210, 34, 10, 12, 30
_TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
_MOST_TICKS = 7
_LABEL = 70  # the width of one


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on an axis with its label, which stands before it or after it."""

    at: float
    label: str
    is_before: bool = True

    @property
    def anchor(self) -> str:
        """Which end of the label is at the place."""
        return "end" if self.is_before else "start"

    @property
    def label_at(self) -> float:
        """Where the label begins or ends, a little beside the place."""
        return self.at - 4 if self.is_before else self.at + 4


@dataclass(frozen=True, slots=True)
class Plot:
    """The curve in the units of its drawing: the path, the axes, the limits, and the point where 85 % had advanced."""

    path: str
    days: tuple[Mark, ...]
    shares: tuple[Mark, ...]
    share_line: float
    limit: Mark | None
    fixed: Mark | None
    point: tuple[float, float] | None
    words: str


def plot_of(curve: Curve, frozen: FrozenLimit) -> Plot | None:
    """The plot of a curve with the limits; None where nobody ever advanced."""
    if not curve.falls:
        return None
    last = max(curve.falls[-1].day, frozen.limit_days or 0, frozen.fixed_days or 0) * 1.06 or 1.0

    def x(day: float) -> float:
        return round(LEFT + day / last * (WIDTH - LEFT - RIGHT), 1)

    def y(share: float) -> float:
        return round(TOP + (1 - share) * (HEIGHT - TOP - BOTTOM), 1)

    reached = frozen.quantile_days
    step = next((tick for tick in _TICKS if last / tick <= _MOST_TICKS), _TICKS[-1])
    return Plot(
        path=_path([(x(day), y(share)) for day, share in curve.steps], x(last)),
        days=tuple(Mark(x(day), str(day)) for day in range(0, int(last) + 1, step)),
        shares=tuple(Mark(y(share), f"{share:.0%}") for share in (0, 0.5, 1)),
        share_line=y(1 - SHARE),
        limit=_mark(x, "limit", frozen.limit_days, frozen.fixed_days),
        fixed=_mark(x, "fixed", frozen.fixed_days, frozen.limit_days),
        point=(x(reached), y(curve.survival_at(reached))) if reached is not None else None,
        words=_plot_words(curve, frozen),
    )


def table_of(curve: Curve) -> list[tuple[str, int | None]]:
    """Within how many days each share of the accounts had advanced; None where that was not reached."""
    return [(f"{share:.0%}", curve.quantile(share)) for share in SHARES]


def how_learned(frozen: FrozenLimit) -> str:
    """Why the limit of a month is what it is, in one or two sentences."""
    month = month_in_words(frozen.month)
    seen = f"{counted(frozen.advances, 'advance')} in {counted(frozen.visits, 'visit')}"
    fixed = "no limit" if frozen.fixed_days is None else f"the fixed limit, {counted(frozen.fixed_days, 'day')},"
    if frozen.limit_days is None:
        why = _why_not(frozen)
        return f"For {month} {fixed} holds: {why} ({seen} in the 365 days before)."
    learned = f"85 % had advanced within {counted(frozen.quantile_days or 0, 'day')}"
    words = f"For {month} the limit is {counted(frozen.limit_days, 'day')}: {learned} ({seen})."
    if frozen.limit_days != frozen.quantile_days:
        words += " A learned limit is no less than half and no more than twice the fixed one."
    return words


def _why_not(frozen: FrozenLimit) -> str:
    if frozen.fixed_days is None:
        return "where the playbook has none, none is learned"
    if frozen.advances < ENOUGH_ADVANCES:
        return f"too few have advanced, {ENOUGH_ADVANCES} are needed"
    return "85 % were not reached, too many are still there"


def _mark(x: Callable[[float], float], name: str, days: int | None, other: int | None) -> Mark | None:
    """The mark of a limit, its label on the side away from the other limit if there is room."""
    if days is None:
        return None
    at = x(days)
    return Mark(at, f"{name} {days}", is_before=at > WIDTH - _LABEL or (other is not None and days <= other))


def _path(points: Sequence[tuple[float, float]], end: float) -> str:
    """A line of steps: level to the day, then down."""
    (x0, y0), *rest = points
    return f"M{x0} {y0}" + "".join(f"H{x}V{y}" for x, y in rest) + f"H{end}"


def _plot_words(curve: Curve, frozen: FrozenLimit) -> str:
    median = curve.median
    half = f"half had advanced within {median} days" if median is not None else "half have not advanced"
    reached = frozen.quantile_days
    most = f"85 % within {reached} days" if reached is not None else "85 % was not reached"
    return f"The share of accounts still in the step, by days in it: {half}, {most}."
