"""Days off are read as people type them, and everything that is no day is told at once."""

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.days_off import MOST_DAYS_OFF, MOST_READ, MOST_TROUBLES, days_off_text, read_days_off

DAYS = st.sets(st.dates(min_value=date(2000, 1, 1), max_value=date(2099, 12, 31)), max_size=60)


def test_lines_are_days_or_a_first_and_a_last() -> None:
    days, troubles = read_days_off("2026-12-28 to 2026-12-30\n\n  2026-12-24  \n2026-12-24\n2027-01-01 – 2027-01-02\n")

    assert troubles == []
    assert days == (
        date(2026, 12, 24), date(2026, 12, 28), date(2026, 12, 29), date(2026, 12, 30), date(2027, 1, 1),
        date(2027, 1, 2),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("24.12.2026", "write a day as 2026-12-24."),
        ("20261224", "write a day as 2026-12-24."),
        ("२०२६-१२-२४", "write a day as 2026-12-24."),
        ("2026-02-29", "there is no such day."),
        ("2026-12-30 to 2026-12-29", "the last day is before the first."),
        ("2026-01-01 to 2099-12-31", "that is longer than 1,000 days."),
        ("1999-12-31", "only days from 2000 to 2099 are kept."),
        ("Christmas", "write a day as 2026-12-24."),
    ],
)
def test_a_line_that_is_no_day_says_why(line: str, said: str) -> None:
    days, troubles = read_days_off(f"2026-12-24\n{line}")

    assert days == (date(2026, 12, 24),)
    assert troubles == [f"Line 2, “{line}”: {said}"]


def test_every_line_that_is_no_day_is_told() -> None:
    _, troubles = read_days_off("one\n2026-12-24\ntwo\nthree")

    assert [trouble.partition(",")[0] for trouble in troubles] == ["Line 1", "Line 3", "Line 4"]


def test_too_many_days_are_told_and_not_cut() -> None:
    text = "2026-01-01 to 2027-06-30\n2028-01-01 to 2029-12-31"

    _, troubles = read_days_off(text)

    assert troubles == [f"At most {MOST_DAYS_OFF:,} days off are kept; these are 1,277."]


@pytest.mark.parametrize("line", ["2000-01-01 to 2002-09-01", "2026-12-24", ""])
def test_of_a_text_that_nobody_can_mean_only_so_much_is_read(line: str) -> None:
    days, troubles = read_days_off(f"{line}\n" * (MOST_READ * 2))

    assert len(days) <= MOST_DAYS_OFF
    assert len(troubles) == 1
    assert troubles[0].endswith("was not read.")


@pytest.mark.parametrize(
    "line", ["." * 200_000 + " x y", "–" * 200_000 + " x y", " " * 200_000 + "x" + " " * 200_000 + "y"]
)
def test_a_long_line_is_no_day_and_is_soon_known_as_none(line: str) -> None:
    started = time.perf_counter()

    _, (trouble,) = read_days_off(f"{line}\n2026-12-24")

    assert "write a day as 2026-12-24." in trouble
    assert time.perf_counter() - started < 1


def test_of_many_lines_that_are_no_day_some_are_told() -> None:
    _, troubles = read_days_off("x\n" * 100_000)

    assert len(troubles) == MOST_TROUBLES + 1
    assert troubles[-1] == f"What follows from line {MOST_TROUBLES + 1} on was not read."


@given(DAYS)
def test_what_is_shown_is_read_again(days: set[date]) -> None:
    assert read_days_off(days_off_text(days)) == (tuple(sorted(days)), [])


def test_neighbours_are_shown_as_a_first_and_a_last() -> None:
    days = [date(2026, 12, 31), date(2026, 12, 24), date(2027, 1, 1), date(2027, 1, 2)]

    assert days_off_text(days) == "2026-12-24\n2026-12-31 to 2027-01-02"
