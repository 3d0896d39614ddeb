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
