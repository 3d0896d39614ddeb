"""Readings follow from daily numbers: each period as it was known from day to day."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.factories._saving import Saver
from tests.factories.use import FIRST_DAY, Use, week

LATER = date(2026, 2, 10)


def day(number: int) -> date:
    """A day of the first week, 1 being its Monday."""
    return FIRST_DAY + timedelta(days=number - 1)


@pytest.mark.parametrize(("aggregation", "value"), [("sum", 60), ("max", 30), ("last", 20)])
def test_a_week_is_made_of_its_days(session: Saver, aggregation: str, value: int) -> None:
    use = Use(session, aggregation)
    use.propose()
    for number, counted in ((1, 10), (3, 30), (5, 20)):
        use.count(day(number), counted)

    use.recognise(LATER)

    assert use.readings() == [(week(1), day(5), Decimal(value))]


def test_a_month_is_made_of_its_days(session: Saver) -> None:
    use = Use(session)
    use.propose(period="month")
    use.count(date(2026, 1, 31), 10)
    use.count(date(2026, 2, 1), 5)

    use.recognise(LATER)

    assert [(start, value) for start, _recorded, value in use.readings()] == [
        (date(2026, 1, 1), Decimal(10)),
        (date(2026, 2, 1), Decimal(5)),
    ]


def test_no_data_is_no_reading_and_zero_is_one(session: Saver) -> None:
    use = Use(session)
    use.propose()
    use.count(week(1), 10)
    use.count(week(3), 0)

    use.recognise(LATER)

    assert [(start, value) for start, _recorded, value in use.readings()] == [
        (week(1), Decimal(10)),
        (week(3), Decimal(0)),
    ]


def test_a_correction_is_another_reading(session: Saver) -> None:
    use = Use(session)
    use.propose()
    use.count(day(1), 10)
    use.recognise(day(2))

    use.count(day(1), 7, recorded_on=LATER)
    use.recognise(LATER)

    assert use.readings() == [(week(1), day(1), Decimal(10)), (week(1), LATER, Decimal(7))]


def test_of_one_day_the_last_word_is_kept(session: Saver) -> None:
    use = Use(session)
    use.propose()
    use.count(day(1), 10, recorded_on=LATER)
    use.recognise(LATER)

    use.count(day(1), 12, recorded_on=LATER)
    use.recognise(LATER)

    assert use.readings() == [(week(1), LATER, Decimal(12))]


def test_while_a_week_runs_its_reading_is_brought_up_to_date(session: Saver) -> None:
    use = Use(session)
    use.propose()
    for number in (1, 2, 3):
        use.count(day(number), 10)
        use.recognise(day(number))

    assert use.readings() == [(week(1), day(3), Decimal(30))]


def test_what_came_to_the_same_is_no_other_reading(session: Saver) -> None:
    use = Use(session)
    use.propose()
    use.count(day(1), 10)
    use.count(day(2), 10)
    use.count(day(1), 5, recorded_on=LATER)
    use.count(day(2), 15, recorded_on=LATER)

    use.recognise(LATER)

    assert use.readings() == [(week(1), day(2), Decimal(20))]


def test_whoever_is_seen_on_two_days_counts_once(session: Saver) -> None:
    use = Use(session, "distinct")
    use.propose()
    use.see(day(1), ["ann", "bob"])
    use.see(day(2), ["bob", "cleo"])
    use.see(day(3), ["dan"], recorded_on=LATER)

    use.recognise(LATER)

    assert use.readings() == [(week(1), day(2), Decimal(3)), (week(1), LATER, Decimal(4))]


def test_there_are_never_fewer_than_on_the_largest_day_that_was_stated(session: Saver) -> None:
    use = Use(session, "distinct")
    use.propose()
    use.see(day(1), ["ann", "bob"])
    use.count(day(2), 5)

    use.recognise(LATER)

    assert use.readings() == [(week(1), day(2), Decimal(5))]


def test_what_was_read_stays_when_its_members_are_forgotten(session: Saver) -> None:
    use = Use(session, "distinct")
    use.propose()
    use.see(day(1), ["ann", "bob"])
    use.recognise(day(2))
    before = use.readings()

    use.forget(day(1))
    use.count(day(2), 1, recorded_on=LATER)
    use.recognise(LATER)

    assert use.readings() == before


def test_only_what_there_is_news_of_is_read_again(session: Saver) -> None:
    use = Use(session)
    use.propose()
    use.weeks([10, 20])
    use.recognise(LATER)
    use.spoil_readings(Decimal(99))

    use.count(week(2), 5, recorded_on=LATER)
    use.recognise(LATER)

    assert [value for _start, _recorded, value in use.readings()] == [Decimal(99), Decimal(20), Decimal(25)]


def test_two_outcomes_of_one_metric_are_read_alike(session: Saver) -> None:
    use = Use(session)
    use.propose()
    use.propose(period="month", threshold=Decimal(100))
    use.weeks([10, 20])

    use.recognise(LATER)

    assert [value for _start, _recorded, value in use.readings(1)] == [Decimal(10), Decimal(20)]
    assert [value for _start, _recorded, value in use.readings(2)] == [Decimal(30)]
