"""What a timed job is: its name, its work, when it is due, and for which days it can be run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import Enum

from changetrack.config import Settings
from changetrack.domain.calendar import DEFAULT_CALENDAR
from changetrack.domain.people import Actor

ONE_DAY = timedelta(days=1)

Beat = Callable[[int, int], None]


class Stopped(Exception):
    """The process is to end; what is left to do is for the next one."""


class LeaseLost(Exception):
    """Somebody else has taken this run over, because it did not show itself in time."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a job gets to work with.

    `day` is the day that the run is about, `today` the present one; `lane` is the part of the job that is to be
    done, None for all of it. Single events of use are kept for `usage_retention_days`, and `secret` hashes who used
    the product. Call `beat(done, of)` after each piece of work:
    it keeps the run's lease and shows the progress, and raises Stopped or LeaseLost.
    """

    actor: Actor
    day: date
    today: date
    zone: tzinfo
    now: Callable[[], datetime]
    beat: Beat
    settings: Settings
    lane: str | None = None

    @property
    def usage_retention_days(self) -> int:
        """For how long single events of use are kept."""
        return self.settings.usage_retention_days

    @property
    def secret(self) -> str:
        """What hashes who used the product."""
        return self.settings.secret_key


class Days(Enum):
    """About which days a job can be run."""

    ANY = "any"
    PAST = "past"
    TODAY = "today"


@dataclass(frozen=True, slots=True)
class Daily:
    """Once on each day, or on each business day, from an hour of the local clock on."""

    hour: int
    workdays: bool = False

    @property
    def words(self) -> str:
        """When that is, as people say it."""
        return f"every {'business day' if self.workdays else 'day'} at {self.hour:02}:00"

    def latest(self, local: datetime, today: date) -> date:
        """The newest day whose run is due: nights that were missed before it are caught up by that one run."""
        day = today if local.hour >= self.hour else today - ONE_DAY
        while self.workdays and not DEFAULT_CALENDAR.is_workday(day):
            day -= ONE_DAY
        return day


@dataclass(frozen=True, slots=True)
class Often:
    """Again and again, by every scheduler: such a job shares its work out by itself."""

    seconds: int

    @property
    def words(self) -> str:
        """When that is, as people say it."""
        return "every second" if self.seconds == 1 else f"every {self.seconds} seconds"


@dataclass(frozen=True, slots=True)
class Job:
    """One timed job; `work` returns what it counted. `days`: about which days it can be run.

    `lanes` are parts of it that go on beside each other, so that one that hangs holds up no other.
    """

    name: str
    summary: str
    work: Callable[[Run], Mapping[str, int]]
    when: Daily | Often
    days: Days = Days.TODAY
    lanes: tuple[str, ...] = ()

    def day_of(self, slot: date, today: date) -> date:
        """The day that the run of a slot is about: what the present is like, or the day that ended before it."""
        return slot - ONE_DAY if self.days is Days.PAST else today
