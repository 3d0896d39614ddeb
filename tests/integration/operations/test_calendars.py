"""An account's clocks run by its calendar, from the moment it is given one."""

from datetime import date, timedelta
from typing import Any

from changetrack.domain.calendar import WorkCalendar
from changetrack.operations.accounts import edit_account
from changetrack.operations.calendars import create_calendar, edit_calendar
from tests.factories.walk import Walk

FOUR_DAYS: dict[str, Any] = {
    "name": "Four days", "weekmask": "1111000", "country": None, "subdivision": None, "timezone": None,
    "blackout_days": (),
}  # fmt: skip


def keep(walk: Walk, **record: object) -> None:
    """Edit the record of the account."""
    version = walk.account().version
    edit_account(record=record, version=version, **walk.by("ada"))
    walk.session.rollback()


def ada(walk: Walk) -> dict[str, Any]:
    """Who keeps the calendars, and when."""
    return {name: value for name, value in walk.by("ada").items() if name != "account_id"}


def test_with_another_calendar_an_account_is_looked_at_on_another_day(walk: Walk) -> None:
    walk.open(days_ago=0)
    before = walk.account().due_on
    calendar_id = create_calendar(**FOUR_DAYS, **ada(walk))

    keep(walk, calendar_id=calendar_id)

    assert before is not None
    limit = WorkCalendar().elapsed(walk.today, before)
    later = WorkCalendar("1111000").add(walk.today, limit)
    assert walk.account().due_on == later
    assert later > before


def test_days_off_of_its_own_stop_its_clocks(walk: Walk) -> None:
    walk.open(days_ago=0)
    before = walk.account().due_on
    assert before is not None
    off = [walk.today + timedelta(days=n) for n in range(1, 4)]  # Tuesday to Thursday

    keep(walk, blackout_days=off)

    limit = WorkCalendar().elapsed(walk.today, before)
    assert walk.account().due_on == WorkCalendar("1111100", frozenset(off)).add(walk.today, limit)


def test_a_name_alone_wakes_nobody(walk: Walk) -> None:
    walk.open(days_ago=0)
    calendar_id = create_calendar(**FOUR_DAYS, **ada(walk))
    keep(walk, calendar_id=calendar_id)
    before = walk.account().due_on

    edit_calendar(calendar_id=calendar_id, version=1, **{**FOUR_DAYS, "name": "Short week"}, **ada(walk))
    walk.session.rollback()
    kept = walk.account().due_on
    days = {**FOUR_DAYS, "blackout_days": (date(2026, 4, 6),)}
    edit_calendar(calendar_id=calendar_id, version=2, **days, **ada(walk))
    walk.session.rollback()

    assert kept == before
    assert walk.account().due_on == walk.today
