"""Stating daily numbers ready-made: what is stated counts before what events have added up to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, cast

from sqlalchemy import select, update
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.people import Actor
from changetrack.domain.refusal import Reason, refuse_if
from changetrack.domain.usage import LONGEST_NAME, MOST_STATED, Aggregation, combined, stated_number
from changetrack.models import NUMBER_SCALE, ApiToken, Metric
from changetrack.operations._texts import text_reasons
from changetrack.operations._transaction import transaction
from changetrack.operations.usage._daily import News, record_days
from changetrack.operations.usage._locks import PATIENCE
from changetrack.operations.usage._names import find_accounts
from changetrack.operations.usage._rows import moment_text, run_rows

_FIRST_DAY = date(2000, 1, 1)
_UNMATCHED = """
    INSERT INTO unmatched_usage (name, metric_id, day, value, recorded_at)
    SELECT name, metric_id, day, value, recorded_at FROM {rows} AS stated WHERE true
    ON CONFLICT (name, metric_id, day) DO UPDATE SET value = excluded.value, recorded_at = excluded.recorded_at
"""
_COLUMNS = {"name": "text", "metric_id": "bigint", "day": "date", "value": "bigint", "recorded_at": "timestamptz"}


@dataclass(frozen=True, slots=True)
class StatedRow:
    """One number as it was sent: whatever stands there, to be judged here."""

    account: object
    metric: object
    day: object
    value: object


@dataclass(frozen=True, slots=True)
class StatedUsage:
    """What became of the rows: how many there were, how many daily numbers changed, how many wait for an account."""

    rows: int
    changed: int
    unmatched: int


class _Good(NamedTuple):
    name: str
    metric_id: int
    aggregation: Aggregation
    day: date
    value: Decimal


def state_usage(
    *, rows: Sequence[StatedRow], actor: Actor, now: datetime, today: date, token_id: int | None = None
) -> StatedUsage:
    """State daily numbers, all or none; a later statement of the same day supersedes, and history keeps both.

    Rows of one account, metric and day come together by the metric's aggregation. Numbers of an account that
    nobody knows by that name wait for it. `token_id` is the token whose use is noted. Raises OperationRefused with
    every bad row, by its index: `rows[3].day`.
    """
    del actor  # a program that has shown its token
    with transaction(patience=PATIENCE) as session:
        if token_id is not None:
            session.execute(update(ApiToken).where(ApiToken.id == token_id).values(last_used_on=today))
        metrics = _metrics(session)
        good, reasons = [], []
        for number, row in enumerate(rows):
            found = _judged(number, row, metrics, today)
            if isinstance(found, list):
                reasons += found
            else:
                good.append(found)
        refuse_if(reasons)
        known = find_accounts(session, {row.name for row in good})
        stated, waiting = _combined(good, known)
        changed = record_days(session, News(stated=stated), now=now, today=today)
        _let_wait(session, waiting, now)
        return StatedUsage(len(rows), changed, len(waiting))


def _metrics(session: scoped_session[Session]) -> dict[str, tuple[int, Aggregation]]:
    rows = session.execute(select(Metric.key, Metric.id, Metric.aggregation).where(Metric.archived_at.is_(None)))
    return {row.key: (row.id, cast(Aggregation, row.aggregation)) for row in rows}


def _judged(
    number: int, row: StatedRow, metrics: Mapping[str, tuple[int, Aggregation]], today: date
) -> _Good | list[Reason]:
    reasons, at = [], f"rows[{number}]"
    name = row.account.strip() if isinstance(row.account, str) else ""
    if not name:
        reasons.append(Reason(f"{at}.account", "Name the account: its external id or another name of it."))
    elif text_reasons({"account": name}, {"account": LONGEST_NAME}):
        reasons.append(Reason(f"{at}.account", f"A name has at most {LONGEST_NAME} characters that can be kept."))
    metric = metrics.get(row.metric) if isinstance(row.metric, str) else None
    if metric is None:
        reasons.append(Reason(f"{at}.metric", "There is no such metric."))
    day = _day(row.day)
    if day is None or not _FIRST_DAY <= day <= today + timedelta(days=1):
        reasons.append(Reason(f"{at}.day", f"A day is written 2026-03-31, from {_FIRST_DAY} until today."))
    value = stated_number(row.value)
    if value is None:
        reasons.append(Reason(f"{at}.value", f"A value is a number from 0 to {MOST_STATED:,}."))
    if reasons or metric is None or day is None or value is None:
        return reasons
    return _Good(name, *metric, day, value)


def _day(value: object) -> date | None:
    if isinstance(value, str) and len(value) == 10 and value[7] == "-":  # not 2026-W45-1
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return None


def _combined(
    good: Sequence[_Good], known: Mapping[str, int]
) -> tuple[dict[tuple[int, int, date], Decimal], dict[tuple[str, int, date], Decimal]]:
    several: dict[Any, list[Decimal]] = {}
    aggregations: dict[int, Aggregation] = {}
    for row in good:
        key = (known.get(row.name, row.name), row.metric_id, row.day)
        several.setdefault(key, []).append(row.value)
        aggregations[row.metric_id] = row.aggregation
    whole = {key: combined(aggregations[key[1]], numbers) for key, numbers in several.items()}
    stated = {key: value for key, value in whole.items() if isinstance(key[0], int)}
    return stated, {key: value for key, value in whole.items() if isinstance(key[0], str)}


def _let_wait(
    session: scoped_session[Session], waiting: Mapping[tuple[str, int, date], Decimal], now: datetime
) -> None:
    if waiting:
        recorded_at = moment_text(now)
        run_rows(session, _UNMATCHED, _COLUMNS, [
            (name, metric_id, day.isoformat(), int(value * NUMBER_SCALE), recorded_at)
            for (name, metric_id, day), value in sorted(waiting.items())
        ])  # fmt: skip
