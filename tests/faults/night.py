"""Business days with accidents: schedulers that are killed at random moments, then others that finish their work."""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from changetrack.models import Endpoint, JobRun, OutboxMessage, db
from tests.faults.processes import Schedulers
from tests.faults.staging import Stage, pause, wait_until

PAST_A_LEASE = timedelta(minutes=5, seconds=1)
HELD_AT_MOST = timedelta(minutes=31)
SWEEP_AT, LAST_AT = time(5), time(23)
LIVES = ((0.002, 0.3), (0.1, 1.5))  # seconds from the first tick to the end: in the sweep, in the delivery
A_MOMENT = timedelta(seconds=3)  # for which it is not worth stopping


@dataclass(slots=True)
class Nights:
    """Plays one business day after the other on a stage."""

    stage: Stage
    schedulers: Schedulers
    chance: random.Random
    kills: int = 0
    in_work: int = 0  # kills that came while something was to be done
    days: list[date] = field(default_factory=list)

    def play(self, day: date, *, together: int, kills: int = 0, at: time = SWEEP_AT) -> None:
        """From `at` on, `together` schedulers at a time, all killed one by one, until there were `kills`; then calm."""
        self.begin(day, at)
        for lives, share in zip(LIVES, (kills - kills // 2, kills // 2), strict=True):
            for left in range(share, 0, -together):
                self._kill_all(min(together, left), lives)
        self.finish(day, together=together)

    def begin(self, day: date, at: time) -> None:
        """Let it be that day."""
        self.days.append(day)
        self.stage.time.set(self._moment(day, at))

    def finish(self, day: date, *, together: int) -> None:
        """Let schedulers live until nothing waits that can be done that day; what has to wait need not wait long."""
        self.schedulers.start(together)
        self.settle(day)
        self.schedulers.stop()

    def settle(self, day: date) -> None:
        """Let those who live do all of that day's work."""
        last = self._moment(day, LAST_AT)
        while True:
            wait_until(self._is_idle, f"the work of {day} is never done")
            soonest = self._next_due()
            if soonest is None or soonest > last:
                break
            self.stage.time.set(soonest + timedelta(seconds=1))

    def _kill_all(self, number: int, lives: tuple[float, float]) -> None:
        """Time passes only when none is alive: nobody's lease ends while its holder works."""
        self.schedulers.start(number)
        victims = list(self.schedulers.alive)
        self.chance.shuffle(victims)
        for victim in victims:
            shortest, longest = lives
            pause(shortest * (longest / shortest) ** self.chance.random())
            self.schedulers.kill(victim)
            self.kills += 1
            self.in_work += not self._is_idle()
        self.stage.time.move(PAST_A_LEASE)

    def _moment(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, ZoneInfo(self.stage.settings.timezone))

    def _is_idle(self) -> bool:
        """Whether the sweep of the newest day is done, and all is calm."""
        slot = JobRun.slot == self.days[-1].isoformat()
        is_calm = self.is_calm()
        return is_calm and db.session.scalar(select(JobRun.state).where(JobRun.name == "stale-sweep", slot)) == "done"

    def is_calm(self) -> bool:
        """Whether nothing is under way, and nothing can be sent for a while."""
        soonest, now = self._next_due(), self.stage.time.now()
        leased = select(OutboxMessage.id).where(OutboxMessage.leased_until > now).limit(1)
        return db.session.scalar(leased) is None and (soonest is None or soonest > now + A_MOMENT)

    def _next_due(self) -> datetime | None:
        """When the next message can be sent: a receiver may have asked for a pause."""
        db.session.rollback()
        waiting = select(OutboxMessage.due_at, OutboxMessage.held_for, OutboxMessage.created_at, Endpoint.not_before)
        waiting = waiting.outerjoin(Endpoint, Endpoint.id == OutboxMessage.endpoint_id)
        waiting = waiting.where(OutboxMessage.delivered_at.is_(None), OutboxMessage.dead_at.is_(None))
        return min((_sendable(*row) for row in db.session.execute(waiting)), default=None)


def _sendable(due_at: datetime, held_for: date | None, created_at: datetime, not_before: datetime | None) -> datetime:
    if held_for is not None:
        return max(due_at, created_at + HELD_AT_MOST)
    return max(due_at, not_before or due_at)
