"""The working calendar: business days between two dates, and the n-th business day from a date."""

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date

_DAYS = 7


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Which days are worked: a mask of the week from Monday, less the holidays.

    `weekmask` is seven characters, '1' for a worked weekday. `holidays` are country holidays and
    blackout days together. Every answer costs the same, whatever the span. Raises ValueError for a
    mask that is not seven of '0' and '1', or that has no working day.
    Source: DOMAIN section 6 (business days).
    """

    weekmask: str = "1111100"
    holidays: frozenset[date] = frozenset()
    _worked: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _through: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _off: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        mask = self.weekmask
        if len(mask) != _DAYS or set(mask) - {"0", "1"} or "1" not in mask:
            raise ValueError(f"A week mask is seven of 0 and 1 with at least one 1, not {mask!r}.")
        set_ = object.__setattr__
        set_(self, "_worked", tuple(i for i, on in enumerate(mask) if on == "1"))
        set_(self, "_through", tuple(mask[:i].count("1") for i in range(_DAYS)))
        set_(self, "_off", tuple(sorted(d.toordinal() for d in self.holidays if mask[d.weekday()] == "1")))

    def is_workday(self, day: date) -> bool:
        """Say whether `day` is worked: on in the week mask, and no holiday."""
        return self.weekmask[day.weekday()] == "1" and day not in self.holidays

    def elapsed(self, event: date, run: date) -> int:
        """Count the business days in (event, run]; 0 when `run` is not after `event`."""
        if run <= event:
            return 0
        return self._count(run.toordinal()) - self._count(event.toordinal())

    def add(self, day: date, n: int) -> date:
        """Return the n-th business day after `day`, before it for a negative `n`, `day` itself for 0.

        Raises ValueError or OverflowError where that leaves the calendar of `date`.
        """
        if n == 0:
            return day
        reached = self._count(day.toordinal()) if n > 0 else self._count(day.toordinal() - 1) + 1
        return date.fromordinal(self._nth(reached + n))

    def _count(self, ordinal: int) -> int:
        """Business days from the first day of the calendar, a Monday, up to and including `ordinal`."""
        weeks, rest = divmod(ordinal, _DAYS)
        return weeks * len(self._worked) + self._through[rest] - bisect_right(self._off, ordinal)

    def _nth(self, number: int) -> int:
        """The inverse of `_count`: approached from below, so that it never stops on a holiday."""
        ordinal = self._masked(number)
        while (later := self._masked(number + bisect_right(self._off, ordinal))) != ordinal:
            ordinal = later
        return ordinal

    def _masked(self, number: int) -> int:
        weeks, rest = divmod(number - 1, len(self._worked))
        return weeks * _DAYS + self._worked[rest] + 1


DEFAULT_CALENDAR = WorkCalendar()
"""Monday to Friday, no holidays: what counts where no other calendar is set."""
