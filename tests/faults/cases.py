"""What is played and counted: days with kills, with several schedulers, with receivers that fail."""

import random
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date

from tests.faults.arrivals import Book
from tests.faults.counting import Ear, Findings, count, early
from tests.faults.ears import Receivers, listen, open_receivers
from tests.faults.night import Nights
from tests.faults.portfolio import Portfolio, make_portfolio
from tests.faults.processes import schedulers
from tests.faults.receiver import RETRY_AFTER
from tests.faults.shared_time import RATE
from tests.faults.staging import Place, Stage, staged

DAYS = (date(2026, 3, 2), date(2026, 3, 4), date(2026, 3, 9))  # to the reminder, and on to the coordinator
BUSY = 12  # more alerts a day of one person, who gets some of them in one message
QUICK_FAULTS = (
    "429", "500", "redirect", "reset", "bomb", "huge", "kept, then 500", "kept, then reset",
    "451", "kept, then 451", "kept, then dropped",
)  # fmt: skip
FAILING: Mapping[str, float] = dict.fromkeys(QUICK_FAULTS, 0.003)


@dataclass(frozen=True, slots=True)
class Case:
    """So many schedulers at once, killed so often, while so many accounts go stale each day."""

    what: str
    schedulers: int
    kills: int
    alerts_a_day: int
    faults: Mapping[str, float] = field(default_factory=dict)
    days: tuple[date, ...] = DAYS[:2]
    seed: int = 1
    busy: int = BUSY

    def times(self, share: float) -> "Case":
        """The same with fewer kills and alerts."""
        return replace(self, kills=round(self.kills * share), alerts_a_day=max(20, round(self.alerts_a_day * share)))


KILLED = tuple(Case("killed in sweep and delivery", number, 28, 130, FAILING, seed=number) for number in (1, 2, 3, 4))
CALM = Case("nobody killed, receivers fail", 3, 0, 130, FAILING, days=DAYS)
CASES = (*KILLED, CALM)


@dataclass(frozen=True, slots=True)
class Played:
    """A case with what was counted, and how often a kill found work that was not done."""

    database: str
    case: Case
    found: Findings
    kills: int
    in_work: int
    seconds: float

    @property
    def broken(self) -> list[str]:
        """Every promise that was not kept."""
        found = self.found
        return [
            *found.lost, *found.keys, *found.wrong,
            *([f"{found.repeated} repeats by {self.kills} kills"] if found.repeated > self.kills else []),
        ]  # fmt: skip


@dataclass(slots=True)
class Play:
    """A portfolio with everybody who listens, and schedulers that can be started: what is played is then counted."""

    stage: Stage
    portfolio: Portfolio
    receivers: Receivers
    ears: list[Ear]
    nights: Nights
    started: float

    @property
    def book(self) -> Book:
        """What the receivers have written down."""
        return self.receivers.book

    def counted(self, case: Case) -> Played:
        """What has come of it."""
        found = count(self.portfolio, self.nights.days, self.book, self.ears)
        if hasty := early(self.book.arrivals, RETRY_AFTER, "429"):
            found.wrong.append(f"{hasty} sent before Retry-After")
        taken = time.perf_counter() - self.started
        return Played(self.stage.name, case, found, self.nights.kills, self.nights.in_work, taken)


@contextmanager
def set_up(
    place: Place, case: Case, *, weekday: int = 0, hour: int = 8, zone: str = "UTC", rate: float = RATE,
    unknown: frozenset[str] = frozenset(),
) -> Iterator[Play]:  # fmt: skip
    """Everything that a case needs, for the length of a `with`.

    Digests are due on a weekday at an hour; the mail server does not know the addresses in `unknown`.
    """
    started = time.perf_counter()
    with ExitStack() as stack:
        stage = stack.enter_context(staged(place, rate=rate, timezone=zone))
        portfolio = make_portfolio(stage.session, list(case.days), case.alerts_a_day, busy=case.busy, zone=zone)
        book = Book(stage.time.now, case.seed, case.faults)
        receivers = open_receivers(stack, book, unknown)
        ears = listen(stage.session, portfolio, receivers, weekday=weekday, hour=hour)
        living = stack.enter_context(schedulers(stage.settings, **receivers.settings))
        yield Play(stage, portfolio, receivers, ears, Nights(stage, living, random.Random(case.seed)), started)


def play(place: Place, case: Case) -> Played:
    """Play the days of a case on an empty database and count."""
    with set_up(place, case) as played:
        for number, day in enumerate(case.days):
            played.nights.play(day, together=case.schedulers, kills=_share(case.kills, number, len(case.days)))
        return played.counted(case)


def _share(kills: int, number: int, of: int) -> int:
    return kills * (number + 1) // of - kills * number // of
