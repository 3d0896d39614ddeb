"""The work calendars of accounts: on which days their people work, by week, country, and days off of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import holidays
from sqlalchemy import ColumnElement, and_, or_, select

from changetrack.domain.calendar import DEFAULT_CALENDAR, WorkCalendar
from changetrack.models import Account, Calendar, db

YEARS = range(2000, 2051)  # whose holidays are known


@dataclass(frozen=True, slots=True)
class Calendars:
    """All calendars of the house, for many accounts at once."""

    rows: Mapping[int | None, Calendar]

    def of(self, calendar_id: int | None, blackout_days: Sequence[str] = ()) -> WorkCalendar:
        """The calendar of an account that has chosen this one (None: the house's) and these days off of its own."""
        return work_calendar(self._row(calendar_id), blackout_days)

    def timezone_of(self, calendar_id: int | None) -> str | None:
        """The time zone of that calendar; None where it is that of the house."""
        row = self._row(calendar_id)
        return row.timezone if row else None

    def _row(self, calendar_id: int | None) -> Calendar | None:
        return self.rows.get(calendar_id) or self.rows.get(None)


def load_calendars() -> Calendars:
    """Return every calendar, the house's also under None, by one statement: there are few."""
    rows = list(db.session.scalars(select(Calendar)))
    house = next((row for row in rows if row.is_house), None)
    found: dict[int | None, Calendar] = {row.id: row for row in rows}
    if house is not None:
        found[None] = house
    return Calendars(found)


def is_calendar_of_account() -> ColumnElement[bool]:
    """The condition that joins an account to its calendar: its own, or else the house's."""
    is_houses = and_(Account.calendar_id.is_(None), Calendar.is_house)
    return or_(Calendar.id == Account.calendar_id, is_houses)


def work_calendar(calendar: Calendar | None, own_days: Sequence[str] = ()) -> WorkCalendar:
    """Return the pure calendar of a row, with further days off (ISO dates); Monday to Friday where there is no row."""
    if calendar is None:
        return _built("1111100", None, None, tuple(own_days)) if own_days else DEFAULT_CALENDAR
    days_off = (*calendar.blackout_days, *own_days)
    return _built(calendar.weekmask, calendar.country, calendar.subdivision, days_off)


@lru_cache(maxsize=4096)
def _built(weekmask: str, country: str | None, subdivision: str | None, days_off: tuple[str, ...]) -> WorkCalendar:
    free = country_holidays(country, subdivision) if country else frozenset()
    return WorkCalendar(weekmask, free | {date.fromisoformat(day) for day in days_off})


@lru_cache(maxsize=64)
def country_holidays(country: str, subdivision: str | None) -> frozenset[date]:
    """Return the public holidays of a country or a part of it. Raises NotImplementedError for an unknown one."""
    return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=YEARS))


@lru_cache(maxsize=1)
def list_countries() -> Mapping[str, Sequence[str]]:
    """Return the countries whose holidays are known, by their two letters, each with its parts."""
    return dict(sorted(holidays.list_supported_countries(include_aliases=False).items()))
