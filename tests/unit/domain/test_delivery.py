"""Claims about the pauses between attempts to deliver a message."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.delivery import LONGEST_PAUSE, MAX_ATTEMPTS, pause_after


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 30), (2, 60), (3, 120), (7, 1920)])
def test_the_pause_doubles_from_attempt_to_attempt(attempts: int, seconds: int) -> None:
    assert pause_after(attempts, 0.5) == timedelta(seconds=seconds)


def test_after_the_last_attempt_there_is_no_other() -> None:
    assert pause_after(MAX_ATTEMPTS, 0.5) is None


@given(st.integers(1, MAX_ATTEMPTS - 1), st.floats(0, 1))
def test_chance_spreads_the_pause_by_half_to_either_side(attempts: int, chance: float) -> None:
    middle, pause = pause_after(attempts, 0.5), pause_after(attempts, chance)

    assert middle is not None
    assert pause is not None
    assert middle / 2 <= pause <= middle * 1.5
    assert pause <= LONGEST_PAUSE * 1.5


def test_a_receiver_that_asks_for_longer_is_left_alone_that_long() -> None:
    assert pause_after(1, 0.5, retry_after=timedelta(minutes=10)) == timedelta(minutes=10)
    assert pause_after(1, 0.5, retry_after=timedelta(seconds=1)) == timedelta(seconds=30)


def test_nobody_is_left_alone_for_longer_than_a_day() -> None:
    assert pause_after(1, 0.5, retry_after=timedelta(days=400)) == timedelta(hours=24)


def test_an_error_that_will_not_pass_is_given_up_at_once() -> None:
    assert pause_after(1, 0.5, permanent=True) is None
    assert pause_after(MAX_ATTEMPTS, 0.5, retry_after=timedelta(minutes=1)) is None


@given(st.integers(1, MAX_ATTEMPTS - 1), st.floats(0, 1), st.timedeltas(timedelta(0), timedelta(days=500)))
def test_what_was_asked_for_never_makes_the_pause_shorter(attempts: int, chance: float, asked: timedelta) -> None:
    alone, with_it = pause_after(attempts, chance), pause_after(attempts, chance, retry_after=asked)

    assert alone is not None
    assert with_it is not None
    assert with_it == max(alone, min(asked, timedelta(hours=24)))
