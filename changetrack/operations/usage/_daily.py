"""Writing daily numbers: what some events or statements add to them, a few hundred at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.usage import Aggregation, DayNumber, Feed, with_number
from changetrack.models import NUMBER_SCALE
from changetrack.operations.usage._locks import hold_accounts
from changetrack.operations.usage._rows import day_of, moment_of, moment_text, read_rows, run_rows
from changetrack.operations.usage._touch import touch_outcomes

Key = tuple[int, int, date]
"""An account, a metric, a day."""

NO_NUMBER = DayNumber()

_KEY = {"account_id": "bigint", "metric_id": "bigint", "day": "date"}
_KNOWN = """
    SELECT kept.account_id, kept.metric_id, kept.day, kept.recorded_on, kept.counted, kept.stated, kept.last_at
    FROM {rows} AS asked JOIN usage_daily AS kept
      ON kept.account_id = asked.account_id AND kept.metric_id = asked.metric_id AND kept.day = asked.day
    ORDER BY kept.recorded_on
"""  # all that was ever known of a day, which is little; the newest comes last
_WRITE = """
    INSERT INTO usage_daily (account_id, metric_id, day, recorded_on, counted, stated, last_at, recorded_at)
    SELECT account_id, metric_id, day, recorded_on, counted, stated, last_at, recorded_at FROM {rows} AS made WHERE true
    ON CONFLICT (account_id, metric_id, day, recorded_on) DO UPDATE SET
        counted = excluded.counted, stated = excluded.stated, last_at = excluded.last_at,
        recorded_at = excluded.recorded_at
"""
_WRITTEN = {
    **_KEY, "recorded_on": "date", "counted": "bigint", "stated": "bigint", "last_at": "timestamptz",
    "recorded_at": "timestamptz",
}  # fmt: skip
_MEMBERS = """
    INSERT INTO usage_members (account_id, metric_id, day, member, recorded_on)
    SELECT account_id, metric_id, day, member, recorded_on FROM {rows} AS seen WHERE true
    ON CONFLICT DO NOTHING RETURNING account_id, metric_id, day
"""
_MEMBER = {**_KEY, "member": "text", "recorded_on": "date"}


@dataclass(slots=True)
class News:
    """What is to be added to daily numbers: from events by key, members, and what is stated."""

    numbers: dict[Key, tuple[Aggregation, DayNumber]] = field(default_factory=dict)
    members: set[tuple[int, int, date, str]] = field(default_factory=set)
    stated: dict[Key, Decimal] = field(default_factory=dict)

    def add(self, account_id: int, feed: Feed, at: datetime) -> None:
        """Add what one event feeds."""
        key = (account_id, feed.metric_id, at.date())
        if feed.member is not None:
            self.members.add((*key, feed.member))
        elif feed.number is not None:
            at_last = at if feed.aggregation == "last" else None
            before = self.numbers[key][1] if key in self.numbers else NO_NUMBER
            self.numbers[key] = (feed.aggregation, with_number(before, feed.aggregation, feed.number, at_last))


def newest_numbers(session: scoped_session[Session], keys: set[Key]) -> dict[Key, tuple[date, DayNumber]]:
    """The newest row of each of these keys that has one: when it was recorded, and what it says."""
    asked = [(account_id, metric_id, day.isoformat()) for account_id, metric_id, day in sorted(keys)]
    found = {}
    for account_id, metric_id, day, recorded_on, counted, stated, last_at in read_rows(session, _KNOWN, _KEY, asked):
        number = DayNumber(_number(counted), _number(stated), moment_of(last_at))
        found[account_id, metric_id, day_of(day)] = (day_of(recorded_on), number)
    return found


def record_days(session: scoped_session[Session], news: News, *, now: datetime, today: date) -> int:
    """Write the news into the daily numbers, and tell the outcomes concerned; returns how many numbers changed.

    A day's newest number carries on: recorded on the same day it is changed in place, else a new row says what
    is known now. Nobody else changes numbers of these accounts until the transaction ends.
    """
    keys = set(news.numbers) | set(news.stated) | {member[:3] for member in news.members}
    if not keys:
        return 0
    hold_accounts(session, (key[0] for key in keys))
    added: dict[Key, tuple[Aggregation, DayNumber]] = dict(news.numbers)
    added.update(_new_members(session, news, today))
    newest = newest_numbers(session, keys)
    changed: dict[Key, tuple[date, DayNumber]] = {}
    for key in sorted(keys):
        recorded_on, before = newest.get(key, (today, NO_NUMBER))
        after = before
        if key in added:
            aggregation, what = added[key]
            assert what.counted is not None
            after = with_number(before, aggregation, what.counted, what.last_at)
        if key in news.stated:
            after = after._replace(stated=news.stated[key])
        if after != before:
            changed[key] = (max(recorded_on, today), after)
    _write(session, changed, now)
    touch_outcomes(session, _first_days(changed), today=today)
    return len(changed)


def _new_members(session: scoped_session[Session], news: News, today: date) -> dict[Key, tuple[Aggregation, DayNumber]]:
    """Keep who is counted, and return how many were not known yet on each day."""
    if not news.members:
        return {}
    on = today.isoformat()
    rows = [(a, m, day.isoformat(), member, on) for a, m, day, member in sorted(news.members)]
    counts: dict[Key, int] = {}
    for account_id, metric_id, seen_on in read_rows(session, _MEMBERS, _MEMBER, rows):
        key = (account_id, metric_id, day_of(seen_on))
        counts[key] = counts.get(key, 0) + 1
    return {key: ("distinct", DayNumber(Decimal(count))) for key, count in counts.items()}


def _write(session: scoped_session[Session], changed: Mapping[Key, tuple[date, DayNumber]], now: datetime) -> None:
    if not changed:
        return
    recorded_at = moment_text(now)
    run_rows(session, _WRITE, _WRITTEN, [
        (key[0], key[1], key[2].isoformat(), recorded_on.isoformat(), _scaled(number.counted), _scaled(number.stated),
         moment_text(number.last_at), recorded_at)
        for key, (recorded_on, number) in changed.items()
    ])  # fmt: skip


def _first_days(changed: Mapping[Key, object]) -> dict[tuple[int, int], date]:
    first: dict[tuple[int, int], date] = {}
    for account_id, metric_id, day in changed:
        pair = (account_id, metric_id)
        first[pair] = min(day, first.get(pair, day))
    return first


def _scaled(number: Decimal | None) -> int | None:
    return None if number is None else int(number * NUMBER_SCALE)


def _number(scaled: int | None) -> Decimal | None:
    return None if scaled is None else Decimal(scaled) / NUMBER_SCALE
