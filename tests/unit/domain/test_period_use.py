"""The use of a period is what its days come to, each time it was known otherwise."""

from datetime import date, timedelta
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.period_use import DayUse, distinct_versions, is_forgotten, versions

MONDAY, SUNDAY = date(2026, 1, 5), date(2026, 1, 11)
USES = st.lists(
    st.builds(
        lambda day, later, number: (MONDAY + timedelta(days=day), MONDAY + timedelta(days=day + later), number),
        st.integers(0, 6),
        st.integers(0, 20),
        st.integers(0, 99),
    ),
    min_size=1,
    unique_by=lambda use: use[:2],
)


def day(number: int) -> date:
    """A day of the week, 1 being its Monday."""
    return MONDAY + timedelta(days=number - 1)


def test_what_is_known_by_the_last_day_is_one_version() -> None:
    days = [(day(1), day(1), 10), (day(2), day(3), 5), (day(2), day(4), 7)]

    assert versions(days, "sum", SUNDAY) == [(day(4), 17)]


def test_each_later_day_that_changes_it_adds_a_version() -> None:
    days = [(day(1), day(1), 10), (day(2), day(9), 5), (day(1), day(11), 2), (day(3), day(12), 0)]

    assert versions(days, "sum", SUNDAY) == [(day(1), 10), (day(9), 15), (day(11), 7)]


def test_the_last_day_with_a_number_speaks_for_the_period() -> None:
    days = [(day(5), day(5), 3), (day(2), day(9), 8)]

    assert versions(days, "last", SUNDAY) == [(day(5), 3)]
    assert versions(days, "max", SUNDAY) == [(day(5), 3), (day(9), 8)]


def test_whoever_is_seen_twice_counts_once() -> None:
    seen = [(day(1), day(1), "ann"), (day(2), day(2), "ann"), (day(2), day(9), "bob")]

    assert distinct_versions([], seen, SUNDAY) == [(day(2), 1), (day(9), 2)]
    assert distinct_versions([(day(3), day(3), 5)], seen, SUNDAY) == [(day(3), 5)]


def test_it_shows_when_some_of_those_counted_are_known_no_longer() -> None:
    counted: list[DayUse] = [(day(1), day(1), 1), (day(1), day(2), 2)]
    seen = [(day(1), day(1), "ann"), (day(1), day(2), "bob")]

    assert not is_forgotten(counted, seen)
    assert is_forgotten(counted, seen[:1])


@given(USES, st.sampled_from(["sum", "max", "last"]), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(days: list[DayUse], aggregation: str, chance: Random) -> None:
    shuffled = list(days)
    chance.shuffle(shuffled)

    assert versions(shuffled, aggregation, SUNDAY) == versions(days, aggregation, SUNDAY)


@given(USES)
def test_the_newest_version_is_what_the_newest_numbers_come_to(days: list[DayUse]) -> None:
    newest = {on: number for on, _recorded, number in sorted(days, key=lambda use: use[1])}

    found = versions(days, "sum", SUNDAY)

    assert found[-1][1] == sum(newest.values())
    assert all(before[1] != after[1] for before, after in pairwise(found))
