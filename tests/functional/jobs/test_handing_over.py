"""Alerts that change hands, told by the job that delivers: a minute later, together, once."""

from typing import Any

from sqlalchemy import select

from changetrack.jobs.runner import Runner
from changetrack.jobs.schedule import get_job
from changetrack.models import Account, Notification
from changetrack.operations.accounts import edit_account
from tests.clock import TODAY, FixedClock
from tests.factories import Cast
from tests.factories._saving import Saver
from tests.functional.jobs.conftest import Portfolio

DELIVER, SWEEP = get_job("deliver"), get_job("stale-sweep")


def hand_over(session: Saver, cast: Cast, account_id: int, clock: FixedClock) -> None:
    session.rollback()
    given: dict[str, Any] = {"record": {"owner_id": cast.tess.id}, "actor": cast.actor("ada")}
    version = session.get_one(Account, account_id).version
    edit_account(account_id=account_id, version=version, now=clock.now(), today=TODAY, **given)


def inbox(session: Saver, cast: Cast) -> list[str]:
    session.rollback()
    mine = select(Notification.title).where(Notification.user_id == cast.tess.id)
    return sorted(session.scalars(mine))


def tick(runner: Runner) -> None:
    runner.run_if_due(DELIVER, "in_app")


def test_who_gets_firing_alerts_is_told_a_minute_after_the_last_and_once(
    session: Saver, portfolio: Portfolio, runner: Runner, clock: FixedClock
) -> None:
    cast = portfolio(7)
    runner.run_now(SWEEP, TODAY, lambda _done, _of: None)
    for account_id in range(1, 8):
        hand_over(session, cast, account_id, clock)
        clock.move(seconds=10)

    tick(runner)
    early = inbox(session, cast)
    clock.move(minutes=1)
    tick(runner)
    told = inbox(session, cast)
    clock.move(minutes=40)
    tick(runner)

    assert (early, len(told), inbox(session, cast)) == ([], 6, told)
    assert [title for title in told if "more need you, Tess" in title] == [
        "A 6 and 1 more need you, Tess: look through them"
    ]
