"""Reads of use by period: what was known of each week or month of some accounts' metrics, and when."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Select, func, select, type_coerce
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.period_use import DayUse, Seen, Version, distinct_versions, is_forgotten, versions
from changetrack.domain.value import period_end, period_of
from changetrack.models import NUMBER_SCALE, Metric, UsageDaily, UsageMember

Use = tuple[int, int]
"""An account and a metric."""

Periods = dict[date, list[Version] | None]
"""By the first day of a period its versions in ten-thousandths; None where what they follow from was deleted."""

_DISTINCT = "distinct"


@dataclass(slots=True)
class UseOfDays:
    """The numbers of days that were read, in ten-thousandths, by account and metric; asked for by periods."""

    aggregations: Mapping[int, str]
    days: dict[Use, list[DayUse]] = field(default_factory=lambda: defaultdict(list))
    stated: dict[Use, list[DayUse]] = field(default_factory=lambda: defaultdict(list))
    seen: dict[Use, list[Seen]] = field(default_factory=lambda: defaultdict(list))

    def periods(self, use: Use, kind: str, since: date) -> Periods:
        """What was known of the weeks or months from the one that begins on `since` on; none without a number."""
        aggregation = self.aggregations[use[1]]
        days = self._by_period(self.days.get(use, ()), kind, since)
        if aggregation != _DISTINCT:
            return {first: versions(of, aggregation, period_end(first, kind)) for first, of in days.items()}
        stated = self._by_period(self.stated.get(use, ()), kind, since)
        seen = self._by_period(self.seen.get(use, ()), kind, since)
        return {
            first: None
            if is_forgotten(of, seen.get(first, []), NUMBER_SCALE)
            else distinct_versions(stated.get(first, []), seen.get(first, []), period_end(first, kind), NUMBER_SCALE)
            for first, of in days.items()
        }

    def _by_period(self, rows: Iterable[Any], kind: str, since: date) -> dict[date, list[Any]]:
        found: dict[date, list[Any]] = {}
        for row in rows:
            first = period_of(row[0], kind)
            if first in found:
                found[first].append(row)
            elif first >= since:
                found[first] = [row]
        return found


def read_use(session: scoped_session[Session], uses: Iterable[Use], since: date) -> UseOfDays:
    """Read all numbers of days from `since` on of the accounts and metrics in `uses`, in at most four statements."""
    kinds: Any = session.execute(select(Metric.id, Metric.aggregation))
    read = UseOfDays(dict(kinds.all()))
    accounts, metrics = ({use[i] for use in uses} for i in (0, 1))
    distinct = {metric for metric in metrics if read.aggregations[metric] == _DISTINCT}
    if metrics - distinct:
        rows = session.execute(_days(_NUMBER, accounts, metrics - distinct, since)).all()
        for account, metric, day, recorded_on, number in rows:
            read.days[account, metric].append((day, recorded_on, number))
    if distinct:
        for account, metric, day, recorded_on, counted, stated in session.execute(
            _days(_BOTH, accounts, distinct, since)
        ).all():
            read.days[account, metric].append((day, recorded_on, counted or 0))
            if stated is not None:
                read.stated[account, metric].append((day, recorded_on, stated))
        for account, metric, *sight in session.execute(_members(accounts, distinct, since)).all():
            read.seen[account, metric].append(tuple(sight))
    return read


def _raw(column: Any) -> Any:
    """A number as it is kept, without a Decimal made of it."""
    return type_coerce(column, BigInteger)


_DAYS: Any = UsageDaily.__table__.c
_NUMBER = (_raw(func.coalesce(_DAYS.stated, _DAYS.counted)),)
_BOTH = (_raw(_DAYS.counted), _raw(_DAYS.stated))


def _days(numbers: tuple[Any, ...], accounts: set[int], metrics: set[int], since: date) -> Select[Any]:
    use = _DAYS
    columns: list[Any] = [use.account_id, use.metric_id, use.day, use.recorded_on, *numbers]
    return select(*columns).where(use.account_id.in_(accounts), use.metric_id.in_(metrics), use.day >= since)


def _members(accounts: set[int], metrics: set[int], since: date) -> Select[Any]:
    seen: Any = UsageMember.__table__.c
    columns: list[Any] = [seen.account_id, seen.metric_id, seen.day, seen.recorded_on, seen.member]
    return select(*columns).where(seen.account_id.in_(accounts), seen.metric_id.in_(metrics), seen.day >= since)
