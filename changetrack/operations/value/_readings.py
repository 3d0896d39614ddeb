"""Keeping the readings of outcomes: what is news of use is read, worked out by period, and written down."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.value import Reading, period_of
from changetrack.models import Reading as ReadingRow
from changetrack.models import usage_number
from changetrack.operations._bulk import insert_tuples, table_of
from changetrack.queries.period_use import Periods, read_use
from changetrack.queries.recognition_inputs import Key, read_readings

_RECENT = timedelta(days=62)  # news of older days is rare: read apart, so that the rest need not reach as far back
_EVER = date(1, 1, 1)
_COLUMNS = ("account_id", "outcome_seq", *Reading._fields)
_TABLE = table_of(ReadingRow)
_DELETE = delete(_TABLE).where(*(_TABLE.c[key.name] == bindparam(f"its_{key.name}") for key in _TABLE.primary_key))


def refresh_readings(
    session: scoped_session[Session], outcomes: Sequence[Any], today: date
) -> dict[Key, Sequence[Reading]]:
    """Bring the readings of these outcomes in line with the numbers of days, from `touched_from` on.

    An outcome that was never recognised has all of them worked out; returns those of the outcomes that had none
    before. The number of statements does not depend on the number of outcomes. What is known of a period on a later
    day is another reading; while it runs it has one.
    """
    news = [(outcome, _since(outcome)) for outcome in outcomes if _has_news(outcome)]
    recent = today - _RECENT
    first: dict[Key, Sequence[Reading]] = {}
    for part in (
        [pair for pair in news if pair[1] >= recent],
        [pair for pair in news if pair[1] < recent],
    ):
        if part:
            first |= _refresh(session, part)
    return first


def _has_news(outcome: Any) -> bool:
    return outcome.touched_from is not None or outcome.recognised_on is None


def _since(outcome: Any) -> date:
    """The first day of the first period that there is news of."""
    return _EVER if outcome.recognised_on is None else period_of(outcome.touched_from, outcome.period)


def _refresh(session: scoped_session[Session], part: Sequence[tuple[Any, date]]) -> dict[Key, Sequence[Reading]]:
    since = min(first for _outcome, first in part)
    use = read_use(session, [(o.account_id, o.metric_id) for o, _first in part], since)
    kept = read_readings(session, [(o.account_id, o.seq) for o, _first in part], since)
    fresh: dict[Key, Sequence[Reading]] = {}
    gone: list[dict[str, Any]] = []
    new: list[tuple[Any, ...]] = []
    of_metric = cache(lambda *asked: _readings(use.periods(*asked)))  # the outcomes of a metric are read off the same
    for outcome, first in part:
        key = (outcome.account_id, outcome.seq)
        periods, wanted = of_metric((outcome.account_id, outcome.metric_id), outcome.period, first)
        had = {reading for reading in kept[key] if reading.period_start >= first}
        if had:
            for reading in had.difference(wanted):
                if periods.get(reading.period_start, ()) is not None:  # what it follows from was not deleted
                    gone.append(_named(key, reading))
            wanted = [reading for reading in wanted if reading not in had]
        elif first == _EVER:
            fresh[key] = wanted
        new += [key + reading for reading in wanted]
    if gone:
        session.connection().execute(_DELETE, gone)
    insert_tuples(session, ReadingRow, _COLUMNS, new)
    return fresh


def _readings(periods: Periods) -> tuple[Periods, list[Reading]]:
    readings = [
        Reading(start, usage_number(number), recorded_on)
        for start, versions in periods.items()
        for recorded_on, number in versions or ()
    ]
    return periods, readings


def _named(key: Key, reading: Reading) -> dict[str, Any]:
    return {
        "its_account_id": key[0],
        "its_outcome_seq": key[1],
        "its_period_start": reading.period_start,
        "its_recorded_on": reading.recorded_on,
    }
