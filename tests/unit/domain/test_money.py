"""Amounts as they are read and written."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.money import (
    CURRENCIES,
    in_minor_units,
    in_plain_figures,
    parse_amount,
    parse_currency,
)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("12500.5", "EUR", 1_250_050), ("12500", "JPY", 12_500), ("1.234", "KWD", 1_234), ("0", "USD", 0)],
)
def test_an_amount_counts_in_the_minor_units_of_its_currency(text: Any, currency: Any, minor: Any) -> None:
    assert in_minor_units(parse_amount(text), currency) == minor


@pytest.mark.parametrize("text", ["12,500", "12.500,00", "€5", "-5", "1e9", "NaN", "Infinity", "", "١٢", "1" * 400])
def test_an_amount_that_could_mean_two_things_is_refused(text: Any) -> None:
    with pytest.raises(ValueError, match="is not an amount"):
        parse_amount(text)


@pytest.mark.parametrize(("text", "plain"), [("1,250.50", "1250.50"), ("12,500,000.5", "12500000.5")])
def test_an_amount_in_groups_is_refused_with_how_it_is_written(text: str, plain: str) -> None:
    with pytest.raises(ValueError, match=rf"is not an amount\. Write {plain}\."):
        parse_amount(text)


def test_finer_parts_than_the_currency_has_are_refused() -> None:
    with pytest.raises(ValueError, match="JPY has 0 decimals"):
        in_minor_units(Decimal("1.5"), "JPY")


def test_more_than_can_be_kept_is_refused() -> None:
    with pytest.raises(ValueError, match="more than can be kept"):
        in_minor_units(Decimal("999999999999999"), "EUR")


def test_a_currency_is_known_by_its_code() -> None:
    assert parse_currency("eur") == "EUR"
    with pytest.raises(ValueError, match="is not a currency"):
        parse_currency("EURO")


@given(st.integers(min_value=0, max_value=10**15), st.sampled_from(sorted(CURRENCIES)))
def test_what_is_written_is_read_back_as_the_same(minor: Any, currency: Any) -> None:
    assert in_minor_units(parse_amount(in_plain_figures(minor, currency)), currency) == minor
