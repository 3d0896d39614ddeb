"""Claims about the voice of the process: the domain's worked examples, and when a value is a signal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.statistics import Limits, Signal, natural_limits, signals

WEEKLY_USERS = (52, 49, 55, 51, 47, 53, 50, 56, 48, 54)
LIMITS = natural_limits(WEEKLY_USERS)


def test_the_limits_of_four_values() -> None:
    limits = natural_limits([10, 50, 40, 30])

    assert limits.centre == 32.5
    assert [limits.upper, limits.lower, limits.range_limit] == pytest.approx([85.7, -20.7, 65.36])


def test_counts_have_no_limit_below_nothing() -> None:
    assert natural_limits([10, 50, 40, 30], floor=0).lower == 0


def test_the_limits_of_ten_weeks() -> None:
    assert LIMITS.centre == 51.5
    assert [LIMITS.upper, LIMITS.lower] == pytest.approx([65.096, 37.904], abs=1e-3)
    assert signals(WEEKLY_USERS, LIMITS) == []


def test_thirty_seven_is_a_signal_and_forty_one_alone_is_not() -> None:
    assert signals([*WEEKLY_USERS, 37], LIMITS) == [Signal(10, "outside", "below")]
    assert signals([*WEEKLY_USERS, 41], LIMITS) == []


def test_eight_in_a_row_on_one_side_are_a_signal() -> None:
    assert signals([*WEEKLY_USERS, *[52] * 6, 50], LIMITS) == []
    assert signals([50, *[52] * 9], LIMITS) == [Signal(8, "run", "above"), Signal(9, "run", "above")]


def test_a_value_at_the_centre_breaks_a_run() -> None:
    assert signals([52, 52, 52, 52, 51.5, 52, 52, 52, 52], LIMITS) == []


def test_three_of_four_nearer_a_limit_are_a_signal() -> None:
    assert signals([60, 51, 60, 60, 51, 51], LIMITS) == [Signal(3, "near_limit", "above")]


def test_two_sides_do_not_add_up() -> None:
    assert signals([60, 43, 60, 43, 60], LIMITS) == []


def test_a_floor_brings_no_value_nearer_to_a_limit() -> None:
    limits = natural_limits([10, 50, 40, 30, 10, 50, 40, 30, 10, 50], floor=0)

    assert limits.lower == 0
    assert signals([14, 14, 14, 14], limits) == []


@pytest.mark.parametrize(("points", "can_draw", "can_signal"), [(5, False, False), (6, True, False), (10, True, True)])
def test_few_points_show_no_limits_and_fewer_signals(points: int, can_draw: bool, can_signal: bool) -> None:
    limits = natural_limits(WEEKLY_USERS[:points])

    assert (limits.can_draw, limits.can_signal) == (can_draw, can_signal)
    assert bool(signals([1000], limits)) == can_signal


def test_of_no_values_there_are_no_limits() -> None:
    with pytest.raises(ValueError, match="no values"):
        natural_limits([])


def test_one_value_is_its_own_limit() -> None:
    assert natural_limits([7]) == Limits(7, 7, 7, 0, 1, 0)


@given(st.lists(st.integers(-1000, 1000), min_size=10, max_size=40), st.integers(-500, 500))
def test_moving_a_whole_series_moves_its_limits_and_no_signal(values: list[int], by: int) -> None:
    moved = [value + by for value in values]

    limits, limits_moved = natural_limits(values), natural_limits(moved)

    assert limits_moved.centre == pytest.approx(limits.centre + by, abs=1e-6)
    assert limits_moved.upper == pytest.approx(limits.upper + by, abs=1e-6)
    assert limits_moved.range_limit == pytest.approx(limits.range_limit)
