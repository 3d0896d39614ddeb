"""The fields of an account, alone and together."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from changetrack.domain.accounts import FIELDS, account_reasons, attribute_key


def test_field_names_are_unique() -> None:
    assert len({field.name for field in FIELDS}) == len(FIELDS)


@pytest.mark.parametrize(
    ("header", "key"),
    [("Seats", "seats"), (" Plan Tier ", "plan_tier"), ("ARR (€)", "arr"), ("Größe", "größe"), ("***", "")],
)
def test_a_header_becomes_a_plain_key(header: Any, key: Any) -> None:
    assert attribute_key(header) == key


def test_an_annual_value_is_kept_in_minor_units() -> None:
    values: dict[str, object] = {"annual_value": Decimal("12500.5"), "currency": "EUR"}

    assert account_reasons(values) == []
    assert values["annual_value"] == 1_250_050


def test_an_annual_value_needs_its_currency() -> None:
    assert [field for field, _ in account_reasons({"annual_value": Decimal(1), "currency": None})] == ["currency"]


def test_a_currency_without_a_value_says_nothing() -> None:
    values: dict[str, object] = {"annual_value": None, "currency": "EUR"}

    assert account_reasons(values) == []
    assert values == {"annual_value": None, "currency": None}


def test_a_step_needs_a_date_since_when() -> None:
    assert [field for field, _ in account_reasons({"step": 3})] == ["step_entered_on"]
    assert account_reasons({"step": 3, "step_entered_on": date(2026, 1, 5)}) == []
    assert account_reasons({"step": 0}) == []


def test_a_date_at_a_step_needs_the_step() -> None:
    assert [field for field, _ in account_reasons({"step_entered_on": date(2026, 1, 5)})] == ["step"]


def test_no_step_is_entered_before_the_account_started() -> None:
    values: dict[str, object] = {
        "step": 2,
        "started_on": date(2026, 2, 2),
        "step_entered_on": date(2026, 2, 1),
    }

    assert [field for field, _ in account_reasons(values)] == ["step_entered_on"]
