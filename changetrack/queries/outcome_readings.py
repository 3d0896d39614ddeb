"""Reads of what outcomes are measured by: their last weeks or months, with gaps where there is no data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from changetrack.domain.value import next_period, period_end, period_of
from changetrack.models import Outcome, Reading, db

PERIODS_SHOWN = 26
_DAYS_BACK = {"week": 7 * (PERIODS_SHOWN - 1), "month": 31 * (PERIODS_SHOWN - 1)}


@dataclass(frozen=True, slots=True)
class Period:
    """One week or month of use: `value` None is no data. `verdict` is passed, failed, no data, or open.

    An open period is not closed yet; `counts` says that it began on or after the agreement. `was` is what was known
    of it before its last correction, which came on `recorded_on`.
    """

    start: date
    end: date
    value: Decimal | None
    recorded_on: date | None
    was: Decimal | None
    is_corrected: bool
    verdict: str
    counts: bool


def newest_readings(
    account_id: int, outcomes: Sequence[Outcome], today: date
) -> Mapping[tuple[int, date], list[Reading]]:
    """Return what was recorded of each outcome and period, oldest first, by one statement."""
    since = today - timedelta(days=max(_DAYS_BACK[outcome.period] for outcome in outcomes) + 31)
    wanted = [outcome.seq for outcome in outcomes]
    query = select(Reading).where(
        Reading.account_id == account_id, Reading.outcome_seq.in_(wanted), Reading.period_start >= since
    )
    found: dict[tuple[int, date], list[Reading]] = {}
    for row in db.session.scalars(query.order_by(Reading.outcome_seq, Reading.period_start, Reading.recorded_on)):
        found.setdefault((row.outcome_seq, row.period_start), []).append(row)
    return found


def periods_of(outcome: Outcome, readings: Mapping[tuple[int, date], list[Reading]], today: date) -> tuple[Period, ...]:
    """Return the outcome's last 26 periods, oldest first, from the first one with data on; none without data."""
    kind = outcome.period
    start = period_of(today - timedelta(days=_DAYS_BACK[kind]), kind)
    found: list[Period] = []
    while start <= today:
        known = readings.get((outcome.seq, start), [])
        if known or found:
            found.append(_period(outcome, start, known, today))
        start = next_period(start, kind)
    return tuple(found[-PERIODS_SHOWN:])


def _period(outcome: Outcome, start: date, known: Sequence[Any], today: date) -> Period:
    end = period_end(start, outcome.period)
    newest = known[-1] if known else None
    value = newest.value if newest else None
    closed_on = end + timedelta(days=outcome.settle_lag_days)
    late = [row for row in known if row.recorded_on > closed_on]
    before = [row for row in known if row is not newest]
    return Period(
        start=start,
        end=end,
        value=value,
        recorded_on=newest.recorded_on if newest else None,
        was=before[-1].value if late and before else None,
        is_corrected=bool(late and before),
        verdict=_verdict(outcome, value, is_closed=today >= closed_on),
        counts=outcome.agreed_on is not None and start >= outcome.agreed_on,
    )


def _verdict(outcome: Outcome, value: Decimal | None, *, is_closed: bool) -> str:
    if not is_closed:
        return "open"
    if value is None:
        return "no data"
    return "passed" if value >= outcome.threshold else "failed"
