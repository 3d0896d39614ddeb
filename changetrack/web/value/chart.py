"""The charts of value by month as shapes for the page: across in percent, down in pixels."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import ceil

from changetrack.queries.value_months import Month

_LABELS = 6  # months named below the charts, so that they fit on a phone
_FEWEST = 3  # months drawn, however young the value is
_ROUND = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Level:
    """A line drawn across, at an amount in minor units."""

    amount: int
    y: float


@dataclass(frozen=True, slots=True)
class Point:
    """The end of a month on a line."""

    x: float
    y: float
    month: Month
    amount: int


@dataclass(frozen=True, slots=True)
class Line:
    """A figure to date, from month to month."""

    name: str
    points: tuple[Point, ...]

    @property
    def pieces(self) -> tuple[tuple[Point, Point], ...]:
        """Its straight pieces."""
        return tuple(pairwise(self.points))


@dataclass(frozen=True, slots=True)
class Bar:
    """What one line of the months came to in one of them; `name` says how it is filled."""

    name: str
    month: Month
    amount: int
    x: float
    width: float
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart: its height in pixels, where nothing is, levels, lines and bars."""

    height: int
    zero: float
    levels: tuple[Level, ...]
    lines: tuple[Line, ...] = ()
    bars: tuple[Bar, ...] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """To date, by month, and what went and stopped being live; labels are (percent across, month)."""

    months: tuple[Month, ...]
    to_date: Panel
    by_month: Panel
    live: Panel
    labels: tuple[tuple[float, date], ...]


def chart_of(months: Sequence[Month]) -> Chart | None:
    """The charts of these months, without those before anything happened; None where nothing did."""
    begun = next((n for n, month in enumerate(months) if not month.is_empty), None)
    if begun is None:
        return None
    shown = tuple(months[min(begun, max(len(months) - _FEWEST, 0)) :])
    every = ceil(len(shown) / _LABELS)
    labels = tuple((_middle(n, len(shown)), month.start) for n, month in enumerate(shown))
    return Chart(shown, _to_date(shown), _by_month(shown), _live(shown), labels[(len(shown) - 1) % every :: every])


def _to_date(months: Sequence[Month]) -> Panel:
    most = max(max(month.promised_to_date, month.realized_to_date) for month in months)
    least = min(0, *(month.realized_to_date for month in months))
    scale = _Scale(170, least, most)
    lines = tuple(
        Line(
            name,
            tuple(
                Point(_middle(n, len(months)), scale.down(amount), month, amount)
                for n, month in enumerate(months)
                for amount in (getattr(month, f"{name}_to_date"),)
            ),
        )
        for name in ("promised", "realized")
    )
    return Panel(scale.height, scale.down(0), scale.levels(), lines=lines)


def _by_month(months: Sequence[Month]) -> Panel:
    ups = [max(month.promised, month.accrued + max(month.corrected, 0)) for month in months]
    downs = [month.reversed + min(month.corrected, 0) for month in months]
    scale = _Scale(150, min(0, *downs), max(0, *ups))
    bars: list[Bar] = []
    for n, month in enumerate(months):
        place = _Place(n, len(months), scale)
        bars += [place.bar("promised", month, month.promised, 0, share=0.86)]
        bars += [place.bar("accrued", month, month.accrued, 0)]
        if month.corrected > 0:
            bars.append(place.bar("corrected", month, month.corrected, month.accrued))
        else:
            bars.append(place.bar("corrected", month, month.corrected, month.reversed))
        bars.append(place.bar("reversed", month, month.reversed, 0))
    return Panel(scale.height, scale.down(0), scale.levels(), bars=tuple(bar for bar in bars if bar.amount))


def _live(months: Sequence[Month]) -> Panel:
    ups = [max(month.live, 0) for month in months]
    downs = [min(month.live, 0) + month.lapsed for month in months]
    scale = _Scale(110, min(0, *downs), max(0, *ups))
    bars: list[Bar] = []
    for n, month in enumerate(months):
        place = _Place(n, len(months), scale)
        bars.append(place.bar("live", month, month.live, 0))
        bars.append(place.bar("lapsed", month, month.lapsed, min(month.live, 0)))
    return Panel(scale.height, scale.down(0), scale.levels(), bars=tuple(bar for bar in bars if bar.amount))


class _Scale:
    """From amounts to pixels: `least` (at most 0) at the bottom, `most` at the top."""

    def __init__(self, height: int, least: int, most: int) -> None:
        self.height = height
        self._step = _step(max(most - least, 1) / 3)
        self._least = least * 1.1
        self._most = self._step * max(ceil(most / self._step), 1 if least == 0 else 0)

    def down(self, amount: float) -> float:
        """How far from the top an amount is drawn."""
        top, bottom = 14, self.height - 4
        return round(top + (self._most - amount) / (self._most - self._least) * (bottom - top), 1)

    def levels(self) -> tuple[Level, ...]:
        """The lines drawn across."""
        steps = range(ceil(self._least / self._step), round(self._most / self._step) + 1)
        return tuple(Level(round(n * self._step), self.down(n * self._step)) for n in steps)


class _Place:
    """The room of one month, of `of`."""

    def __init__(self, n: int, of: int, scale: _Scale) -> None:
        self._middle, self._room, self._scale = _middle(n, of), 100 / of, scale

    def bar(self, name: str, month: Month, amount: int, base: int, *, share: float = 0.56) -> Bar:
        """A bar of an amount that begins at `base`."""
        width = min(self._room * share, 10 * share / 0.56)
        ends = self._scale.down(base), self._scale.down(base + amount)
        height = round(max(abs(ends[0] - ends[1]), 1.5), 1)
        return Bar(name, month, amount, round(self._middle - width / 2, 2), round(width, 2), min(ends), height)


def _middle(n: int, of: int) -> float:
    return round((n + 0.5) * 100 / of, 2)


def _step(rough: float) -> float:
    """A round step of at least this."""
    magnitude = 1.0
    while magnitude * 10 <= rough:
        magnitude *= 10
    return next(magnitude * step for step in _ROUND if magnitude * step >= rough)
