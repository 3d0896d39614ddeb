"""Claims about business days: the examples of the domain, and agreement with counting day by day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.calendar import WorkCalendar

PLAIN = WorkCalendar()
CHRISTMAS = WorkCalendar(holidays=frozenset({date(2026, 12, 25), date(2027, 1, 1)}))
ONE_DAY = timedelta(days=1)
LIMIT = 10

masks = st.text("01", min_size=7, max_size=7).filter(lambda mask: "1" in mask)
days = st.dates(date(2025, 1, 1), date(2027, 12, 31))
calendars = st.builds(WorkCalendar, masks, st.frozensets(days, max_size=60))


def counted_one_by_one(calendar: WorkCalendar, event: date, run: date) -> int:
    span = (run - event).days
    return sum(calendar.is_workday(event + timedelta(days=i)) for i in range(1, span + 1))


def walked(calendar: WorkCalendar, day: date, n: int) -> date:
    stride = ONE_DAY if n > 0 else -ONE_DAY
    left = abs(n)
    while left:
        day += stride
        left -= calendar.is_workday(day)
    return day


@pytest.mark.parametrize(
    ("calendar", "event", "first_stale"),
    [
        pytest.param(PLAIN, date(2026, 11, 12), date(2026, 11, 27), id="no-holidays"),
        pytest.param(
            WorkCalendar(holidays=frozenset({date(2026, 11, 26)})),
            date(2026, 11, 12),
            date(2026, 11, 30),
            id="a-holiday-in-between",
        ),
        pytest.param(CHRISTMAS, date(2026, 12, 18), date(2027, 1, 6), id="over-the-new-year"),
    ],
)
def test_an_account_is_first_stale_on_the_day_the_domain_names(
    calendar: WorkCalendar, event: date, first_stale: date
) -> None:
    before = calendar.elapsed(event, first_stale - ONE_DAY)
    on_the_day = calendar.elapsed(event, first_stale)

    assert before == LIMIT
    assert on_the_day == LIMIT + 1
    assert calendar.add(event, LIMIT + 1) == first_stale


def test_friday_to_monday_is_one_business_day() -> None:
    assert PLAIN.elapsed(date(2026, 11, 13), date(2026, 11, 16)) == 1


def test_saturday_to_sunday_is_no_business_day() -> None:
    assert PLAIN.elapsed(date(2026, 11, 14), date(2026, 11, 15)) == 0


@pytest.mark.parametrize("run", [date(2026, 11, 12), date(2026, 11, 11), date(2025, 1, 1)])
def test_nothing_has_elapsed_when_the_run_is_not_after_the_event(run: date) -> None:
    assert PLAIN.elapsed(date(2026, 11, 12), run) == 0


@pytest.mark.parametrize(
    ("n", "expected"),
    [(2, date(2026, 12, 2)), (5, date(2026, 12, 7)), (10, date(2026, 12, 14)), (20, date(2026, 12, 29))],
)
def test_the_ladder_of_an_alert_falls_on_the_days_the_domain_names(n: int, expected: date) -> None:
    assert CHRISTMAS.add(date(2026, 11, 30), n) == expected


def test_adding_no_days_stays_even_on_a_day_off() -> None:
    assert PLAIN.add(date(2026, 11, 14), 0) == date(2026, 11, 14)


def test_a_holiday_on_a_day_off_takes_nothing_away() -> None:
    calendar = WorkCalendar(holidays=frozenset({date(2026, 11, 14)}))

    assert calendar.elapsed(date(2026, 11, 13), date(2026, 11, 16)) == 1


def test_a_week_from_sunday_to_thursday_is_worked_on_those_days() -> None:
    calendar = WorkCalendar(weekmask="1111001")

    assert calendar.is_workday(date(2026, 11, 15))
    assert not calendar.is_workday(date(2026, 11, 13))


@pytest.mark.parametrize("mask", ["", "111110", "11111000", "11111x0", "0000000"])
def test_a_mask_that_names_no_week_is_refused(mask: str) -> None:
    with pytest.raises(ValueError, match="week mask"):
        WorkCalendar(weekmask=mask)


def test_calendars_with_the_same_days_are_equal() -> None:
    assert WorkCalendar(holidays=frozenset({date(2026, 11, 26)})) == WorkCalendar(
        "1111100", frozenset({date(2026, 11, 26)})
    )


@given(calendars, days, days)
def test_elapsed_agrees_with_counting_day_by_day(calendar: WorkCalendar, event: date, run: date) -> None:
    assert calendar.elapsed(event, run) == counted_one_by_one(calendar, event, run)


@given(calendars, days, st.integers(-80, 80))
def test_add_agrees_with_walking_day_by_day(calendar: WorkCalendar, day: date, n: int) -> None:
    assert calendar.add(day, n) == walked(calendar, day, n)


@given(calendars, days, st.integers(1, 500))
def test_add_and_elapsed_are_inverse(calendar: WorkCalendar, day: date, n: int) -> None:
    reached = calendar.add(day, n)

    assert calendar.is_workday(reached)
    assert calendar.elapsed(day, reached) == n


def test_a_run_of_holidays_is_stepped_over_both_ways() -> None:
    shut = frozenset(date(2026, 1, 1) + timedelta(days=i) for i in range(365))
    calendar = WorkCalendar(holidays=shut)

    assert calendar.add(date(2025, 12, 31), 1) == date(2027, 1, 1)
    assert calendar.add(date(2027, 1, 1), -1) == date(2025, 12, 31)
