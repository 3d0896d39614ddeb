"""The day on which all tests happen."""

from datetime import UTC, date, datetime, timedelta

from changetrack.config import Clock

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday
TODAY = NOW.date()


class FixedClock(Clock):
    """Stands still until it is told to move."""

    def __init__(self) -> None:
        self.reset()

    def now(self) -> datetime:
        """The moment it was set to."""
        return self._now

    def today(self) -> date:
        """The date of that moment, in UTC."""
        return self._now.date()

    def reset(self) -> None:
        """Back to the beginning of every test."""
        self._now = NOW

    def move(self, **amount: float) -> None:
        """Let time pass: `clock.move(days=3)`."""
        self._now += timedelta(**amount)
