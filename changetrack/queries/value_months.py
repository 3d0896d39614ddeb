"""Value month by month: by how much each figure changed, and what it came to by then."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

from changetrack.domain.people import Actor, visible_teams
from changetrack.domain.value_flows import LINES
from changetrack.models import ValueFlow, db

_MONTH = timedelta(days=32)


@dataclass(frozen=True, slots=True)
class Month:
    """By how much figures of one currency changed in a month, by the day from which it was so, in minor units.

    `accrued`, `corrected` and `reversed` make up what was realized; `live` is what went live, `lapsed` (at most 0)
    what stopped being so. `promised_to_date` and `realized_to_date` are the sums at the month's end.
    """

    start: date
    promised: int = 0
    accrued: int = 0
    corrected: int = 0
    reversed: int = 0
    probationary: int = 0
    live: int = 0
    lapsed: int = 0
    promised_to_date: int = 0
    realized_to_date: int = 0

    @property
    def realized(self) -> int:
        """By how much what is realized changed."""
        return self.accrued + self.corrected + self.reversed

    @property
    def is_empty(self) -> bool:
        """Whether nothing happened in it, or had before."""
        return not any(getattr(self, name) for name in (*LINES, "promised_to_date", "realized_to_date"))


Months = Mapping[str, tuple[Month, ...]]
"""By currency, the oldest first."""


def get_months(*, actor: Actor, team_id: int | None = None, last: date, months: int) -> Months:
    """Return the `months` months up to that of the day `last`, for each currency, from the monthly sums.

    Of the accounts that `actor` may see, or only those of a team (0: of none), by the team that had them when it was
    recognised. One statement, whose cost does not depend on the number of accounts.
    """
    ending, teams = last.replace(day=1), visible_teams(actor)
    query: Any = select(ValueFlow.currency, ValueFlow.month, ValueFlow.line, func.sum(ValueFlow.amount))
    query = query.where(ValueFlow.month <= ending).group_by(ValueFlow.currency, ValueFlow.month, ValueFlow.line)
    if team_id is not None:
        query = query.where(ValueFlow.team_id == team_id)
    if teams is not None:
        query = query.where(ValueFlow.team_id.in_(sorted(teams)))
    return months_of(db.session.execute(query).all(), last=last, months=months)


def months_of(changes: Iterable[Any], *, last: date, months: int) -> Months:
    """Put changes (currency, first day of the month, line, amount) into months without gaps, with sums to date."""
    found: defaultdict[str, defaultdict[date, defaultdict[str, int]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(int))
    )
    for currency, month, line, amount in changes:
        found[currency][month][line] += int(amount)
    starts = list(_starts(last, months))
    return {currency: _told(by_month, starts) for currency, by_month in sorted(found.items())}


def _told(by_month: Mapping[date, Mapping[str, int]], starts: list[date]) -> tuple[Month, ...]:
    before = [lines for month, lines in by_month.items() if month < starts[0]]
    promised = sum(lines.get("promised", 0) for lines in before)
    realized = sum(_realized(lines) for lines in before)
    told = []
    for start in starts:
        lines = by_month.get(start, {})
        promised += lines.get("promised", 0)
        realized += _realized(lines)
        amounts = {line: lines.get(line, 0) for line in LINES}
        told.append(Month(start, **amounts, promised_to_date=promised, realized_to_date=realized))
    return tuple(told)


def _realized(lines: Mapping[str, int]) -> int:
    return sum(lines.get(line, 0) for line in ("accrued", "corrected", "reversed"))


def _starts(last: date, months: int) -> list[date]:
    starts = [last.replace(day=1)]
    while len(starts) < months:
        starts.append((starts[-1] - timedelta(days=1)).replace(day=1))
    return starts[::-1]
