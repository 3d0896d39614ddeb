"""The plot of an outcome's use against its threshold, as shapes for the page: across in percent, down in pixels."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from changetrack.queries.outcome_readings import Period
from changetrack.queries.outcomes import OutcomeView

HEIGHT = 190
_TOP, _BOTTOM = 18, 168  # of the drawn field, in pixels
_LEFT, _RIGHT = 2.0, 98.0  # in percent


@dataclass(frozen=True, slots=True)
class Dot:
    """One period: where it stands, and what it is; `y` None where there is no data."""

    x: float
    y: float | None
    period: Period


@dataclass(frozen=True, slots=True)
class Rule:
    """A level drawn across: the threshold or the target."""

    name: str
    value: Decimal
    y: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A day marked by a line from top to bottom, named at its head."""

    name: str
    day: date
    x: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Plot:
    """The shapes of a plot: dots, lines between closed neighbours with data, levels, marked days, labels below."""

    height: int
    top: int
    bottom: int
    dots: tuple[Dot, ...]
    lines: tuple[tuple[float, float, float, float], ...]
    rules: tuple[Rule, ...]
    marks: tuple[Mark, ...]
    labels: tuple[tuple[float, date, str], ...]


def plot_of(outcome: OutcomeView) -> Plot | None:
    """The plot of an outcome's last periods; None where no use is on record."""
    periods = outcome.periods
    known = [period.value for period in periods if period.value is not None]
    if not known:
        return None
    most = max([*known, outcome.threshold, outcome.target or outcome.threshold]) * Decimal("1.06") or Decimal(1)
    dots = tuple(
        Dot(_across(n, len(periods)), None if p.value is None else _down(p.value, most), p)
        for n, p in enumerate(periods)
    )
    return Plot(
        height=HEIGHT,
        top=_TOP,
        bottom=_BOTTOM,
        dots=dots,
        lines=_lines(dots),
        rules=_rules(outcome, most),
        marks=_marks(outcome, dots),
        labels=_labels(dots),
    )


def _across(n: int, of: int) -> float:
    return round(_LEFT + (_RIGHT - _LEFT) * (n / (of - 1) if of > 1 else 0.5), 2)


def _down(value: Decimal, most: Decimal) -> float:
    return round(_BOTTOM - float(value / most) * (_BOTTOM - _TOP), 1)


def _lines(dots: Sequence[Dot]) -> tuple[tuple[float, float, float, float], ...]:
    """From dot to dot; it ends before what is not closed yet, which would look like a fall."""
    pairs = ((a, b) for a, b in pairwise(dots) if b.period.verdict != "open")
    return tuple((a.x, a.y, b.x, b.y) for a, b in pairs if a.y is not None and b.y is not None)


def _rules(outcome: OutcomeView, most: Decimal) -> tuple[Rule, ...]:
    levels = [("threshold", outcome.threshold)]
    if outcome.target is not None and outcome.target != outcome.threshold:
        levels.append(("target", outcome.target))
    return tuple(Rule(name, value, _down(value, most)) for name, value in levels)


def _marks(outcome: OutcomeView, dots: Sequence[Dot]) -> tuple[Mark, ...]:
    days = [("agreed", outcome.agreed_on), ("confirmed", outcome.confirmed_from)]
    marks = []
    for name, day in days:
        dot = next((d for d in dots if day is not None and d.period.start <= day <= d.period.end), None)
        if day is not None and dot is not None:
            marks.append(Mark(name, day, dot.x, "end" if dot.x > 70 else "start"))
    return tuple(marks)


def _labels(dots: Sequence[Dot]) -> tuple[tuple[float, date, str], ...]:
    shown = {0: "start", len(dots) // 2: "middle", len(dots) - 1: "end"} if len(dots) > 2 else {0: "start"}
    return tuple((dots[n].x, dots[n].period.start, anchor) for n, anchor in shown.items())
