"""A person's calendar in the words of iCalendar (RFC 5545): an all-day event for each entry."""

from collections.abc import Callable, Iterable
from datetime import timedelta

from icalendar import Calendar, Event, vText

from changetrack.queries.calendar_feed import CalendarEntry

CONTENT_TYPE = "text/calendar; charset=utf-8"
REFRESH = timedelta(hours=1)
_LONGEST_SUMMARY = 200


def calendar_text(
    entries: Iterable[CalendarEntry], *, name: str, host: str, address_of: Callable[[CalendarEntry], str]
) -> bytes:
    """Return the calendar called `name`; `address_of` gives each entry's page, and `host` makes its id one of ours.

    The same entries give the same bytes. Names and words are escaped by the library, so none of them can add a line.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//ChangeTrack//Commitments and reviews//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", vText(" ".join(name.split())))  # which the library would leave as it is
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    for entry in entries:
        calendar.add_component(_event(entry, host, address_of(entry)))
    return bytes(calendar.to_ical())


def _event(entry: CalendarEntry, host: str, address: str) -> Event:
    event = Event()
    event.add("uid", f"{entry.kind}-{entry.account_id}-{entry.number}@{host}")
    event.add("dtstamp", entry.changed_at)
    event.add("last-modified", entry.changed_at)
    event.add("sequence", entry.revision)
    event.add("dtstart", entry.day)
    event.add("dtend", entry.day + timedelta(days=1))
    event.add("summary", _summary(entry))
    event.add("description", _description(entry, address))
    event.add("url", address)
    event.add("status", "CANCELLED" if entry.state == "withdrawn" else "CONFIRMED")
    event.add("transp", "TRANSPARENT")  # a day by which something is done takes up no time
    return event


def _summary(entry: CalendarEntry) -> str:
    if entry.kind == "review":
        words = f"Look again at {entry.account}"
    else:
        words = f"{'Met: ' if entry.state == 'met' else ''}{entry.account}: {entry.words} ({entry.owner})"
    line = " ".join(words.split())
    return line if len(line) <= _LONGEST_SUMMARY else f"{line[: _LONGEST_SUMMARY - 1]}…"


def _description(entry: CalendarEntry, address: str) -> str:
    said = f"On hold: {entry.words}" if entry.kind == "review" else f"{entry.words}\n{entry.owner}"
    return f"{said}\n{address}"
