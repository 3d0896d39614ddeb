"""The sweep as a job: it visits what is due, counts what it did, and a bad account does not spoil the night."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from changetrack.jobs import stale_sweep
from changetrack.jobs.runner import Runner
from changetrack.jobs.schedule import get_job
from changetrack.models import Account, Alert
from changetrack.operations.night import climb_ladder
from tests.clock import TODAY, FixedClock
from tests.factories._saving import Saver
from tests.functional.jobs.conftest import Portfolio

SWEEP = get_job("stale-sweep")


def test_the_sweep_counts_what_it_did(session: Saver, portfolio: Portfolio, runner: Runner) -> None:
    portfolio(3)

    first = runner.run_now(SWEEP, TODAY, lambda _done, _of: None)
    second = runner.run_now(SWEEP, TODAY, lambda _done, _of: None)

    assert (first.counts["swept"], first.counts["raised"]) == (3, 3)
    assert set(second.counts.values()) == {0}
    assert len(session.scalars(select(Alert.id)).all()) == 3


def test_a_bad_account_is_counted_and_stays_due(session: Saver, portfolio: Portfolio, runner: Runner) -> None:
    portfolio(3)
    session.get_one(Account, 1).event_seq = 0  # so that its next event cannot be written
    session.commit()

    outcome = runner.run_now(SWEEP, TODAY, lambda _done, _of: None)

    session.rollback()
    assert (outcome.counts["swept"], outcome.counts["failed"], outcome.counts["raised"]) == (2, 1, 2)
    assert session.get_one(Account, 1).due_on == TODAY
    assert session.get_one(Account, 1).stale is False


def test_an_account_that_cannot_climb_holds_up_no_other(
    session: Saver, portfolio: Portfolio, runner: Runner, clock: FixedClock
) -> None:
    portfolio(3)
    runner.run_now(SWEEP, TODAY, lambda _done, _of: None)
    session.get_one(Account, 2).event_seq = 0  # so that its next event cannot be written
    session.commit()
    clock.move(days=3)

    outcome = runner.run_now(SWEEP, clock.today(), lambda _done, _of: None)

    session.rollback()
    assert (outcome.counts["escalated"], outcome.counts["failed"]) == (2, 1)
    assert session.scalars(select(Alert.rung).order_by(Alert.account_id)).all() == [1, 0, 1]


def test_what_somebody_was_at_when_its_page_climbed_climbs_the_same_night(
    session: Saver, portfolio: Portfolio, runner: Runner, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    portfolio(3)
    runner.run_now(SWEEP, TODAY, lambda _done, _of: None)
    clock.move(days=3)
    pages: list[Any] = []

    def climb(**page: Any) -> Any:
        pages.append(page)
        return (0, page["after"]) if len(pages) == 1 else climb_ladder(**page)  # all accounts were locked at first

    monkeypatch.setattr(stale_sweep, "climb_ladder", climb)

    outcome = runner.run_now(SWEEP, clock.today(), lambda _done, _of: None)

    assert outcome.counts["escalated"] == 3
    assert session.scalars(select(Alert.rung)).all() == [1, 1, 1]


def test_the_progress_is_told_after_each_page(session: Saver, portfolio: Portfolio, runner: Runner) -> None:
    portfolio(3)
    seen: list[tuple[int, int]] = []

    runner.run_now(SWEEP, TODAY, lambda done, of: seen.append((done, of)))

    assert set(seen) == {(3, 3)}


def test_a_sweep_of_an_earlier_day_leaves_alone_what_is_on_record_beyond_it(
    session: Saver, portfolio: Portfolio, runner: Runner, clock: FixedClock
) -> None:
    portfolio(2)
    early = TODAY - timedelta(days=20)
    for account in session.scalars(select(Account)):
        account.due_on = early
    session.get_one(Account, 1).standing_on = TODAY
    session.commit()

    outcome = runner.run_now(SWEEP, early, lambda _done, _of: None)

    assert (outcome.counts["ahead"], outcome.counts["swept"]) == (1, 1)
    assert session.scalars(select(Alert.raised_on)).all() == [early]
