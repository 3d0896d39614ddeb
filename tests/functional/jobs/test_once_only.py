"""However many schedulers there are, and whichever of them are killed: each alert once, each message once."""

import threading

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from changetrack.domain.people import Actor
from changetrack.jobs.runner import LEASE, Runner
from changetrack.jobs.schedule import get_job
from changetrack.models import Alert, JobRun, Notification, OutboxMessage
from changetrack.operations.jobs import claim_run
from changetrack.operations.night import sweep_account
from tests.clock import FixedClock
from tests.factories._saving import Saver
from tests.functional.jobs.conftest import Portfolio, Script

RUN_IF_DUE = """
from changetrack.app import create_app
from changetrack.jobs.runner import Runner
from changetrack.jobs.schedule import get_job
from tests.clock import FixedClock
clock = FixedClock()
app = create_app(clock=clock)
settings = app.extensions["changetrack.settings"]
with app.app_context():
    for name in ("stale-sweep", "deliver"):
        outcome = Runner(settings, clock).run_if_due(get_job(name))
        print(name, dict(outcome.counts) if outcome else None)
"""
SWEEP_AND_HANG = """
import threading
from dataclasses import replace
from changetrack.app import create_app
from changetrack.jobs.runner import Runner
from changetrack.jobs.schedule import get_job
from changetrack.jobs import stale_sweep
from changetrack.jobs.stale_sweep import sweep_stale
from tests.clock import FixedClock
stale_sweep.PAGE = 5
def aloud(run):
    def beat(done, of):
        print(done, flush=True)
        run.beat(done, of)
        if done == 10:
            threading.Event().wait()
    return sweep_stale(replace(run, beat=beat))
clock = FixedClock()
app = create_app(clock=clock)
settings = app.extensions["changetrack.settings"]
with app.app_context():
    Runner(settings, clock).run_if_due(replace(get_job("stale-sweep"), work=aloud))
"""


def counts(session: Saver) -> tuple[int, int, int]:
    """How many alerts, messages in the outbox, and messages in inboxes there are."""
    session.rollback()
    tables = (Alert, OutboxMessage, Notification)
    alerts, sent, received = (session.scalar(select(func.count()).select_from(t)) or 0 for t in tables)
    return alerts, sent, received


def test_of_many_threads_that_claim_a_run_one_gets_it(app: Flask, session: Saver, clock: FixedClock) -> None:
    session.rollback()
    start, won = threading.Barrier(4), []

    def race() -> None:
        with app.app_context():
            start.wait(timeout=60)
            now, actor = clock.now(), Actor.system("bell")
            won.append(claim_run(name="bell", slot="tonight", lease=LEASE, actor=actor, now=now))

    racers = [threading.Thread(target=race) for _ in range(4)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(timeout=60)

    assert sorted(won) == [False, False, False, True]


def test_of_many_threads_that_deliver_each_message_is_delivered_once(
    app: Flask, session: Saver, portfolio: Portfolio, clock: FixedClock
) -> None:
    portfolio(40)
    for account_id in range(1, 41):
        sweep_account(account_id=account_id, actor=Actor.system("test"), now=clock.now(), today=clock.today())
    session.execute(update(OutboxMessage).values(held_for=None))
    session.commit()
    start, delivered = threading.Barrier(4), []

    def race() -> None:
        with app.app_context():
            start.wait(timeout=60)
            outcome = Runner(app.extensions["changetrack.settings"], clock).run_if_due(get_job("deliver"))
            delivered.append(outcome.counts["delivered"] if outcome else 0)

    racers = [threading.Thread(target=race) for _ in range(4)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(timeout=60)

    assert sum(delivered) == 40
    assert counts(session) == (40, 40, 40)


@pytest.mark.parametrize("stage", ["postgresql"], indirect=True)  # on SQLite the threads above show the same
def test_of_many_processes_one_sweeps_and_all_share_the_delivery(
    session: Saver, portfolio: Portfolio, script: Script
) -> None:
    portfolio(30)
    session.rollback()

    racers = [script(RUN_IF_DUE) for _ in range(4)]
    said = [racer.communicate(timeout=120) for racer in racers]

    assert [racer.returncode for racer in racers] == [0] * 4, said
    assert sum("stale-sweep {'swept': 30" in out for out, _ in said) == 1, said
    assert counts(session) == (30, 31, 6)  # five singly, the others in one letter
    assert session.scalar(select(func.count()).select_from(JobRun)) == 1


def test_a_sweep_whose_process_is_killed_is_finished_by_another(
    session: Saver, portfolio: Portfolio, script: Script, runner: Runner, clock: FixedClock
) -> None:
    portfolio(30)
    session.rollback()
    victim = script(SWEEP_AND_HANG)
    assert victim.stdout is not None
    reached = [next(victim.stdout) for _ in range(2)]
    victim.kill()
    victim.communicate(timeout=30)
    swept_before = counts(session)[0]
    clock.move(seconds=LEASE.total_seconds())

    finished = runner.run_if_due(get_job("stale-sweep"))
    runner.run_if_due(get_job("deliver"))

    assert [line.strip() for line in reached] == ["5", "10"]
    assert 10 <= swept_before < 30
    assert finished is not None
    assert session.scalar(select(func.count()).select_from(JobRun).where(JobRun.name == "stale-sweep")) == 1
    assert counts(session)[0] == 30
    raised = session.scalars(select(OutboxMessage).where(OutboxMessage.key.contains(":raised:"))).all()
    assert len(raised) == 30
    assert all(message.delivered_at is not None for message in raised)


def test_a_message_held_by_a_killed_process_is_delivered_once_its_lease_ends(
    session: Saver, portfolio: Portfolio, script: Script, runner: Runner, clock: FixedClock
) -> None:
    portfolio(3)
    runner.run_if_due(get_job("stale-sweep"))
    session.rollback()
    hold = (
        "import time; from datetime import *; from changetrack.app import create_app\n"
        "from changetrack.operations.delivery import claim_messages\n"
        "from changetrack.domain.people import Actor\n"
        "with create_app().app_context():\n"
        f"    now = datetime.fromisoformat({clock.now().isoformat()!r})\n"
        "    given = {'channel': 'in_app', 'limit': 2, 'lease': timedelta(minutes=2), 'actor': Actor.system('x')}\n"
        "    print(len(claim_messages(**given, now=now)))\n"
        "    time.sleep(60)\n"
    )
    victim = script(hold)
    assert victim.stdout is not None
    assert next(victim.stdout).strip() == "2"
    victim.kill()
    victim.communicate(timeout=30)

    runner.run_if_due(get_job("deliver"))
    before = counts(session)
    clock.move(minutes=2)
    runner.run_if_due(get_job("deliver"))

    assert (before, counts(session)) == ((3, 3, 1), (3, 3, 3))


@pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
def test_a_bad_message_does_not_hold_up_the_others(
    session: Saver, portfolio: Portfolio, runner: Runner, clock: FixedClock
) -> None:
    portfolio(3)
    runner.run_if_due(get_job("stale-sweep"))
    bad = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id).limit(1)).one()
    bad.payload = {"facts": ["no pair of label and value"]}
    session.commit()

    outcome = runner.run_if_due(get_job("deliver"))

    assert outcome is not None
    assert outcome.counts == {"delivered": 2, "dropped": 0, "failed": 1, "given_up": 0}
    clock.move(hours=1)
    again = runner.run_if_due(get_job("deliver"))
    assert again is not None
    assert again.counts["failed"] == 1
