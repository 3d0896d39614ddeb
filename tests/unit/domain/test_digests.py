"""Claims about when a digest is due: at the local hour, once, caught up within the week, across clock changes."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.digests import at_local_hour, week_due

BERLIN, NEW_YORK, AUCKLAND = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("Pacific/Auckland")
MONDAY = date(2026, 11, 23)
START = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = (ZoneInfo("UTC"), BERLIN, NEW_YORK, AUCKLAND, ZoneInfo("Asia/Kolkata"), ZoneInfo("Pacific/Kiritimati"))


moments = st.integers(0, 730 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))


def utc(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def test_a_digest_is_due_from_the_local_hour_on() -> None:
    before, at = utc(MONDAY, 6, 59), utc(MONDAY, 7)

    assert week_due(before, zone=BERLIN, weekday=0, hour=8) is None
    assert week_due(at, zone=BERLIN, weekday=0, hour=8) == MONDAY


def test_where_it_is_another_day_that_day_counts() -> None:
    sunday_evening_in_utc = utc(date(2026, 11, 22), 19)

    assert week_due(sunday_evening_in_utc, zone=AUCKLAND, weekday=0, hour=8) == MONDAY
    assert week_due(sunday_evening_in_utc, zone=NEW_YORK, weekday=0, hour=8) == MONDAY - timedelta(days=7)


def test_what_was_missed_is_caught_up_for_six_days() -> None:
    sunday = utc(MONDAY + timedelta(days=6), 22)
    next_monday_before_eight = utc(MONDAY + timedelta(days=7), 6)

    assert week_due(sunday, zone=BERLIN, weekday=0, hour=8) == MONDAY
    assert week_due(next_monday_before_eight, zone=BERLIN, weekday=0, hour=8) is None


def test_what_was_written_is_not_due_again() -> None:
    assert week_due(utc(MONDAY, 9), zone=BERLIN, weekday=0, hour=8, last=MONDAY) is None
    assert week_due(utc(MONDAY, 9), zone=BERLIN, weekday=0, hour=8, last=MONDAY - timedelta(days=7)) == MONDAY


def test_a_clock_that_goes_back_makes_no_older_one_due() -> None:
    last_week = utc(MONDAY - timedelta(days=5), 9)

    assert week_due(last_week, zone=BERLIN, weekday=0, hour=8, last=MONDAY) is None


def test_an_hour_that_the_clock_skips_comes_right_after() -> None:
    sunday = date(2026, 3, 29)  # 2:00 to 3:00 is skipped, at 1:00 UTC

    assert week_due(utc(sunday, 0, 59), zone=BERLIN, weekday=6, hour=2) is None
    assert week_due(utc(sunday, 1), zone=BERLIN, weekday=6, hour=2) == sunday


def test_an_hour_that_comes_twice_makes_one_digest() -> None:
    sunday = date(2026, 10, 25)  # 2:00 to 3:00 comes twice, from 0:00 and from 1:00 UTC

    assert week_due(utc(sunday, 0), zone=BERLIN, weekday=6, hour=2) == sunday
    assert week_due(utc(sunday, 1), zone=BERLIN, weekday=6, hour=2) == sunday
    assert week_due(utc(sunday, 1), zone=BERLIN, weekday=6, hour=2, last=sunday) is None


@pytest.mark.parametrize(("day", "hour"), [(date(2026, 3, 29), 0), (date(2026, 10, 25), 0), (date(2026, 7, 5), 0)])
def test_two_in_the_morning_is_the_first_such_moment(day: date, hour: int) -> None:
    assert at_local_hour(day, 2, BERLIN) == utc(day, hour if day.month != 3 else 1)


@given(
    moments,
    st.sampled_from(ZONES),
    st.integers(0, 6),
    st.integers(0, 23),
)
def test_over_thirteen_days_each_week_has_one_digest(start: datetime, zone: ZoneInfo, weekday: int, hour: int) -> None:
    written: list[date] = []

    for i in range(13 * 48):
        now = start + timedelta(minutes=30 * i)
        due = week_due(now, zone=zone, weekday=weekday, hour=hour, last=written[-1] if written else None)
        written += [due] if due else []

    assert all(day.weekday() == weekday for day in written)
    assert len(written) in (2, 3)
    assert all(later - day == timedelta(days=7) for day, later in pairwise(written))


@given(
    moments,
    st.sampled_from(ZONES),
    st.integers(0, 6),
    st.integers(0, 23),
)
def test_nothing_is_due_before_its_hour_or_after_its_week(
    now: datetime, zone: ZoneInfo, weekday: int, hour: int
) -> None:
    due = week_due(now, zone=zone, weekday=weekday, hour=hour)

    assert due is None or at_local_hour(due, hour, zone) <= now
    assert due is None or 0 <= (now.astimezone(zone).date() - due).days <= 6
