"""Counting what waits under a name, once it is known whose it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.usage import Aggregation, Feed, combined
from changetrack.models import Metric, UnmatchedUsage, UsageEvent
from changetrack.operations._import_lookup import account_ids
from changetrack.operations.usage._daily import News, newest_numbers, record_days
from changetrack.operations.usage._file_events import adopt_file_events
from changetrack.operations.usage._locks import hold_accounts, hold_names
from changetrack.operations.usage._rows import run_rows

_AT_ONCE = 2_000  # events
_IS_ANY = (
    "SELECT EXISTS (SELECT 1 FROM usage_events WHERE state = 'unmatched') OR EXISTS (SELECT 1 FROM unmatched_usage)"
)
_NAMES = """
    WITH RECURSIVE waiting(name) AS (
        SELECT min(name) FROM {table} WHERE {which}
        UNION ALL
        SELECT (SELECT min(later.name) FROM {table} AS later WHERE {which} AND later.name > waiting.name)
        FROM waiting WHERE waiting.name IS NOT NULL
    ) SELECT name FROM waiting WHERE name IS NOT NULL
"""  # from one name to the next by the index, however many events each has
_COUNTED = """
    UPDATE usage_events SET state = 'counted', account_id = :account_id, feeds = NULL
    FROM {rows} AS done
    WHERE usage_events.source_id = done.source_id AND usage_events.message_id = done.message_id
"""
_EVENT = {"source_id": "bigint", "message_id": "text"}


@dataclass(slots=True)
class Matched:
    """What was counted when a name became known: events, and stated numbers of a day."""

    events: int = 0
    numbers: int = 0


def count_waiting(
    session: scoped_session[Session], *, now: datetime, today: date, names: Iterable[str] | None = None
) -> Matched:
    """Count all that waits under those of `names` (None: all names) that name an account by now, recorded today.

    To be called in the transaction that has made the names known. It waits for those who are just writing
    something under a name; whoever comes later finds the account. One look when nothing waits.
    """
    matched = Matched()
    hold_names(session)
    if not session.scalar(text(_IS_ANY)):
        return matched
    known = account_ids(session, _waiting_names(session) if names is None else names)
    if not known:
        return matched
    hold_accounts(session, known.values())
    aggregations = cast("dict[int, Aggregation]", dict(session.execute(select(Metric.id, Metric.aggregation)).all()))
    for name, account_id in sorted(known.items()):
        adopt_file_events(session, name, account_id)
        matched.events += _count_events(session, name, account_id, aggregations, now, today)
        matched.numbers += _count_numbers(session, name, account_id, aggregations, now, today)
    return matched


def _waiting_names(session: scoped_session[Session]) -> set[str]:
    events = _NAMES.format(table="usage_events", which="state = 'unmatched'")
    numbers = _NAMES.format(table="unmatched_usage", which="true")
    return {name for statement in (events, numbers) for name in session.scalars(text(statement))}


def _count_events(
    session: scoped_session[Session],
    name: str,
    account_id: int,
    aggregations: Mapping[int, Aggregation],
    now: datetime,
    today: date,
) -> int:
    columns = (UsageEvent.source_id, UsageEvent.message_id, UsageEvent.day, UsageEvent.feeds)
    waiting = select(*columns).where(UsageEvent.state == "unmatched", UsageEvent.name == name).limit(_AT_ONCE)
    counted = 0
    while rows := session.execute(waiting).all():
        news = News()
        for row in rows:
            for kept in row.feeds or ():
                if kept[0] in aggregations:
                    news.add(account_id, _feed(kept, aggregations), _moment(kept, row.day))
        record_days(session, news, now=now, today=today)
        done = [(row.source_id, row.message_id) for row in rows]
        run_rows(session, _COUNTED, _EVENT, done, account_id=account_id)
        counted += len(rows)
    return counted


def _feed(kept: list[Any], aggregations: Mapping[int, Aggregation]) -> Feed:
    number = None if kept[1] is None else Decimal(kept[1])
    return Feed(kept[0], aggregations[kept[0]], number, kept[2])


def _moment(kept: list[Any], day: date) -> datetime:
    """When it happened: said to the second where the last number of a day counts."""
    return datetime.fromisoformat(kept[3]) if len(kept) > 3 else datetime.combine(day, time(), UTC)


def _count_numbers(
    session: scoped_session[Session],
    name: str,
    account_id: int,
    aggregations: Mapping[int, Aggregation],
    now: datetime,
    today: date,
) -> int:
    """What is stated under several names of an account comes together as if one file had stated it."""
    waiting = select(UnmatchedUsage.metric_id, UnmatchedUsage.day, UnmatchedUsage.value)
    rows = session.execute(waiting.where(UnmatchedUsage.name == name)).all()
    newest = newest_numbers(session, {(account_id, row.metric_id, row.day) for row in rows})
    news = News()
    for row in rows:
        if row.metric_id in aggregations:
            key = (account_id, row.metric_id, row.day)
            stated = newest[key][1].stated if key in newest else None
            several = [row.value] if stated is None else [stated, row.value]
            news.stated[key] = combined(aggregations[row.metric_id], several)
    record_days(session, news, now=now, today=today)
    session.execute(delete(UnmatchedUsage).where(UnmatchedUsage.name == name))
    return len(rows)
