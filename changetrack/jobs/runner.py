"""Running a job: once for each slot whoever tries, taken over when its process is lost, with its counts kept."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from changetrack.config import Clock, Settings
from changetrack.domain.people import Actor
from changetrack.jobs.job import Beat, Daily, Job, LeaseLost, Run, Stopped
from changetrack.operations.jobs import Turn, claim_run, finish_run, keep_run
from changetrack.queries.jobs import is_waiting

LEASE = timedelta(minutes=5)
RENEWED_AFTER = timedelta(minutes=1)
RETRIED_AFTER = timedelta(minutes=10)

log = structlog.get_logger("changetrack.jobs")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run went: what it counted, or why it failed."""

    job: str
    day: date
    counts: Mapping[str, int]
    error: str | None = None


class Runner:
    """Runs jobs by the clock of the application; `is_stopping` is asked between two pieces of work."""

    def __init__(self, settings: Settings, clock: Clock, is_stopping: Callable[[], bool] = lambda: False) -> None:
        self._settings, self._clock = settings, clock
        self._is_stopping = is_stopping
        self._turns: dict[tuple[str, str | None, bool], Turn] = {}  # of each lane the last good one, and that failed

    def take_turns(self) -> tuple[Turn, ...]:
        """How the jobs that run all the time went since this was last asked: told now and then, not turn by turn."""
        turns, self._turns = self._turns, {}
        return tuple(turns.values())

    def run_if_due(self, job: Job, lane: str | None = None) -> Outcome | None:
        """Do the newest run of a job that is due; None when it is done, or somebody else is at it."""
        if not isinstance(job.when, Daily):
            return self._share(job, lane)
        now, today = self._clock.now(), self._clock.today()
        slot = job.when.latest(now.astimezone(ZoneInfo(self._settings.timezone)), today)
        if not is_waiting(name=job.name, slot=slot.isoformat(), now=now):
            return None
        outcome = self._claimed(job, slot.isoformat(), job.day_of(slot, today), _nobody_looks)
        if outcome is not None and outcome.error is None:
            log.info("run_done", job=job.name, slot=slot.isoformat(), day=outcome.day.isoformat(), **outcome.counts)
        return outcome

    def run_now(self, job: Job, day: date, watch: Beat) -> Outcome:
        """Do a job at once about `day`, besides its regular runs; `watch(done, of)` follows its progress."""
        now = self._clock.now()
        slot = f"by hand {now:%Y-%m-%dT%H:%M:%S} {secrets.token_hex(4)}"
        outcome = self._claimed(job, slot, day, watch)
        assert outcome is not None, "nobody else knows this slot"
        return outcome

    def _share(self, job: Job, lane: str | None) -> Outcome:
        """Do a part of what all schedulers do together; a turn that takes long shows with each piece that it lives."""
        today = self._clock.today()

        def beat(done: int, of: int) -> None:
            self._heed(done, of)
            self._turned(job, lane)

        try:
            counts = job.work(self._run(job, today, beat, lane))
        except Stopped:
            raise
        except Exception as error:
            self._turned(job, lane, f"{type(error).__name__}: {error}")
            raise
        self._turned(job, lane)
        return Outcome(job.name, today, counts)

    def _turned(self, job: Job, lane: str | None, error: str | None = None) -> None:
        self._turns[job.name, lane, error is not None] = Turn(job.name, lane, self._clock.now(), error)

    def _claimed(self, job: Job, slot: str, day: date, watch: Beat) -> Outcome | None:
        actor, started = Actor.system(job.name), self._clock.now()
        if not claim_run(name=job.name, slot=slot, lease=LEASE, actor=actor, now=started):
            return None
        held = _Held(job.name, slot, started, actor)

        def beat(done: int, of: int) -> None:
            self._heed(done, of)
            watch(done, of)
            held.keep(self._clock.now())

        try:
            counts = job.work(self._run(job, day, beat))
        except LeaseLost:
            log.warning("run_lost", job=job.name, slot=slot)
            return Outcome(job.name, day, {}, "another scheduler has taken this run over")
        except Stopped:
            held.finish(self._clock.now(), {}, "stopped", retry_after=timedelta())
            return Outcome(job.name, day, {}, "stopped")
        except Exception as error:
            log.exception("run_failed", job=job.name, slot=slot)
            held.finish(self._clock.now(), {}, f"{type(error).__name__}: {error}", retry_after=RETRIED_AFTER)
            return Outcome(job.name, day, {}, f"{type(error).__name__}: {error}")
        held.finish(self._clock.now(), counts, None)
        return Outcome(job.name, day, counts)

    def _run(self, job: Job, day: date, beat: Beat, lane: str | None = None) -> Run:
        zone = ZoneInfo(self._settings.timezone)
        actor, today = Actor.system(job.name), self._clock.today()
        return Run(actor, day, today, zone, self._clock.now, beat, self._settings, lane)

    def _heed(self, _done: int, _of: int) -> None:
        if self._is_stopping():
            raise Stopped


@dataclass(slots=True)
class _Held:
    """A run that this process holds, known by the moment at which it took it."""

    name: str
    slot: str
    started_at: datetime
    actor: Actor
    kept_at: datetime | None = None

    def keep(self, now: datetime) -> None:
        """Prolong the lease now and then. Raises LeaseLost."""
        if now - (self.kept_at or self.started_at) < RENEWED_AFTER:
            return
        self.kept_at = now
        if not keep_run(
            name=self.name, slot=self.slot, started_at=self.started_at, lease=LEASE, actor=self.actor, now=now
        ):
            raise LeaseLost

    def finish(
        self, now: datetime, counts: Mapping[str, int], error: str | None, retry_after: timedelta | None = None
    ) -> None:
        """Write down how it went."""
        finish_run(
            name=self.name,
            slot=self.slot,
            started_at=self.started_at,
            counts=counts,
            error=error,
            retry_after=retry_after,
            actor=self.actor,
            now=now,
        )


def _nobody_looks(_done: int, _of: int) -> None:
    """The progress of a run that no terminal shows."""
