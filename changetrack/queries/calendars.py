"""Reads of the work calendars as administrators keep them: what each says, who uses it, and its next days off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import holidays
from sqlalchemy import func, or_, select

from changetrack.domain.refusal import NotFound
from changetrack.models import Account, Calendar, db
from changetrack.queries.work_calendars import list_countries

AHEAD = timedelta(days=366)
_LANGUAGE = "en_US"  # where the list of a country has it, else the country's own


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """A calendar: `weekmask` is seven of 1 (worked) and 0 from Monday; `accounts` are those that have chosen it."""

    id: int
    name: str
    is_house: bool
    weekmask: str
    country: str | None
    subdivision: str | None
    timezone: str | None
    blackout_days: tuple[date, ...]
    version: int
    accounts: int = 0


@dataclass(frozen=True, slots=True)
class DayOff:
    """A day that would be worked but for a public holiday (`words` is its name) or a day off of the calendar's own."""

    day: date
    words: str


def list_calendars() -> list[CalendarRow]:
    """Return all calendars, the house's first, the others by name; by two statements."""
    counted = select(Account.calendar_id, func.count()).where(Account.calendar_id.is_not(None))
    used = {row.calendar_id: row[1] for row in db.session.execute(counted.group_by(Account.calendar_id))}
    rows = db.session.scalars(select(Calendar).order_by(Calendar.is_house.desc(), Calendar.name, Calendar.id))
    return [_calendar(row, used.get(row.id, 0)) for row in rows]


def get_calendar(calendar_id: int) -> CalendarRow:
    """Return one calendar by two statements. Raises NotFound."""
    row = db.session.get(Calendar, calendar_id)
    if row is None:
        raise NotFound("There is no such calendar.")
    used = db.session.scalar(select(func.count()).select_from(Account).where(Account.calendar_id == calendar_id))
    return _calendar(row, used or 0)


def list_calendar_choices(present: int | None = None) -> list[tuple[int, str]]:
    """Return (id, name) of what an account can choose besides the house's calendar, by name, and what it has chosen."""
    offered = or_(Calendar.is_house.is_(False), Calendar.id == present)
    rows = db.session.execute(select(Calendar.id, Calendar.name).where(offered).order_by(Calendar.name))
    return [(row.id, row.name) for row in rows]


def days_off_ahead(
    today: date, *, weekmask: str, country: str | None, subdivision: str | None, blackout_days: Sequence[date]
) -> list[DayOff]:
    """Return the days of the next twelve months that such a calendar has off though their weekday is worked.

    Raises NotImplementedError for a country or a part of one whose holidays are not known.
    Source: the `holidays` library.
    """
    named = dict.fromkeys(blackout_days, "Day off of its own")
    if country and country not in list_countries():  # the library takes other names of its own for one
        raise NotImplementedError(country)
    if country:
        years = range(today.year, (today + AHEAD).year + 1)
        named |= dict(holidays.country_holidays(country, subdiv=subdivision, years=years, language=_LANGUAGE))
    return [
        DayOff(day, words.replace("; ", ", "))
        for day, words in sorted(named.items())
        if today <= day < today + AHEAD and weekmask[day.weekday()] == "1"
    ]


@lru_cache(maxsize=64)
def part_names(country: str) -> dict[str, str]:
    """Return the parts of a country that have a name, by their code: {"BY": "Bayern"}."""
    named = holidays.country_holidays(country).get_subdivision_aliases()
    return {code: max(names, key=len) for code, names in named.items() if names}


def _calendar(row: Calendar, accounts: int) -> CalendarRow:
    names = ("id", "name", "is_house", "weekmask", "country", "subdivision", "timezone", "version")
    days = tuple(date.fromisoformat(day) for day in row.blackout_days)
    return CalendarRow(**{name: getattr(row, name) for name in names}, blackout_days=days, accounts=accounts)
