"""The terms of an outcome: what each may be, and that all reasons are said at once."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from changetrack.domain.outcomes import RULE_TERMS, TERMS, outcome_reasons


def terms(**changed: Any) -> dict[str, Any]:
    """Terms that can be proposed, but for what is changed."""
    given = {**dict.fromkeys(TERMS), **RULE_TERMS, "period": "week", "statement": "Orders leave the same day."}
    return given | {"metric_id": 1, "threshold": Decimal(40), "rate": 10_000, "currency": "EUR"} | changed


def fields(**changed: Any) -> list[str | None]:
    """Where the reasons are put."""
    return [reason.field for reason in outcome_reasons(terms(**changed))]


def test_terms_as_the_house_has_them_can_be_proposed() -> None:
    assert outcome_reasons(terms()) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"statement": " "},
        {"metric_id": None},
        {"period": "day"},
        {"threshold": None},
        {"threshold": Decimal(0)},
        {"threshold": Decimal(-1)},
        {"threshold": Decimal("NaN")},
        {"threshold": Decimal("sNaN")},
        {"threshold": Decimal("Infinity")},
        {"threshold": Decimal("0.00001")},
        {"target": Decimal(39)},
        {"baseline": Decimal(-1)},
        {"rate": None},
        {"rate": 0},
        {"rate": 10**16},
        {"currency": "EURO"},
        {"accrual": "wished"},
        {"confirm_after": 0},
        {"confirm_after": True},
        {"lapse_after": 61},
        {"restore_after": None},
        {"min_hold": -1},
        {"attestation_valid_days": 6},
        {"settle_lag_days": 61},
        {"plan_periods": 0},
        {"plan_start": "soon"},
        {"overlap_group": None, "group_cap": 5},
        {"overlap_group": "shipping", "group_cap": None},
        {"overlap_group": "shipping", "group_cap": 0},
    ],
)
def test_one_term_that_cannot_be_is_one_reason(changed: dict[str, Any]) -> None:
    assert len(fields(**changed)) == 1


def test_a_target_is_needed_for_worth_in_proportion() -> None:
    assert fields(accrual="proportional") == ["target"]
    assert fields(accrual="proportional", target=Decimal(50)) == []


def test_an_end_and_a_group_may_be_left_out_or_given() -> None:
    assert fields(plan_start=date(2026, 1, 5), plan_periods=26, overlap_group="shipping", group_cap=5) == []
    assert fields(plan_start=date(2026, 1, 5)) == []


def test_what_is_no_term_is_named() -> None:
    assert fields(realized=5) == ["realized"]


def test_confirming_again_takes_no_longer_than_confirming() -> None:
    assert fields(confirm_after=2, restore_after=3) == ["restore_after"]
    assert fields(confirm_after=2, restore_after=2) == []
