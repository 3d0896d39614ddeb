"""The time zones that a form offers, by the names that the IANA database gives them, and which one was meant."""

from functools import cache
from zoneinfo import available_timezones

from changetrack.domain.refusal import refuse_if

_NOT_PLACES = ("Etc/", "SystemV/", "US/", "posix/", "right/")
_MOST_NAMED = 5
ZONE_HELP = "Type a city, such as Berlin, or choose from the list."


@cache
def time_zones() -> tuple[str, ...]:
    """Every place that has a time zone, such as Europe/Berlin, and UTC."""
    places = (name for name in available_timezones() if "/" in name and not name.startswith(_NOT_PLACES))
    return ("UTC", *sorted(places))


def meant_zone(typed: str | None) -> str | None:
    """Return the zone that was typed, also by its city alone, where one city has that name; None for nothing.

    What is like no place is returned as typed. Raises OperationRefused, naming the nearest, where several are meant.
    """
    text = "_".join((typed or "").split())
    if not text or text in _names():
        return text or None
    wanted = text.casefold()
    named = [zone for zone in time_zones() if wanted in (zone.casefold(), _city(zone))]
    if len(named) == 1:
        return named[0]
    near = named or [zone for zone in time_zones() if wanted in _city(zone)]
    refuse_if([("timezone", f"Which one: {', '.join(near[:_MOST_NAMED])}?")] if near else [])
    return text


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones())


def _city(zone: str) -> str:
    return zone.rpartition("/")[2].casefold()
