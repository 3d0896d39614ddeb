"""Value by the month: lines by cause, and what was promised in the month in which it fell due."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.value import OutcomeTerms
from changetrack.domain.value.standing import promised
from changetrack.domain.value_flows import LINES, line_of, promised_by_month, was_promised_by_month

FIRST = date(2026, 1, 5)
TERMS = OutcomeTerms("week", Decimal(40), 10_000, FIRST, plan_start=FIRST, plan_periods=26)
DAYS = st.dates(date(2025, 12, 1), date(2026, 12, 31))


def test_what_is_realized_has_lines_by_its_cause() -> None:
    assert [line_of("realized", cause) for cause in ("accrued", "reversed", "corrected", "capped")] == [
        "accrued", "reversed", "corrected", "corrected",
    ]  # fmt: skip
    assert line_of("probationary", "unconfirmed") in LINES


def test_each_month_gets_the_weeks_that_ended_in_it() -> None:
    assert list(promised_by_month(TERMS, date(2026, 3, 15))) == [
        (date(2026, 1, 1), 30_000), (date(2026, 2, 1), 40_000), (date(2026, 3, 1), 30_000),
    ]  # fmt: skip


@given(DAYS, DAYS)
def test_the_months_add_up_whenever_they_were_counted_before(one: date, other: date) -> None:
    earlier, until = sorted((one, other))

    months = [*promised_by_month(TERMS, earlier), *promised_by_month(TERMS, until, since=earlier)]

    assert sum(amount for _month, amount in months) == promised(TERMS, until)


@given(DAYS, DAYS)
def test_what_had_been_counted_of_terms_that_had_ended_is_told_by_month(until: date, withdrawn_on: date) -> None:
    ended = OutcomeTerms(
        "week", Decimal(40), 10_000, FIRST, plan_start=FIRST, plan_periods=26, withdrawn_on=withdrawn_on
    )

    found = was_promised_by_month(ended, until, promised(ended, until))

    assert [pair for pair in found if pair[1]] == list(promised_by_month(ended, until))


def test_nothing_was_promised_before_anybody_agreed() -> None:
    assert list(promised_by_month(OutcomeTerms("week", Decimal(40), 10_000, None), date(2026, 12, 31))) == []
