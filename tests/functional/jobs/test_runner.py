"""A run happens once, whoever tries; it is taken over when its process is lost, and tried again when it fails."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from changetrack.domain.people import Actor
from changetrack.jobs.job import Daily, Job, Often, Run
from changetrack.jobs.runner import LEASE, RETRIED_AFTER, Runner
from changetrack.models import JobRun
from changetrack.operations.jobs import Turn, claim_run, forget_old_runs, note_heartbeat
from changetrack.queries.jobs import LastTurn, list_last_runs, list_turns
from tests.clock import FixedClock
from tests.conftest import Stage
from tests.factories import make_heartbeat, make_job_run
from tests.factories._saving import Saver


@dataclass
class Bell:
    """A job that counts how often it is rung."""

    clock: FixedClock
    rung: int = 0
    trouble: list[Exception] = field(default_factory=list)
    takes: timedelta = timedelta()

    @property
    def job(self) -> Job:
        return Job("bell", "Rings.", self.ring, Daily(5))

    def ring(self, run: Run) -> Mapping[str, int]:
        self.rung += 1
        if self.trouble:
            raise self.trouble.pop()
        self.clock.move(seconds=self.takes.total_seconds())
        run.beat(1, 1)
        return {"rung": self.rung}


@pytest.fixture
def bell(clock: FixedClock) -> Bell:
    return Bell(clock)


def states(session: Saver) -> list[tuple[str, str]]:
    session.rollback()
    return [(row.slot, row.state) for row in session.scalars(select(JobRun).order_by(JobRun.slot))]


def test_a_run_is_done_once_for_its_day(session: Saver, runner: Runner, bell: Bell, clock: FixedClock) -> None:
    first, second = runner.run_if_due(bell.job), runner.run_if_due(bell.job)
    clock.move(days=1)
    next_day = runner.run_if_due(bell.job)

    assert (first is not None, second, next_day is not None) == (True, None, True)
    assert states(session) == [("2026-03-02", "done"), ("2026-03-03", "done")]
    assert list_last_runs()["bell"].counts == {"rung": 2}


def test_a_missed_week_is_caught_up_once(session: Saver, runner: Runner, bell: Bell, clock: FixedClock) -> None:
    runner.run_if_due(bell.job)
    clock.move(days=7)

    runner.run_if_due(bell.job)
    runner.run_if_due(bell.job)

    assert bell.rung == 2
    assert states(session) == [("2026-03-02", "done"), ("2026-03-09", "done")]


def test_a_run_that_fails_is_tried_again_after_a_while(
    session: Saver, runner: Runner, bell: Bell, clock: FixedClock
) -> None:
    bell.trouble.append(ValueError("the rope broke"))

    failed, at_once = runner.run_if_due(bell.job), runner.run_if_due(bell.job)
    noted = list_last_runs()["bell"]
    clock.move(seconds=RETRIED_AFTER.total_seconds())
    later = runner.run_if_due(bell.job)

    assert failed is not None
    assert failed.error == noted.error == "ValueError: the rope broke"
    assert (noted.state, at_once) == ("failed", None)
    assert later is not None
    assert states(session) == [("2026-03-02", "done")]


def test_a_run_of_a_lost_process_is_taken_over_when_its_lease_ends(
    session: Saver, runner: Runner, bell: Bell, clock: FixedClock
) -> None:
    lost: dict[str, Any] = {"name": "bell", "slot": "2026-03-02", "lease": LEASE, "actor": Actor.system("bell")}
    claim_run(now=clock.now(), **lost)  # and nothing more is heard of it

    clock.move(seconds=LEASE.total_seconds() - 1)
    too_early = runner.run_if_due(bell.job)
    clock.move(seconds=1)
    taken_over = runner.run_if_due(bell.job)

    assert too_early is None
    assert taken_over is not None
    assert states(session) == [("2026-03-02", "done")]


def test_a_run_that_was_taken_over_stops_and_writes_nothing(
    session: Saver, runner: Runner, bell: Bell, clock: FixedClock
) -> None:
    def slowly(run: Run) -> Mapping[str, int]:
        clock.move(seconds=LEASE.total_seconds())
        claim_run(name="bell", slot="2026-03-02", lease=LEASE, actor=run.actor, now=clock.now())
        run.beat(1, 2)
        raise AssertionError("it should have stopped")

    slow = runner.run_if_due(Job("bell", "Rings slowly.", slowly, Daily(5)))

    assert slow is not None
    assert slow.error == "another scheduler has taken this run over"
    assert states(session) == [("2026-03-02", "running")]


def test_a_long_run_keeps_its_lease(session: Saver, runner: Runner, bell: Bell, clock: FixedClock) -> None:
    def long(run: Run) -> Mapping[str, int]:
        for done in range(10):
            clock.move(minutes=2)
            run.beat(done, 10)
            assert not claim_run(name="bell", slot="2026-03-02", lease=LEASE, actor=run.actor, now=clock.now())
        return {}

    outcome = runner.run_if_due(Job("bell", "Rings long.", long, Daily(5)))

    assert outcome is not None
    assert outcome.error is None


def test_a_stopped_run_is_free_for_the_next_scheduler_at_once(
    session: Saver, stage: Stage, runner: Runner, bell: Bell
) -> None:
    stopping = Runner(stage.settings, stage.clock, is_stopping=lambda: True)

    stopped, next_one = stopping.run_if_due(bell.job), runner.run_if_due(bell.job)

    assert stopped is not None
    assert stopped.error == "stopped"
    assert next_one is not None
    assert states(session) == [("2026-03-02", "done")]


def test_a_run_by_hand_stands_beside_the_regular_ones(session: Saver, runner: Runner, bell: Bell) -> None:
    by_hand = [runner.run_now(bell.job, bell.clock.today(), lambda _done, _of: None) for _ in range(2)]
    regular = runner.run_if_due(bell.job)

    assert [outcome.counts for outcome in by_hand] == [{"rung": 1}, {"rung": 2}]
    assert regular is not None
    assert len(states(session)) == 3


def often(bell: Bell) -> Job:
    """The bell, rung again and again by every scheduler."""
    return Job("bell", "Rings.", bell.ring, Often(1), lanes=("low", "high"))


def told(runner: Runner, clock: FixedClock) -> list[LastTurn]:
    """What is on record when the scheduler has shown that it lives."""
    turns, actor = runner.take_turns(), Actor.system("scheduler")
    note_heartbeat(name="scheduler", turns=turns, actor=actor, now=clock.now())
    return list_turns()


def test_of_each_lane_the_last_turn_is_told_and_not_each_of_them(
    session: Saver, runner: Runner, bell: Bell, clock: FixedClock
) -> None:
    for _ in range(3):
        clock.move(seconds=1)
        runner.run_if_due(often(bell), "low")
    last = clock.now()
    clock.move(seconds=1)
    runner.run_if_due(often(bell), "high")
    before = states(session)

    found = told(runner, clock)

    assert before == []
    assert [(turn.lane, turn.done_at, turn.is_failing) for turn in found] == [
        ("high", clock.now(), False),
        ("low", last, False),
    ]
    assert len(states(session)) == 2


def test_a_lane_that_fails_says_why_until_it_goes_well_again(
    session: Saver, runner: Runner, bell: Bell, clock: FixedClock
) -> None:
    bell.trouble.append(ValueError("the rope broke"))
    with pytest.raises(ValueError, match="rope"):
        runner.run_if_due(often(bell), "low")
    failing = told(runner, clock)
    clock.move(seconds=1)
    runner.run_if_due(often(bell), "low")

    mended = told(runner, clock)

    assert [(turn.is_failing, turn.error, turn.done_at) for turn in failing] == [
        (True, "ValueError: the rope broke", None)
    ]
    assert [(turn.is_failing, turn.done_at) for turn in mended] == [(False, clock.now())]


def test_a_lane_that_hangs_is_not_told_of_again(runner: Runner, bell: Bell, clock: FixedClock) -> None:
    runner.run_if_due(often(bell), "low")
    last = clock.now()
    told(runner, clock)
    clock.move(hours=1)

    found = told(runner, clock)

    assert [turn.done_at for turn in found] == [last]


def test_a_turn_that_takes_long_shows_with_each_piece_that_it_lives(
    session: Saver, runner: Runner, bell: Bell, clock: FixedClock
) -> None:
    bell.takes = timedelta(hours=1)
    started, seen = clock.now(), []

    def work(run: Run) -> Mapping[str, int]:
        counts = bell.ring(run)
        seen.extend(told(runner, clock))
        return counts

    runner.run_if_due(Job("bell", "Rings.", work, Often(1)))

    assert [turn.done_at for turn in seen] == [started + timedelta(hours=1)]


@pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
def test_all_schedulers_write_their_lanes_in_one_order_so_that_no_two_wait_for_each_other(
    session: Saver, clock: FixedClock
) -> None:
    turns = [Turn("deliver", lane, clock.now()) for lane in ("slack", "email", "webhook", "in_app")]

    note_heartbeat(name="scheduler", turns=turns, actor=Actor.system("scheduler"), now=clock.now())

    written = session.scalars(text("SELECT slot FROM job_runs ORDER BY rowid")).all()
    assert written == [f"turn:{lane}:done" for lane in ("email", "in_app", "slack", "webhook")]


def test_turns_are_no_runs(session: Saver, runner: Runner, bell: Bell, clock: FixedClock) -> None:
    runner.run_if_due(often(bell), "low")
    told(runner, clock)

    assert list_last_runs() == {}


def test_old_runs_and_the_life_of_schedulers_long_gone_are_forgotten(session: Saver, clock: FixedClock) -> None:
    old, lately = clock.now() - timedelta(days=91), clock.now() - timedelta(days=89)
    make_job_run(session, slot="old", started_at=old, leased_until=old)
    make_job_run(session, slot="young", started_at=lately, leased_until=lately)
    make_heartbeat(session, name="gone", seen_at=clock.now() - timedelta(days=2))
    who: dict[str, Any] = {"actor": Actor.system("tidy"), "now": clock.now()}
    for _ in range(2):
        note_heartbeat(name="here", **who)

    assert forget_old_runs(**who) == {"runs": 1, "heartbeats": 1}
    assert states(session) == [("young", "done")]
