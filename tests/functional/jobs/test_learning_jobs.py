"""The jobs around the sweep: learning limits, measuring alerts, writing digests."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import func, select

from changetrack.domain.people import Actor
from changetrack.jobs import digest
from changetrack.jobs.runner import Runner
from changetrack.jobs.schedule import get_job
from changetrack.models import Digest, LearnedLimit, OutboxMessage, User
from changetrack.operations.digests import write_digest
from changetrack.operations.playbook import install_playbook
from tests.clock import NOW, TODAY, FixedClock
from tests.factories import make_account, make_alert, make_event
from tests.factories._saving import Saver

Portfolio = Callable[[int], Any]
Run = Callable[..., Result]


def newest_month(session: Saver) -> date | None:
    session.rollback()
    return session.scalar(select(func.max(LearnedLimit.month)))


def test_limits_are_learned_once_a_month_by_whichever_run_comes_first(
    session: Saver, runner: Runner, clock: FixedClock
) -> None:
    install_playbook(actor=Actor.system("test"), now=NOW)
    counts = []

    for days in (0, 1, 27, 5):  # 2, 3, 30 March, 4 April
        clock.move(days=days)
        outcome = runner.run_if_due(get_job("learn-limits"))
        assert outcome is not None
        counts.append(outcome.counts["months"])

    assert counts == [1, 0, 0, 1]
    assert newest_month(session) == date(2026, 4, 1)


def test_limits_can_be_learned_of_a_past_month_by_hand(session: Saver, run: Run) -> None:
    install_playbook(actor=Actor.system("test"), now=NOW)

    result = run("jobs", "run", "learn-limits", "--as-of", "2026-01-15")

    assert (result.exit_code, newest_month(session)) == (0, date(2026, 1, 1))
    assert "learn-limits for 2026-01-15: months 1, learned 0, due 0." in result.stdout


def test_alerts_are_measured_every_night(session: Saver, runner: Runner) -> None:
    account = make_account(session, claimed_step=3, visit_seq=1)
    past: dict[str, Any] = {"raised_on": TODAY - timedelta(days=20), "raised_at": NOW - timedelta(days=20)}
    make_alert(session, account, useful_until=TODAY - timedelta(days=6), **past)
    make_event(session, account, is_progress=True, effective_on=TODAY - timedelta(9), recorded_at=NOW - timedelta(9))

    outcome = runner.run_if_due(get_job("measure-alerts"))

    assert outcome is not None
    assert outcome.counts == {"useful": 1, "useless": 0}


def test_digests_are_written_again_and_again_but_each_once(
    session: Saver, portfolio: Portfolio, runner: Runner, clock: FixedClock
) -> None:
    portfolio(2)
    session.execute(User.__table__.update().values(created_at=NOW - timedelta(days=30)))  # type: ignore[attr-defined]
    session.commit()
    written = []

    for minutes in (0, 5, 7 * 24 * 60):
        clock.move(minutes=minutes)
        outcome = runner.run_if_due(get_job("digest"))
        assert outcome is not None
        written.append((outcome.counts["written"], outcome.counts["failed"]))

    assert written == [(5, 0), (0, 0), (5, 0)]


def test_digests_of_another_day_can_be_written_by_hand(session: Saver, portfolio: Portfolio, run: Run) -> None:
    portfolio(1)
    session.execute(User.__table__.update().values(created_at=NOW - timedelta(days=90)))  # type: ignore[attr-defined]
    session.commit()

    results = [run("jobs", "run", "digest", "--as-of", "2026-02-25") for _ in range(2)]

    session.rollback()
    assert ["written 5" in results[0].stdout, "written 0" in results[1].stdout] == [True, True]
    assert set(session.scalars(select(Digest.local_date))) == {date(2026, 2, 23)}
    assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 5  # no mail server: in the application


def test_a_digest_that_fails_is_counted_and_stays_due(
    session: Saver, portfolio: Portfolio, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = portfolio(1)
    session.execute(User.__table__.update().values(created_at=NOW - timedelta(days=30)))  # type: ignore[attr-defined]
    session.commit()

    def fail_for_olu(**given: Any) -> bool:
        if given["due"].user_id == cast.olu.id:
            raise RuntimeError("no ink")
        return write_digest(**given)

    monkeypatch.setattr(digest, "write_digest", fail_for_olu)
    first = runner.run_if_due(get_job("digest"))
    monkeypatch.undo()
    second = runner.run_if_due(get_job("digest"))

    assert first is not None
    assert second is not None
    assert first.counts == {"written": 4, "failed": 1}
    assert second.counts == {"written": 1, "failed": 0}
