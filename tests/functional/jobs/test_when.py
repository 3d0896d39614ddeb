"""When a job is due: by the local clock, on business days, whatever was missed and however clocks are put."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from changetrack.jobs.job import Daily
from changetrack.jobs.schedule import ALIASES, JOBS, NAMES, get_job

NIGHT = Daily(5, workdays=True)
BERLIN = ZoneInfo("Europe/Berlin")


def latest(when: Daily, moment: datetime) -> date:
    return when.latest(moment, moment.date())


@pytest.mark.parametrize(
    ("moment", "slot"),
    [
        (datetime(2026, 3, 3, 5, 0, tzinfo=UTC), date(2026, 3, 3)),  # Tuesday, on the hour
        (datetime(2026, 3, 3, 4, 59, tzinfo=UTC), date(2026, 3, 2)),
        (datetime(2026, 3, 2, 4, 0, tzinfo=UTC), date(2026, 2, 27)),  # Monday before the hour: Friday's
        (datetime(2026, 3, 8, 12, 0, tzinfo=UTC), date(2026, 3, 6)),  # on a Sunday
    ],
)
def test_the_newest_due_night_is_that_of_the_last_business_day(moment: datetime, slot: date) -> None:
    assert latest(NIGHT, moment) == slot


def test_nights_that_were_missed_are_caught_up_by_one_run() -> None:
    three_weeks_later = datetime(2026, 3, 24, 11, 0, tzinfo=UTC)

    assert latest(NIGHT, three_weeks_later) == date(2026, 3, 24)


@pytest.mark.parametrize("changes_on", [date(2026, 3, 29), date(2026, 10, 25)])
def test_daylight_saving_neither_repeats_nor_skips_a_day(changes_on: date) -> None:
    start = datetime(changes_on.year, changes_on.month, changes_on.day, tzinfo=UTC) - timedelta(days=1)
    ticks = [(start + timedelta(minutes=10 * n)).astimezone(BERLIN) for n in range(3 * 144)]

    slots = [Daily(2).latest(tick, tick.date()) for tick in ticks]

    steps = {(later - earlier).days for earlier, later in pairwise(slots)}
    assert steps == {0, 1}
    assert {changes_on, changes_on + timedelta(days=1)} <= set(slots)


def test_a_clock_put_back_a_day_asks_for_a_night_that_is_done() -> None:
    before, after = datetime(2026, 3, 4, 6, 0, tzinfo=UTC), datetime(2026, 3, 3, 6, 0, tzinfo=UTC)

    assert latest(NIGHT, after) < latest(NIGHT, before)


def test_a_run_is_about_today_but_a_record_is_about_the_day_that_ended() -> None:
    friday, sunday = date(2026, 3, 6), date(2026, 3, 8)

    assert get_job("stale-sweep").day_of(friday, sunday) == sunday
    assert get_job("snapshot").day_of(sunday, sunday) == date(2026, 3, 7)


def test_the_promised_names_are_there() -> None:
    assert {"stale-sweep", "deliver", "snapshot", "expire-evidence"} <= set(NAMES)
    assert get_job("expire-evidence") is get_job("stale-sweep")
    assert set(ALIASES.values()) <= {job.name for job in JOBS}


def test_every_job_says_when_and_what() -> None:
    assert {job.name: job.when.words for job in JOBS} == {
        "learn-limits": "every day at 00:00",
        "stale-sweep": "every business day at 05:00",
        "measure-alerts": "every day at 04:00",
        "deliver": "every second",
        "recognise-value": "every 60 seconds",
        "snapshot": "every day at 01:00",
        "forget-usage": "every day at 02:00",
        "remind-commitments": "every day at 06:00",
        "digest": "every 300 seconds",
        "tidy": "every day at 03:00",
    }
    assert all(job.summary.endswith(".") for job in JOBS)
