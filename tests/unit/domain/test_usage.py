"""What an event adds, what a number may be, and how the numbers of a day come together."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.usage import (
    Aggregation,
    Arrival,
    DayNumber,
    Feed,
    Rule,
    combined,
    event_number,
    feeds_of,
    member_hash,
    state_of,
    stated_number,
    with_number,
)

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECRET = "a secret"


def arrival(**more: Any) -> Arrival:
    whole: dict[str, Any] = {"message_id": "m", "event": "Exported", "name": "acme", "user": "mara", "at": NOW}
    return Arrival(**{**whole, "properties": {}, **more})


def feed(aggregation: Aggregation, property_name: str | None = None, **more: Any) -> Feed | None:
    found = feeds_of(arrival(**more), [Rule("Exported", 1, aggregation, property_name)], SECRET)
    return found[0] if found else None


def test_a_sum_without_property_counts_events() -> None:
    assert feed("sum") == Feed(1, "sum", Decimal(1), None)


@pytest.mark.parametrize("aggregation", ["sum", "max", "last"])
def test_with_a_property_its_number_counts(aggregation: Aggregation) -> None:
    found = feed(aggregation, "rows", properties={"rows": 12.25})

    assert found == Feed(1, aggregation, Decimal("12.25"), None)


@pytest.mark.parametrize("aggregation", ["max", "last"])
def test_a_largest_or_last_number_needs_a_property(aggregation: Aggregation) -> None:
    assert feed(aggregation) is None


@pytest.mark.parametrize("properties", [{"cart": {"total": 3}}, {"cart.total": 3, "cart": {"total": 9}}])
def test_a_property_may_stand_inside_of_another(properties: dict[str, Any]) -> None:
    assert feed("sum", "cart.total", properties=properties) == Feed(1, "sum", Decimal(3), None)


@pytest.mark.parametrize("properties", [{}, {"cart": 3}, {"cart": None}, {"cart": {"total": {}}}, {"cart": {}}])
def test_a_property_that_is_not_there_adds_nothing(properties: dict[str, Any]) -> None:
    assert feed("sum", "cart.total", properties=properties) is None


def test_different_users_are_counted_by_their_digest() -> None:
    assert feed("distinct") == Feed(1, "distinct", None, member_hash(SECRET, "mara"))
    assert feed("distinct", user=None) is None


@pytest.mark.parametrize(("value", "text"), [("a", "a"), (5, "5"), (True, "true"), (" a ", "a")])
def test_different_values_are_counted_by_their_digest(value: object, text: str) -> None:
    found = feed("distinct", "feature", properties={"feature": value})

    assert found == Feed(1, "distinct", None, member_hash(SECRET, text))


@pytest.mark.parametrize("value", [None, "", "  ", [], {"a": 1}, 10**18, float("nan"), float("inf")])
def test_what_identifies_nothing_is_not_counted(value: object) -> None:
    assert feed("distinct", "feature", properties={"feature": value}) is None


def test_a_digest_tells_nothing_without_the_secret() -> None:
    digests = {member_hash(SECRET, "mara"), member_hash("another", "mara"), member_hash(SECRET, "tom")}

    assert {len(digest) for digest in digests} == {32}
    assert len(digests) == 3
    assert member_hash(SECRET, "\ud800") == member_hash(SECRET, "\ud800")


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (0, "0"), (-0.0, "0"), (1, "1"), (12.5, "12.5"), ("12.5", "12.5"), (" 7 ", "7"), (0.1, "0.1"),
        (0.00005, "0"), (0.00015, "0.0002"), (Decimal("2.00005"), "2"), (10**9, "1000000000"), ("0" * 12 + "7", "7"),
    ],
)  # fmt: skip
def test_what_is_a_number(value: object, number: str) -> None:
    assert event_number(value) == Decimal(number)


@pytest.mark.parametrize(
    "value",
    [
        None, True, False, "", "many", "1e3", "-1", "+1", "1,5", "٣", "NaN", -1, -0.1, 10**9 + 1, 10**400, 1e300,
        float("nan"), float("inf"), Decimal("sNaN"), Decimal("-Infinity"), [], {}, "9" * 5000,
    ],
)  # fmt: skip
def test_what_is_none(value: object) -> None:
    assert event_number(value) is None


def test_more_may_be_stated_than_one_event_carries() -> None:
    assert stated_number(10**12) == 10**12
    assert stated_number(10**12 + 1) is None


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ({}, "counted"),
        ({"name": None}, "no_account"),
        ({"at": NOW + timedelta(days=1)}, "counted"),
        ({"at": NOW + timedelta(days=1, microseconds=1)}, "ahead"),
        ({"at": NOW - timedelta(days=400, hours=9)}, "counted"),
        ({"at": NOW - timedelta(days=400, hours=9, microseconds=1)}, "too_old"),
    ],
)
def test_what_becomes_of_an_event(more: dict[str, Any], state: str) -> None:
    feeds = [Feed(1, "sum", Decimal(1), None)]

    assert state_of(arrival(**more), feeds, is_known=True, now=NOW, retention_days=400) == state


def test_an_event_that_feeds_nothing_is_not_asked_whose_it_is() -> None:
    assert state_of(arrival(name=None), [], is_known=False, now=NOW, retention_days=400) == "no_rule"


def test_an_event_of_an_unknown_account_waits() -> None:
    feeds = [Feed(1, "sum", Decimal(1), None)]

    assert state_of(arrival(), feeds, is_known=False, now=NOW, retention_days=400) == "unmatched"


@pytest.mark.parametrize(
    ("aggregation", "numbers", "whole"),
    [("sum", (1, 2, 3), 6), ("max", (1, 3, 2), 3), ("last", (1, 3, 2), 2), ("distinct", (1, 3, 2), 3),
     ("sum", (10**12, 10**12), 10**12)],
)  # fmt: skip
def test_what_is_stated_of_a_day_comes_together(aggregation: Aggregation, numbers: tuple[int, ...], whole: int) -> None:
    assert combined(aggregation, map(Decimal, numbers)) == whole


def test_a_day_without_a_number_is_not_zero() -> None:
    assert DayNumber().value is None
    assert DayNumber(counted=Decimal(0)).value == 0
    assert DayNumber(counted=Decimal(3), stated=Decimal(0)).value == 0


@given(
    st.sampled_from(["sum", "max", "last", "distinct"]),
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=1, max_size=5),
)
def test_the_order_of_events_does_not_matter(aggregation: Aggregation, given: list[tuple[int, int]]) -> None:
    results = set()
    for order in permutations(given):
        day = DayNumber()
        for number, minute in order:
            at = NOW + timedelta(minutes=minute) if aggregation == "last" else None
            day = with_number(day, aggregation, Decimal(number), at)
        results.add(day)

    assert len(results) == 1
