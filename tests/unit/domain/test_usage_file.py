"""Numbers of a usage file are exact, and its events are known again by what they are about."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.usage_file import MOST, in_figures, message_id, message_of, scaled_number


@pytest.mark.parametrize(
    ("text", "scaled"),
    [("0", 0), ("12", 120_000), ("1.5", 15_000), ("0.0001", 1), ("1.50000", 15_000), ("7.", 70_000), ("007", 70_000),
     ("1000000000000", MOST), ("999999999999.9999", MOST - 1)],
)  # fmt: skip
def test_numbers_are_read_in_ten_thousandths(text: str, scaled: int) -> None:
    assert scaled_number(text) == scaled


@pytest.mark.parametrize(
    ("text", "why"),
    [("-1", "negative"), ("-0.5", "negative"), ("1.00001", "decimals"), ("1000000000001", "million million"),
     ("1000000000000.0001", "million million"), ("1,5", "no number"), ("1e3", "no number"), ("١٢", "no number"),
     ("NaN", "no number"), ("", "no number"), ("+1", "no number"), ("9" * 400, "no number")],
)  # fmt: skip
def test_what_is_no_number_of_use_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        scaled_number(text)


@given(st.integers(0, MOST))
def test_what_is_written_is_read_as_the_same(scaled: int) -> None:
    assert scaled_number(in_figures(scaled)) == scaled
    assert Decimal(in_figures(scaled)) == Decimal(scaled) / 10_000


def test_an_event_is_known_by_its_account_metric_day_and_id() -> None:
    ids = {message_id(*of) for of in (
        (1, 2, "2026-02-01", "e"), (11, 2, "2026-02-01", "e"), (1, 22, "2026-02-01", "e"), (1, 2, "2026-02-02", "e"),
        (1, 2, "2026-02-01", "f"), ("1", 2, "2026-02-01", "e"), ("2", 2, "2026-02-01", "e"),
    )}  # fmt: skip

    assert len(ids) == 7


def test_an_event_that_waited_keeps_the_rest_of_its_id() -> None:
    waiting, known = message_id("S-1", 2, "2026-02-01", "e"), message_id(7, 2, "2026-02-01", "e")

    assert waiting.removeprefix(message_of("S-1")) == known.removeprefix(message_of(7))


def test_the_longest_event_id_leaves_room() -> None:
    assert len(message_id("n" * 200, 2**63, "2026-02-01", "e" * 200)) <= 300
