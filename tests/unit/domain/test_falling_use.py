"""Use is falling when it fell short of what was agreed, cannot be seen, or gives an unfavourable signal."""

from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from changetrack.domain.falling_use import find_fall, worst_fall
from changetrack.domain.value import OutcomeTerms, Reading, recognise

FIRST = date(2026, 1, 5)
USUAL = (52, 49, 55, 51, 47, 53, 50, 56, 48, 54)
OUTCOME = SimpleNamespace(settle_lag_days=0, period="week")


def fall_of(values: tuple[int, ...], threshold: int = 10) -> tuple[date, str] | None:
    """Whether that use of an outcome that needs nobody's word is falling on the last day of the last week."""
    terms = OutcomeTerms("week", Decimal(threshold), 100, FIRST, settle_lag_days=0, requires_attestation=False)
    readings = [
        Reading(FIRST + timedelta(weeks=n), Decimal(value), FIRST + timedelta(weeks=n))
        for n, value in enumerate(values)
    ]
    today = FIRST + timedelta(weeks=len(values), days=-1)
    return find_fall(OUTCOME, recognise(terms, readings, (), as_of=today, known_at=today), readings, today)


def test_use_below_the_threshold_is_falling_since_the_first_week_that_failed() -> None:
    fall = fall_of((*USUAL, 9, 8), threshold=10)

    assert fall is not None
    assert fall[0] == FIRST + timedelta(weeks=10)


@pytest.mark.parametrize(("last", "falls"), [(41, False), (37, True), (66, False)])
def test_only_what_lies_outside_the_natural_limits_below_is_a_signal(last: int, *, falls: bool) -> None:
    assert (fall_of((*USUAL, last)) is not None) is falls


def test_ten_points_are_needed_before_the_one_that_is_judged() -> None:
    assert fall_of((*USUAL[1:], 20)) is None


def test_the_longest_fall_speaks_first_and_the_words_are_bounded() -> None:
    falls = [("Later", (FIRST + timedelta(days=1), "x" * 300)), ("Earlier", (FIRST, "Use lapsed."))]

    since, words = worst_fall(falls)

    assert since == FIRST
    assert words is not None
    assert words.startswith("“Earlier”: Use lapsed.")
    assert len(words) == 300
    assert worst_fall([]) == (None, None)
