"""When a person's digest of the week is due, by the clock on their own wall."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

_WEEK = 7


def week_due(now: datetime, *, zone: tzinfo, weekday: int, hour: int, last: date | None = None) -> date | None:
    """Return the local date whose digest is due at `now`, None if none is.

    It is the newest day of that `weekday` (from Monday, 0) whose local `hour` has come, at most six days back: what
    was missed is caught up once, and an older one never. `last` is the local date of the newest digest that was
    written: none is due for that date or an earlier one, even when the clock goes back. An hour that the clock skips
    comes when the clock has passed it; of an hour that comes twice, the first counts.
    """
    today = now.astimezone(zone).date()
    day = today - timedelta(days=(today.weekday() - weekday) % _WEEK)
    if now < at_local_hour(day, hour, zone) or (last is not None and day <= last):
        return None
    return day


def at_local_hour(day: date, hour: int, zone: tzinfo) -> datetime:
    """Return the moment, in UTC, at which it is `hour` on that local date; the first of two such hours."""
    return datetime.combine(day, time(hour), tzinfo=zone).astimezone(UTC)
