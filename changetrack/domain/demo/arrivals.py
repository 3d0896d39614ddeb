"""How the use of the example arrives: week by week in files, and of the last days as events from the products."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import count

from changetrack.domain.demo.course import WEEK
from changetrack.domain.demo.deeds import EventsDeed, FileDeed
from changetrack.domain.demo.gains import TASKS, USERS, WORK
from changetrack.domain.demo.telling import Telling
from changetrack.domain.usage import Arrival

HEADERS = ("external_id", "metric", "day", "value", "member")
SOURCE = "Tarn products"
STRANGER = "T-0420"
"""By what name a product speaks of an account that nobody knows here."""

_READ_AT = 6 * 60 + 30  # minutes of the day
_SENT_AT = (10 * 60, 12 * 60 + 40, 15 * 60 + 20, 18 * 60)  # several times a day, as products do
_AT_LEAST = timedelta(days=3)  # of events, before today
_SEEN = ("Page Viewed", "Export Opened")  # what is sent and counted nowhere
_FEW = 4  # who use it on a day, where nothing says how many


def usage_deeds(told: Sequence[Telling], today: date) -> Iterator[FileDeed | EventsDeed]:
    """The files of all weeks until lately, each read on the Monday after; from then on what the products send."""
    using = [t for t in told if t.course.began is not None]
    if not using:
        return
    monday = min(t.course.began for t in using if t.course.began is not None)
    sent_from = today - _AT_LEAST - timedelta((today - _AT_LEAST).weekday())
    while monday < sent_from:
        rows = [row for t in using for row in _rows(t, monday)]
        monday += WEEK
        yield FileDeed(monday, _READ_AT, "ada", "usage", f"use-{monday:%G-w%V}.csv", HEADERS, rows)
    yield from _corrections(using)
    for n in range((today - sent_from).days + 1):
        day = sent_from + timedelta(n)
        events = [event for t in using for event in _events(t, day)]
        if day == today:
            events = [*events[: len(events) // 3], *_odd_events(today)]
        for place, minute in enumerate(_SENT_AT):
            yield EventsDeed(day, minute, tuple(events[place :: len(_SENT_AT)]))


def _rows(told: Telling, monday: date) -> Iterator[tuple[str, ...]]:
    name = told.record.external_id
    for number in told.course.week(monday):
        yield (name, number.metric, number.day.isoformat(), str(number.value), "")
    for member in told.course.members(monday, _known(told)):
        yield (name, member.metric, member.day.isoformat(), "", member.who)


def _corrections(using: Sequence[Telling]) -> Iterator[FileDeed]:
    for told in using:
        for on, _ in told.course.fixes:
            rows = [(told.record.external_id, n.metric, n.day.isoformat(), str(n.value), "")
                    for n in told.course.corrections(on)]  # fmt: skip
            yield FileDeed(on, _READ_AT, "ada", "usage", f"counted-twice-{on}.csv", HEADERS, rows)


def _known(told: Telling) -> list[str]:
    """Those of the coalition who use it themselves."""
    people = told.cast.on_record
    return [person["email"] for person in people if person["in_coalition"] and not person["is_sponsor"]]


def _events(told: Telling, day: date) -> Iterator[Arrival]:
    """What an account's people did on a day, each once, with a share of the day's number."""
    name, monday = told.record.external_id, day - timedelta(day.weekday())
    work = WORK[told.record.product.name].metric
    numbers = {number.metric: number.value for number in told.course.week(monday) if number.day == day}
    known = _known(told)
    people = told.course.everybody(known)[: numbers.get(USERS.key, _FEW)]
    done, serial = numbers.get(work.key, 0), count(1)
    for place, who in enumerate(people if numbers else ()):
        share = done // len(people) + (place < done % len(people))
        yield _arrival(name, work.event or "", who, {work.property or "": share}, day, next(serial))
    for member in told.course.members(monday, known):
        if member.day == day and member.metric == TASKS.key:
            yield _arrival(name, TASKS.event or "", member.who, {}, day, next(serial))


def _odd_events(today: date) -> Iterator[Arrival]:
    """What arrives and cannot be counted: of a stranger, without an account, or of no interest."""
    work = WORK["Tarn Plan"].metric
    for number in range(1, 8):
        sold = {work.property or "": 3 * number}
        yield _arrival(STRANGER, work.event or "", f"user-{number}", sold, today, number)
    for number, event in enumerate(_SEEN, 1):
        yield _arrival("somebody", event, "user-1", {}, today, number)
    yield _arrival(None, work.event or "", "user-9", {}, today, 1)


def _arrival(
    name: str | None, event: str, who: str, properties: Mapping[str, object], day: date, number: int
) -> Arrival:
    at = datetime.combine(day, time(0, 1), UTC) + timedelta(minutes=number)
    return Arrival(f"{name or 'nobody'}-{day}-{event}-{number}", event, name, who, properties, at)
