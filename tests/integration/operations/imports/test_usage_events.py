"""Bringing in events of use by file: each counts once, whichever file has it, and like one that was sent."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from changetrack.domain.usage import Arrival
from changetrack.models import Import, Metric, UsageDaily, UsageEvent, UsageMember
from changetrack.operations.usage.ingest import ingest_events
from tests.factories import make_metric, make_rule, make_source
from tests.integration.operations.imports.conftest import Clerk

HEAD = "external_id,metric,day,value,event_id,member\n"
METRICS = {"calls": "sum", "peak": "max", "seats": "last", "users": "distinct"}


@pytest.fixture
def known(clerk: Clerk) -> Clerk:
    """Two accounts, one of which has another name, and a metric of each kind."""
    clerk.load("accounts", "external_id,name\nA-1,Ahorn\nA-2,Birke\n")
    clerk.load("aliases", "external_id,alias\nA-1,S-1\n")
    for key, aggregation in METRICS.items():
        make_metric(clerk.session, key, aggregation=aggregation)
    clerk.session.commit()
    return clerk


def counted(clerk: Clerk, external_id: str = "A-1") -> dict[str, str]:
    """The newest counted numbers, by metric and day of the month."""
    query = (
        select(Metric.key, UsageDaily.day, UsageDaily.counted)
        .join(Metric, Metric.id == UsageDaily.metric_id)
        .where(UsageDaily.account_id == clerk.account(external_id).id)
        .order_by(UsageDaily.recorded_on)
    )
    return {f"{row.key} {row.day.day}": f"{row.counted}" for row in clerk.session.execute(query)}


@pytest.mark.parametrize(("metric", "together"), [("calls", "9"), ("peak", "5"), ("seats", "1")])
def test_events_of_a_day_add_up(known: Clerk, metric: str, together: str) -> None:
    rows = "".join(f"A-1,{metric},2026-02-01,{n},e-{n},\n" for n in (3, 5, 1))

    result = known.load("usage", HEAD + rows)

    assert (result.rows, result.created) == (3, 1)
    assert counted(known) == {f"{metric} 1": together}


def test_an_event_counts_once_within_a_file_and_across_files(known: Clerk) -> None:
    known.load("usage", HEAD + "A-1,calls,2026-02-01,3,e-1,\nS-1,calls,2026-02-01,3,e-1,\n")
    known.next_day()

    again = known.load("usage", HEAD + "S-1,calls,2026-02-01,3,e-1,\nA-1,calls,2026-02-01,4,e-2,\n")

    assert counted(known) == {"calls 1": "7"}
    assert (again.created, again.updated) == (0, 1)
    assert known.is_sound()


def test_one_id_on_other_days_accounts_and_metrics_is_another_event(known: Clerk) -> None:
    rows = ("A-1,calls,2026-02-01,3,e-1,", "A-1,calls,2026-02-02,3,e-1,", "A-2,calls,2026-02-01,3,e-1,",
            "A-1,peak,2026-02-01,3,e-1,")  # fmt: skip

    result = known.load("usage", HEAD + "\n".join(rows))

    assert result.created == 4


def test_an_event_without_a_number_counts_one(known: Clerk) -> None:
    rows = "".join(f"A-1,2026-02-01,e-{n}\n" for n in (1, 2, 2))

    known.load("usage", "external_id,day,event_id\n" + rows, constants={"metric": "calls"})

    assert counted(known) == {"calls 1": "2"}


def test_members_are_counted_once_a_day_and_kept_as_digests(known: Clerk) -> None:
    rows = (("1", "u-1"), ("2", "u-1"), ("3", "u-2"))
    known.load("usage", HEAD + "".join(f"A-1,users,2026-02-01,,e-{n},{who}\n" for n, who in rows))

    known.load("usage", HEAD + "A-1,users,2026-02-01,,e-4,u-2\nA-1,users,2026-02-02,,e-5,u-2\n")

    assert counted(known) == {"users 1": "2", "users 2": "1"}
    kept = set(known.session.scalars(select(UsageMember.member)))
    assert {len(member) for member in kept} == {32}
    assert known.is_sound()


def test_members_without_event_ids_state_the_day(known: Clerk) -> None:
    head = "external_id,metric,day,member\n"
    known.load("usage", head + "A-1,users,2026-02-01,u-1\nA-1,users,2026-02-01,u-2\nA-1,users,2026-02-01,u-1\n")
    known.next_day()

    known.load("usage", head + "A-1,users,2026-02-01,u-3\n")

    query = select(UsageDaily.stated, UsageDaily.counted).order_by(UsageDaily.recorded_on)
    assert known.session.execute(query).all() == [(Decimal(2), Decimal(2)), (Decimal(1), Decimal(3))]
    assert known.is_sound()


def test_members_of_an_unknown_account_wait_with_their_digests(known: Clerk) -> None:
    rows = "external_id,metric,day,member\nS-9,users,2026-02-01,u-1\nS-9,users,2026-02-01,u-2\n"
    result = known.load("usage", rows)
    known.next_day()

    known.load("aliases", "external_id,alias\nA-2,S-9\n")

    assert result.waiting == 2
    assert counted(known, "A-2") == {"users 1": "2"}
    again = known.again("usage", rows)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 1)
    assert known.is_sound()


@pytest.mark.parametrize("name", ["S-9", "A-2", "S-10"])
def test_events_that_waited_are_known_again_under_any_name(known: Clerk, name: str) -> None:
    known.load("usage", HEAD + "S-9,calls,2026-02-01,3,e-1,\nS-9,seats,2026-02-01,4,e-1,\n")
    known.next_day()
    known.load("aliases", "external_id,alias\nA-2,S-9\nA-2,S-10\n")

    again = known.load("usage", HEAD + f"{name},calls,2026-02-01,3,e-1,\n")

    assert (again.waiting, again.created, again.updated) == (0, 0, 0)
    assert counted(known, "A-2") == {"calls 1": "3", "seats 1": "4"}


def test_an_event_that_waits_under_two_names_of_one_account_counts_once(known: Clerk) -> None:
    known.load("usage", HEAD + "S-9,calls,2026-02-01,3,e-1,\nS-10,calls,2026-02-01,3,e-1,\n")
    known.load("usage", HEAD + "A-2,calls,2026-02-01,3,e-1,\n")

    known.load("aliases", "external_id,alias\nA-2,S-9\nA-2,S-10\n")

    assert counted(known, "A-2") == {"calls 1": "3"}
    assert known.session.scalars(select(UsageEvent.state)).all() == ["counted"]


def test_events_of_long_ago_count_too(known: Clerk) -> None:
    known.load("usage", HEAD + "A-1,calls,2023-02-01,3,e-1,\n")

    assert counted(known) == {"calls 1": "3"}


def test_rows_that_cannot_be_events_are_told(known: Clerk) -> None:
    rows = (
        "A-1,users,2026-02-01,3,e-1,\n"
        "A-1,calls,2026-02-01,,e-2,\n"
        f"A-1,calls,2026-02-01,1,{'e' * 201},\n"
        "A-1,peak,2026-02-01,,e-3,u-1\n"
        "A-1,users,2026-02-01,,,\n"
        "A-1,users,2026-02-01,-1,e-4,u-1\n"
    )

    assert known.refused("usage", HEAD + rows) == [
        (2, "member"), (3, "value"), (4, "event_id"), (5, "value"), (6, "value"), (7, "value"),
    ]  # fmt: skip


def test_a_statement_goes_before_events_whatever_the_order(known: Clerk) -> None:
    known.load("usage", HEAD + "A-1,calls,2026-02-01,10,,\n")

    known.load("usage", HEAD + "A-1,calls,2026-02-01,3,e-1,\n")

    assert known.session.execute(select(UsageDaily.stated, UsageDaily.counted)).all() == [(Decimal(10), Decimal(3))]


class Use(NamedTuple):
    """Something that happened."""

    number: int
    metric: str
    external_id: str
    days_ago: int
    value: int
    user: str


uses = st.builds(
    Use, st.integers(1, 30), st.sampled_from(sorted(METRICS)), st.sampled_from(["A-1", "S-1", "A-2"]),
    st.integers(0, 3), st.integers(0, 50), st.sampled_from(["u-1", "u-2", "u-3"]),
)  # fmt: skip


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(uses, max_size=30, unique_by=lambda use: use.number), st.integers(0, 30))
def test_events_of_a_file_count_like_events_that_were_sent(known: Clerk, happened: list[Use], cut: int) -> None:
    session, source = known.session, _source_with_rules(known)
    early = [use for use in happened[:cut] if use.metric != "seats"]  # which file is the later one a day does not say

    for part in (early, happened, happened[cut:]):
        known.again("usage", HEAD + "".join(_row(known, use) for use in part))
    by_file = _all_numbers(known)
    _forget(known)
    for use in reversed(happened):
        ingest_events(
            source_id=source, events=[_arrival(known, use, happened.index(use))], secret="another secret",
            actor=known.actor, now=known.now, today=known.today, retention_days=400,
        )  # fmt: skip
    session.rollback()

    assert by_file == _all_numbers(known)
    _forget(known)


def _source_with_rules(clerk: Clerk) -> int:
    source = clerk.session.scalar(select(Metric.id).where(Metric.key == "sent"))
    if source is not None:
        return 1
    made = make_source(clerk.session)
    make_metric(clerk.session, "sent")
    for metric in clerk.session.scalars(select(Metric).where(Metric.key.in_(METRICS))):
        make_rule(clerk.session, metric, metric.key, property=None if metric.aggregation == "distinct" else "value")
    clerk.session.commit()
    return made.id


def _row(clerk: Clerk, use: Use) -> str:
    day = clerk.today - timedelta(days=use.days_ago)
    return f"{use.external_id},{use.metric},{day},{use.value},e-{use.number},{use.user}\n"


def _arrival(clerk: Clerk, use: Use, place: int) -> Arrival:
    """A file's last line of a day is the last that happened on it."""
    day = clerk.today - timedelta(days=use.days_ago)
    at = datetime.combine(day, time(), UTC) + timedelta(seconds=place)
    return Arrival(f"e-{use.number}", use.metric, use.external_id, use.user, {"value": use.value}, at)


def _all_numbers(clerk: Clerk) -> list[tuple[object, ...]]:
    columns = (UsageDaily.account_id, UsageDaily.metric_id, UsageDaily.day, UsageDaily.counted)
    return [tuple(row) for row in clerk.session.execute(select(*columns).order_by(*columns[:3]))]


def _forget(clerk: Clerk) -> None:
    for table in (UsageEvent, UsageDaily, UsageMember, Import):
        clerk.session.execute(delete(table))
    clerk.session.commit()
