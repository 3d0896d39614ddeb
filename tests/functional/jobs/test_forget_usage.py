"""Single events are forgotten once they are old; the numbers of days stay, and nothing counts twice."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from click.testing import Result
from sqlalchemy import func, select

from changetrack.models import Account, Metric, UnmatchedUsage, UsageDaily, UsageEvent, UsageMember
from changetrack.operations.usage.retention import forget_events
from tests.clock import NOW, TODAY
from tests.factories import (
    actor_of,
    make_account,
    make_daily,
    make_member,
    make_metric,
    make_source,
    make_unmatched,
    make_usage_event,
    make_user,
)
from tests.factories._saving import Saver

Run = Callable[..., Result]
KEPT = 400


@pytest.fixture
def used(session: Saver) -> tuple[Account, Metric]:
    """Of the last day that is forgotten and of the first that is kept: an event each, and one who was counted."""
    account, metric, source = make_account(session), make_metric(session, aggregation="distinct"), make_source(session)
    for age, who in ((KEPT + 1, "a"), (KEPT, "b")):
        day, at = TODAY - timedelta(days=age), NOW - timedelta(days=age)
        make_usage_event(session, source, f"counted {who}", day=day, received_at=at, state="counted", name=None)
        make_usage_event(session, source, f"waiting {who}", day=day, received_at=at)
        make_member(session, account, metric, who * 32, day=day, recorded_on=day)
        make_daily(session, account, metric, day=day, recorded_on=day, recorded_at=at)
        make_unmatched(session, metric, day=day, recorded_at=at)
    session.commit()
    return account, metric


def count(session: Saver, model: type) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_what_is_older_than_is_kept_is_deleted_and_counted(
    used: tuple[Account, Metric], session: Saver, run: Run
) -> None:
    session.rollback()

    result = run("jobs", "run", "forget-usage", "--json")

    assert result.exit_code == 0, result.output
    told = '"events": 1, "members": 1, "unmatched_events": 1, "unmatched_numbers": 1'
    assert told in " ".join(result.stdout.split())
    assert set(session.scalars(select(UsageEvent.message_id))) == {"counted b", "waiting b"}
    assert session.scalars(select(UsageMember.member)).all() == ["b" * 32]
    assert count(session, UnmatchedUsage) == 1


def test_the_numbers_of_days_stay(used: tuple[Account, Metric], session: Saver, run: Run) -> None:
    session.rollback()

    run("jobs", "run", "forget-usage")

    assert count(session, UsageDaily) == 2


def test_what_has_only_just_arrived_stays_however_old_its_day(session: Saver, run: Run) -> None:
    account, metric, source = make_account(session), make_metric(session, aggregation="distinct"), make_source(session)
    day = date(2023, 2, 1)
    make_usage_event(session, source, day=day, received_at=NOW)
    make_member(session, account, metric, day=day, recorded_on=TODAY)
    make_unmatched(session, metric, day=day, recorded_at=NOW)
    session.commit()

    run("jobs", "run", "forget-usage")

    assert [count(session, model) for model in (UsageEvent, UsageMember, UnmatchedUsage)] == [1, 1, 1]


def test_a_piece_of_the_work_deletes_no_more_than_it_is_given(session: Saver, now: datetime) -> None:
    source, old = make_source(session), NOW - timedelta(days=500)
    for number in range(3):
        make_usage_event(session, source, f"m-{number}", day=old.date(), received_at=old, state="no_rule")
    session.commit()
    actor = actor_of(make_user(session))

    first = forget_events(before=TODAY, limit=2, actor=actor, now=now)
    second = forget_events(before=TODAY, limit=2, actor=actor, now=now)

    assert (first["events"], second["events"]) == (2, 1)
