"""Recognition as a job: together and alone alike, once whoever comes by, and a bad account spoils nothing."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import func, select

from changetrack.domain.people import Actor
from changetrack.jobs import recognise_value
from changetrack.jobs.runner import Runner
from changetrack.jobs.schedule import get_job
from changetrack.models import Account, Event, LedgerEntry, Outcome, UsageDaily
from changetrack.operations._transaction import transaction
from changetrack.operations.usage._daily import News, record_days
from changetrack.operations.usage._touch import touch_outcomes
from changetrack.operations.value.recognition import RecognisedCounts, recognise_accounts, settle_accounts
from changetrack.queries.verify import verify
from tests.clock import NOW, TODAY
from tests.factories import make_metric, make_outcome, make_statement
from tests.factories._saving import Saver
from tests.functional.jobs.conftest import Portfolio

JOB = get_job("recognise-value")
FIRST_WEEK = date(2026, 1, 5)
V2 = (41, 44, 47, 40, 45, 46, 44, 48)
Used = Callable[[int], None]
Together = Callable[..., RecognisedCounts]
CountedTogether = Callable[[Together, int], int]


@pytest.fixture
def used(session: Saver, portfolio: Portfolio) -> Used:
    """`used(30)`: as many accounts with an outcome that was agreed on, attested to, and met from January on."""

    def make(count: int) -> None:
        portfolio(count)
        metric = make_metric(session, "orders")
        for account in session.scalars(select(Account).order_by(Account.id)).all():
            began = {"proposed_on": FIRST_WEEK, "state_since": FIRST_WEEK, "agreed_on": FIRST_WEEK, "state": "agreed"}
            outcome = make_outcome(session, account, metric, settle_lag_days=0, due_on=TODAY, **began)
            make_statement(session, outcome, "agreed", given_on=FIRST_WEEK, recorded_on=FIRST_WEEK)
            attested_on = date(2026, 1, 28)
            make_statement(session, outcome, "attested", given_on=attested_on, recorded_on=attested_on)
            for place, value in enumerate(V2):
                number(session, account.id, metric.id, FIRST_WEEK + timedelta(weeks=place), value)
        session.commit()

    return make


def number(session: Saver, account_id: int, metric_id: int, day: date, value: int) -> None:
    moment = datetime.combine(day, datetime.min.time(), UTC)
    key = {"account_id": account_id, "metric_id": metric_id, "day": day}
    session.add(UsageDaily(**key, recorded_on=day, stated=Decimal(value), recorded_at=moment))


def posted(session: Saver) -> dict[int, list[tuple[object, ...]]]:
    """The ledger of each account."""
    session.rollback()
    found: dict[int, list[tuple[object, ...]]] = {}
    for e in session.scalars(select(LedgerEntry).order_by(LedgerEntry.account_id, LedgerEntry.seq)):
        found.setdefault(e.account_id, []).append((e.seq, e.measure, e.posted_on, e.known_on, e.amount, e.words))
    return found


def nobody_looks(_done: int, _of: int) -> None:
    """No progress is shown."""


def test_many_together_come_to_the_same_as_each_alone(
    session: Saver, used: Used, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    used(4)
    monkeypatch.setattr(recognise_value, "FEW", 1)
    monkeypatch.setattr(recognise_value, "PAGE", 3)  # the fourth comes alone

    outcome = runner.run_now(JOB, TODAY, nobody_looks)

    ledger = posted(session)
    accounts = session.scalars(select(Account).order_by(Account.id)).all()
    kinds = [session.scalars(select(Event.kind).where(Event.account_id == a.id)).all() for a in accounts]
    assert dict(outcome.counts) == {"recognised": 4, "posted": 36, "changed": 4, "settled": 4, "failed": 0}
    assert all(ledger[account.id] == ledger[1] for account in accounts)
    assert {tuple(a.value["USD"]) for a in accounts} == {(80_000, 40_000, 40_000, 10_000)}
    assert all(sorted(of) == sorted(kinds[0]) for of in kinds)
    assert len({a.progress_on for a in accounts}) == 1
    assert verify(today=TODAY).differences == ()


def test_a_second_run_does_nothing(session: Saver, used: Used, runner: Runner) -> None:
    used(2)
    runner.run_now(JOB, TODAY, nobody_looks)
    before = posted(session)

    again = runner.run_now(JOB, TODAY, nobody_looks)

    assert (set(again.counts.values()), posted(session)) == ({0}, before)


def test_where_nothing_more_follows_nobody_is_settled(
    session: Saver, used: Used, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognise_value, "FEW", 1)
    used(2)
    runner.run_now(JOB, TODAY, nobody_looks)
    for account_id in (1, 2):
        number(session, account_id, 1, TODAY, 60)
        touch_outcomes(session, {(account_id, 1): TODAY}, today=TODAY)
    session.commit()

    outcome = runner.run_now(JOB, TODAY + timedelta(days=6), nobody_looks)

    assert (outcome.counts["recognised"], outcome.counts["posted"], outcome.counts["settled"]) == (2, 2, 0)
    assert verify(today=TODAY + timedelta(days=6)).differences == ()


def test_a_bad_account_is_counted_and_stays_due(
    session: Saver, used: Used, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognise_value, "FEW", 1)
    used(3)
    session.get_one(Account, 2).event_seq = 0  # so that its next event cannot be written
    session.commit()

    outcome = runner.run_now(JOB, TODAY, nobody_looks)

    due = session.scalars(select(Outcome.account_id).where(Outcome.due_on <= TODAY)).all()
    assert (outcome.counts["failed"], outcome.counts["settled"], due) == (1, 2, [2])
    assert set(posted(session)) == {1, 3}


def test_of_several_that_come_by_at_once_one_posts(
    app: Flask, session: Saver, used: Used, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognise_value, "FEW", 1)
    monkeypatch.setattr(recognise_value, "PAGE", 2)
    used(6)
    session.rollback()
    start, failed = threading.Barrier(3), []

    def race() -> None:
        with app.app_context():
            start.wait(timeout=60)
            failed.append(runner.run_now(JOB, TODAY, nobody_looks).counts["failed"])

    threads = [threading.Thread(target=race) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    ledger = posted(session)
    assert (failed, {len(entries) for entries in ledger.values()}) == ([0, 0, 0], {9})
    assert verify(today=TODAY).differences == ()


def test_no_number_is_overlooked_that_comes_while_the_job_is_at_it(
    app: Flask, session: Saver, used: Used, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognise_value, "FEW", 1)
    used(3)
    session.rollback()
    start = threading.Barrier(3)

    def bring(account_id: int) -> None:
        with app.app_context():
            start.wait(timeout=60)
            for number in range(1, 21):
                news = News(stated={(account_id, 1, FIRST_WEEK + timedelta(days=2 + number)): Decimal(number)})
                with transaction() as writing:
                    record_days(writing, news, now=NOW, today=TODAY)

    def recognise() -> None:
        with app.app_context():
            start.wait(timeout=60)
            for _ in range(10):
                runner.run_now(JOB, TODAY, nobody_looks)

    threads = [threading.Thread(target=bring, args=(n,)) for n in (1, 2)] + [threading.Thread(target=recognise)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)

    last = runner.run_now(JOB, TODAY, nobody_looks)
    assert last.counts["failed"] == 0
    assert session.scalars(select(Outcome.account_id).where(Outcome.due_on <= TODAY)).all() == []
    assert verify(today=TODAY).differences == ()


@pytest.mark.parametrize("operation", [recognise_accounts, settle_accounts])
def test_the_number_of_statements_does_not_depend_on_the_number_of_accounts(
    session: Saver, used: Used, counted_together: CountedTogether, operation: Together
) -> None:
    used(12)
    session.rollback()

    few, many = counted_together(operation, 2), counted_together(operation, 10)

    assert many <= few


@pytest.fixture
def counted_together(
    runner: Runner, counted: Callable[[], AbstractContextManager[list[str]]], session: Saver
) -> CountedTogether:
    """`counted_together(settle_accounts, 10)`: the statements that it takes for the next ten due accounts."""
    del runner

    def count(operation: Together, number: int) -> int:
        ids = session.scalars(
            select(Outcome.account_id).where(Outcome.recognised_on.is_(None)).order_by(Outcome.account_id).limit(number)
        ).all()
        session.rollback()
        with counted() as statements:
            operation(
                account_ids=ids,
                actor=Actor.system("recognise-value"),
                now=datetime(2026, 3, 2, 9, tzinfo=UTC),
                today=TODAY,
            )
        assert session.scalar(select(func.count()).select_from(Outcome).where(Outcome.recognised_on.is_not(None)))
        return len(statements)

    return count
