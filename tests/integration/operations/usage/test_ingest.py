"""Events are counted exactly once, whatever their order, repetition and batches; what cannot count is kept."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from changetrack.domain.usage import Arrival, member_hash
from changetrack.models import Account, Metric, UsageDaily, UsageMember, UsageSource
from tests.clock import NOW, TODAY
from tests.factories import (
    make_account,
    make_alias,
    make_metric,
    make_outcome,
    make_rule,
    make_source,
    make_write_key,
)
from tests.factories._saving import Saver
from tests.integration.operations.usage.usage_arrivals import (
    SECRET,
    arrival,
    batches,
    forget_usage,
    ingest,
    numbers,
    states,
)

World = dict[str, int]


@pytest.fixture
def world(session: Saver) -> World:
    """Two sources, two accounts, and a metric of each kind fed by the same event."""
    acme, globex = make_account(session, external_id="acme"), make_account(session, external_id="globex")
    make_alias(session, globex, alias="globex-eu")
    one, other = make_source(session), make_source(session, "Mobile app")
    ids = {"acme": acme.id, "globex": globex.id, "one": one.id, "other": other.id}
    for key, aggregation, property_name in (
        ("logins", "sum", None), ("seats", "max", "seats"), ("plan_size", "last", "size"),
        ("spent", "sum", "cart.total"), ("people", "distinct", None), ("features", "distinct", "feature"),
    ):  # fmt: skip
        metric = make_metric(session, key, aggregation=aggregation)
        make_rule(session, metric, property=property_name)
        ids[key] = metric.id
    return ids


WHOLE = {"seats": 7, "size": 3, "cart": {"total": "12.50"}, "feature": "export"}


def test_an_event_feeds_each_metric_by_its_aggregation(session: Saver, world: World) -> None:
    first = arrival("m-1", properties=WHOLE)
    second = arrival("m-2", user="u-2", properties={**WHOLE, "seats": 5, "size": 9}, at=NOW + timedelta(minutes=1))
    third = arrival("m-3", properties={"feature": "import"}, at=NOW - timedelta(minutes=1))

    ingested = ingest(world["one"], first, second, third)

    day, acme = TODAY.isoformat(), world["acme"]
    assert (ingested.new, ingested.states["counted"]) == (3, 3)
    assert numbers(session) == {
        (acme, "logins", day): 3, (acme, "seats", day): 7, (acme, "plan_size", day): 9,
        (acme, "spent", day): 25, (acme, "people", day): 2, (acme, "features", day): 2,
    }  # fmt: skip


def test_an_event_that_comes_again_changes_nothing(session: Saver, world: World) -> None:
    ingest(world["one"], arrival(properties=WHOLE), arrival(properties=WHOLE))
    before = numbers(session)

    again = ingest(world["one"], arrival(properties=WHOLE))

    assert again.new == 0
    assert numbers(session) == before
    assert before[world["acme"], "logins", TODAY.isoformat()] == 1


def test_two_sources_may_use_the_same_message_id(session: Saver, world: World) -> None:
    ingest(world["one"], arrival())

    ingest(world["other"], arrival())

    assert numbers(session)[world["acme"], "logins", TODAY.isoformat()] == 2


def test_an_account_is_known_by_its_id_and_by_its_aliases(session: Saver, world: World) -> None:
    ingest(world["one"], arrival("m-1", name="globex"), arrival("m-2", name="globex-eu"))

    assert numbers(session)[world["globex"], "logins", TODAY.isoformat()] == 2


@pytest.mark.parametrize(
    ("given", "state"),
    [
        ({"event": "Never heard of"}, "no_rule"),
        ({"name": None}, "no_account"),
        ({"name": "who-is-this"}, "unmatched"),
        ({"at": NOW + timedelta(days=1, seconds=1)}, "ahead"),
        ({"at": NOW + timedelta(days=1)}, "counted"),
        ({"at": NOW - timedelta(days=401)}, "too_old"),
        ({"at": NOW - timedelta(days=400)}, "counted"),
    ],
)
def test_what_becomes_of_an_event_is_kept_with_it(
    session: Saver, world: World, given: dict[str, Any], state: str
) -> None:
    ingest(world["one"], arrival(**given))

    assert states(session) == {"m-1": state}
    assert bool(numbers(session)) == (state == "counted")


def test_a_correction_on_a_later_day_is_a_row_of_its_own_that_carries_on(session: Saver, world: World) -> None:
    ingest(world["one"], arrival("m-1"), arrival("m-2"))

    ingest(world["one"], arrival("m-3"), now=NOW + timedelta(days=2))

    rows = session.execute(
        select(UsageDaily.recorded_on, UsageDaily.counted, UsageDaily.recorded_at)
        .where(UsageDaily.metric_id == world["logins"])
        .order_by(UsageDaily.recorded_on)
    ).all()
    assert rows == [(TODAY, Decimal(2), NOW), (TODAY + timedelta(days=2), Decimal(3), NOW + timedelta(days=2))]


def test_a_clock_that_was_set_back_does_not_split_the_numbers(session: Saver, world: World) -> None:
    ingest(world["one"], arrival("m-1"), now=NOW + timedelta(days=1))

    ingest(world["one"], arrival("m-2"), now=NOW)

    rows = select(UsageDaily.recorded_on, UsageDaily.counted).where(UsageDaily.metric_id == world["logins"])
    assert session.execute(rows).all() == [(TODAY + timedelta(days=1), Decimal(2))]


def test_people_are_known_by_a_digest_alone(session: Saver, world: World) -> None:
    ingest(world["one"], arrival(user="mara@example.com"))

    members = set(session.scalars(select(UsageMember.member)))
    assert members == {member_hash(SECRET, "mara@example.com")}


def test_outcomes_that_are_measured_by_it_become_due(session: Saver, world: World) -> None:
    acme, globex = (session.get_one(Account, world[name]) for name in ("acme", "globex"))
    logins = session.get_one(Metric, world["logins"])
    far = TODAY + timedelta(days=9)
    mine, other = (make_outcome(session, account, logins, due_on=far) for account in (acme, globex))

    ingest(world["one"], arrival("m-1", at=NOW - timedelta(days=3)), arrival("m-2"))

    session.rollback()
    assert (mine.due_on, mine.touched_from) == (TODAY, TODAY - timedelta(days=3))
    assert (other.due_on, other.touched_from) == (far, None)


def test_a_day_on_which_all_is_said_already_touches_nothing(session: Saver, world: World) -> None:
    acme, seats = session.get_one(Account, world["acme"]), session.get_one(Metric, world["seats"])
    ingest(world["one"], arrival("m-1", properties={"seats": 7}))
    outcome = make_outcome(session, acme, seats, due_on=None)

    ingest(world["one"], arrival("m-2", properties={"seats": 5}))

    session.rollback()
    assert outcome.due_on is None


def test_the_use_of_a_key_is_noted(session: Saver, world: World) -> None:
    key = make_write_key(session, session.get_one(UsageSource, world["one"]))

    ingest(world["one"], arrival(), key_id=key.id)

    session.rollback()
    assert key.last_used_on == TODAY


EVENTS = st.lists(
    st.builds(
        arrival,
        st.integers(1, 40).map("m-{}".format),
        st.sampled_from(["Signed In", "Exported"]),
        st.sampled_from(["acme", "globex", "globex-eu", "nobody", None]),
        user=st.sampled_from(["u-1", "u-2", "u-3", None]),
        properties=st.fixed_dictionaries({}, optional={
            "seats": st.integers(-1, 9), "size": st.integers(0, 3), "feature": st.sampled_from("abc"),
            "cart": st.fixed_dictionaries({"total": st.decimals(0, 9, places=2).map(str)}),
        }),
        at=st.integers(-3, 0).flatmap(lambda days: st.integers(0, 3).map(
            lambda hours: NOW + timedelta(days=days, hours=hours))),
    ),
    max_size=25,
    unique_by=lambda event: event.message_id,
)  # fmt: skip


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(EVENTS, st.data())
def test_order_repetition_and_batches_change_nothing(
    session: Saver, world: World, events: list[Arrival], data: st.DataObject
) -> None:
    half = len(events) // 2
    for source, its_events in ((world["one"], events[:half]), (world["other"], events[half:])):
        ingest(source, *its_events)
    at_once, kept = numbers(session), states(session)
    forget_usage(session)

    sent = [(world["one"], event) for event in events[:half]] + [(world["other"], event) for event in events[half:]]
    shuffled = data.draw(st.permutations(sent + data.draw(st.lists(st.sampled_from(sent)) if sent else st.just([]))))
    for batch in batches(shuffled, data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))):
        for source in {source for source, _ in batch}:
            ingest(source, *(event for from_source, event in batch if from_source == source))

    assert numbers(session) == at_once
    assert states(session) == kept
    forget_usage(session)
