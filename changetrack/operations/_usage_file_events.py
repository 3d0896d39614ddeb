"""Counting the events of a file: each once, whichever file brings it again."""

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import groupby

from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.usage import MOST_STATED, Aggregation, DayNumber, with_number
from changetrack.domain.usage_file import SCALE, in_figures, message_id
from changetrack.operations._import_terms import Scene, Tried
from changetrack.operations._usage_spool import FileEvent
from changetrack.operations.usage._daily import Key, News, newest_numbers, record_days
from changetrack.operations.usage._rows import day_of, moment_text, run_rows

_AT_ONCE = 4_000  # events
_KEEP = """
    INSERT INTO usage_events (source_id, message_id, event, name, account_id, day, received_at, state, feeds)
    SELECT 0, given.message_id, metrics.key, given.name, given.account_id, given.day, given.received_at,
           CASE WHEN given.account_id IS NULL THEN 'unmatched' ELSE 'counted' END, given.feeds
    FROM {rows} AS given JOIN metrics ON metrics.id = given.metric_id WHERE true
    ON CONFLICT DO NOTHING RETURNING message_id
"""
_KEPT = {
    "message_id": "text", "metric_id": "bigint", "name": "text", "account_id": "bigint", "day": "date",
    "received_at": "timestamptz", "feeds": "json",
}  # fmt: skip
_KNOWN = """
    SELECT kept.message_id FROM {rows} AS given JOIN usage_events AS kept
      ON kept.source_id = 0 AND kept.message_id = given.message_id
"""
_SEEN = """
    SELECT seen.account_id, seen.metric_id, seen.day, seen.member FROM {rows} AS given JOIN usage_members AS seen
      ON seen.account_id = given.account_id AND seen.metric_id = given.metric_id AND seen.day = given.day
     AND seen.member = given.member
"""
_SEEN_BY = {"account_id": "bigint", "metric_id": "bigint", "day": "date", "member": "text"}
Kinds = Mapping[int, Aggregation]
_TOGETHER: Mapping[Aggregation, Callable[[int, int], int]] = {
    "sum": operator.add, "max": max, "distinct": max, "last": lambda _before, number: number,
}  # fmt: skip
"""What two numbers of a day are together, in the order of their lines."""


def take_events(scene: Scene, events: Iterable[FileEvent], kinds: Kinds) -> Iterator[Tried]:
    """Count events that were never counted before, some thousand at a time; those of unknown accounts wait.

    Says after each time how many numbers of a day are new or change by them, and writes only where that is wanted.
    """
    for some in _some(events):
        ids = list(map(_id_of, some))
        new = _keep(scene, ids, some, kinds) if scene.writing else _without_known(scene.session, ids)
        yield _count(
            scene, [event for id_, event in zip(ids, some, strict=True) if event.who > 0 and id_ in new], kinds
        )


def take_members(scene: Scene, members: Iterable[FileEvent], kinds: Kinds) -> Iterator[Tried]:
    """Count members of days without event ids: to be counted once is in their nature."""
    for some in _some(members):
        if scene.writing:
            waiting = [member for member in some if member.who < 0]
            _keep(scene, list(map(_id_of, waiting)), waiting, kinds)
        yield _count(scene, [member for member in some if member.who > 0], kinds)


def _some(events: Iterable[FileEvent]) -> Iterator[list[FileEvent]]:
    """Some thousand at a time; those of one account, metric and day stay together."""
    some: list[FileEvent] = []
    for _, of_day in groupby(events, key=lambda event: event[1:4]):
        some += of_day
        if len(some) >= _AT_ONCE:
            yield some
            some = []
    if some:
        yield some


def _keep(scene: Scene, ids: Sequence[str], events: Sequence[FileEvent], kinds: Kinds) -> set[str]:
    """Keep events that are not kept yet; returns the ids of those."""
    received_at = moment_text(scene.now)
    rows = [
        (
            *(id_, event.metric, event.name, event.who if event.who > 0 else None, event.day, received_at),
            _feeds(event, kinds) if event.who < 0 else None,
        )
        for id_, event in zip(ids, events, strict=True)
    ]
    return {id_ for (id_,) in run_rows(scene.session, _KEEP, _KEPT, rows)} if rows else set()


def _without_known(session: scoped_session[Session], ids: Sequence[str]) -> set[str]:
    rows = run_rows(session, _KNOWN, {"message_id": "text"}, [(id_,) for id_ in ids])
    return set(ids).difference(id_ for (id_,) in rows)


def _id_of(event: FileEvent) -> str:
    return message_id(event.who if event.name is None else event.name, event.metric, event.day, event.event)


def _feeds(event: FileEvent, kinds: Kinds) -> list[list[object]]:
    number = None if event.value is None else in_figures(event.value)
    moment = [f"{event.day}T00:00:00+00:00"] if kinds[event.metric] == "last" else []
    return [[event.metric, number, event.member, *moment]]


def _count(scene: Scene, events: Sequence[FileEvent], kinds: Kinds) -> Tried:
    news, numbers = News(), dict[tuple[int, int, str], int]()
    for _, who, metric, day, value, _, member, _ in events:
        if member is not None:
            news.members.add((who, metric, date.fromisoformat(day), member))
        elif value is not None:
            before = numbers.get((who, metric, day))
            numbers[who, metric, day] = value if before is None else _TOGETHER[kinds[metric]](before, value)
    for (who, metric, day), number in numbers.items():
        on, kind = date.fromisoformat(day), kinds[metric]
        at = datetime.combine(on, time(), UTC) if kind == "last" else None
        counted = min(Decimal(number) / SCALE, MOST_STATED)
        news.numbers[who, metric, on] = (kind, DayNumber(counted, None, at))
    tried = _foreseen(scene.session, news)
    if scene.writing:
        record_days(scene.session, news, now=scene.now, today=scene.today)
    return tried


def _foreseen(session: scoped_session[Session], news: News) -> Tried:
    """How many numbers of a day are new, change, and stay, when this is counted."""
    keys: set[Key] = {*news.numbers, *(member[:3] for member in news.members)}
    if not keys:
        return Tried()
    newest = newest_numbers(session, keys)
    rows = [(account, metric, day.isoformat(), member) for account, metric, day, member in sorted(news.members)]
    kept = run_rows(session, _SEEN, _SEEN_BY, rows)
    seen = {(row.account_id, row.metric_id, day_of(row.day), row.member) for row in kept}
    changed = {member[:3] for member in news.members.difference(seen)}
    for key, (aggregation, number) in news.numbers.items():
        before = newest[key][1] if key in newest else DayNumber()
        assert number.counted is not None
        if with_number(before, aggregation, number.counted, number.last_at) != before:
            changed.add(key)
    created = len(changed.difference(newest))
    return Tried(created=created, updated=len(changed) - created, unchanged=len(keys) - len(changed))
