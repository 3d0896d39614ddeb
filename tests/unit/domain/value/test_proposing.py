"""Claims about proposing: which terms are refused, and that all reasons come at once."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from changetrack.domain.value import OutcomeTerms, next_period, outcome_reasons, period_end, period_of

TERMS = OutcomeTerms("week", Decimal(40), 10_000, agreed_on=None)


def fields_refused(terms: OutcomeTerms, **rest: Any) -> list[str | None]:
    return [reason.field for reason in outcome_reasons(terms, **{"currency": "EUR", **rest})]


def test_ordinary_terms_are_not_refused() -> None:
    assert outcome_reasons(TERMS, currency="EUR", overlap_group="support", group_cap=1) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"period": "day"}, "period"),
        ({"threshold": Decimal(0)}, "threshold"),
        ({"threshold": Decimal(10) ** 15}, "threshold"),
        ({"accrual": "steep"}, "accrual"),
        ({"accrual": "proportional"}, "target"),
        ({"target": Decimal(39)}, "target"),
        ({"target": Decimal(10) ** 15}, "target"),
        ({"rate": -1}, "rate"),
        ({"rate": 10**16}, "rate"),
        ({"confirm_after": 53}, "confirm_after"),
        ({"lapse_after": 0}, "lapse_after"),
        ({"restore_after": 0}, "restore_after"),
        ({"restore_after": 5}, "restore_after"),
        ({"min_hold": -1}, "min_hold"),
        ({"settle_lag_days": 32}, "settle_lag_days"),
        ({"plan_periods": 0}, "plan_periods"),
    ],
)
def test_terms_are_refused_at_their_field(change: dict[str, Any], field: str) -> None:
    assert fields_refused(replace(TERMS, **change)) == [field]


@pytest.mark.parametrize(
    ("rest", "field"),
    [
        ({"currency": "XXX"}, "currency"),
        ({"attestation_valid_days": 0}, "attestation_valid_days"),
        ({"overlap_group": "support"}, "group_cap"),
        ({"overlap_group": "support", "group_cap": 0}, "group_cap"),
        ({"overlap_group": "support", "group_cap": 10**16}, "group_cap"),
        ({"group_cap": 5}, "overlap_group"),
    ],
)
def test_what_stands_beside_the_terms_is_refused_at_its_field(rest: dict[str, Any], field: str) -> None:
    assert fields_refused(TERMS, **rest) == [field]


def test_all_reasons_come_at_once() -> None:
    terms = replace(TERMS, threshold=Decimal(-1), rate=-5, lapse_after=99)

    assert fields_refused(terms, currency="") == ["threshold", "rate", "currency", "lapse_after"]


@pytest.mark.parametrize(
    ("day", "kind", "start", "end", "following"),
    [
        (date(2026, 1, 11), "week", date(2026, 1, 5), date(2026, 1, 11), date(2026, 1, 12)),
        (date(2026, 1, 5), "week", date(2026, 1, 5), date(2026, 1, 11), date(2026, 1, 12)),
        (date(2027, 1, 2), "week", date(2026, 12, 28), date(2027, 1, 3), date(2027, 1, 4)),
        (date(2028, 2, 29), "month", date(2028, 2, 1), date(2028, 2, 29), date(2028, 3, 1)),
        (date(2026, 12, 31), "month", date(2026, 12, 1), date(2026, 12, 31), date(2027, 1, 1)),
    ],
)
def test_a_day_lies_in_its_period(day: date, kind: str, start: date, end: date, following: date) -> None:
    assert (period_of(day, kind), period_end(day, kind), next_period(day, kind)) == (start, end, following)
