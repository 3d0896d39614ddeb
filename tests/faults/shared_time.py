"""One time for all processes of a stage: it goes on faster than the real one, from where it was set."""

import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

from changetrack.config import Clock, Settings

FILE = "time"
RATE = 5  # so much faster than the real one: pauses that are asked for are shorter, leases are still long
_SET = struct.Struct("ddd")  # the moment it was set, what it was set to, and how fast it goes


class ShiftedClock(Clock):
    """The clock of a process of ours."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._file = settings.instance / FILE

    def now(self) -> datetime:
        """The moment that all processes take for the present."""
        since, was, rate = _SET.unpack(self._file.read_bytes())
        return datetime.fromtimestamp(was + (self.real().timestamp() - since) * rate, UTC)

    def real(self) -> datetime:
        """The moment that the machine's clock shows."""
        return super().now()


class SharedTime:
    """The hand at that clock."""

    def __init__(self, settings: Settings, rate: float = RATE) -> None:
        self.file: Path = settings.instance / FILE
        self._rate = rate
        self.clock = ShiftedClock(settings)
        self.set(self.clock.real())

    def now(self) -> datetime:
        """What all processes take for the present."""
        return self.clock.now()

    def set(self, moment: datetime) -> None:
        """Let it be that moment now, for everybody."""
        draft = self.file.with_suffix(".draft")
        draft.write_bytes(_SET.pack(self.clock.real().timestamp(), moment.timestamp(), self._rate))
        draft.rename(self.file)

    def move(self, amount: timedelta) -> None:
        """Let so much time pass at once, or come back."""
        self.set(self.now() + amount)
