"""Keeping the readings of outcomes: what is news of use is read, worked out by period, and written down."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, bindparam, delete, select, type_coerce
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.value import period_of
from changetrack.models import NUMBER_SCALE, Reading
from changetrack.operations._bulk import insert_rows, table_of, update_rows
from changetrack.queries.period_use import read_use

_RECENT = timedelta(days=62)  # news of older days is rare: read apart, so that the rest need not reach as far back
_EVER = date(1, 1, 1)
_KEYS = ("account_id", "outcome_seq", "period_start", "recorded_on")

Version = tuple[int, int, date, date]
"""The key of a reading: account, outcome, first day of the period, the day at whose end it was known."""


def refresh_readings(session: scoped_session[Session], outcomes: Sequence[Any], today: date) -> None:
    """Bring the readings of these outcomes in line with the numbers of days, from `touched_from` on.

    An outcome that was never recognised has all of them worked out. The number of statements does not depend on the
    number of outcomes. What is known of a period on a later day is another reading; while it runs it has one.
    """
    news = [(outcome, _since(outcome)) for outcome in outcomes if _has_news(outcome)]
    recent = today - _RECENT
    for part in (
        [pair for pair in news if pair[1] >= recent],
        [pair for pair in news if pair[1] < recent],
    ):
        if part:
            _refresh(session, part)


def _has_news(outcome: Any) -> bool:
    return outcome.touched_from is not None or outcome.recognised_on is None


def _since(outcome: Any) -> date:
    """The first day of the first period that there is news of."""
    return _EVER if outcome.recognised_on is None else period_of(outcome.touched_from, outcome.period)


def _refresh(session: scoped_session[Session], part: Sequence[tuple[Any, date]]) -> None:
    since = min(first for _outcome, first in part)
    use = read_use(session, [(o.account_id, o.metric_id) for o, _first in part], since)
    wanted: dict[Version, int] = {}
    forgotten: set[tuple[int, int, date]] = set()
    for outcome, first in part:
        for start, versions in use.periods((outcome.account_id, outcome.metric_id), outcome.period, first).items():
            if versions is None:
                forgotten.add((outcome.account_id, outcome.seq, start))
            for recorded_on, number in versions or ():
                wanted[outcome.account_id, outcome.seq, start, recorded_on] = number
    kept = {version: number for version, number in _kept(session, part, since) if version[:3] not in forgotten}
    _write(session, kept, wanted)


def _kept(
    session: scoped_session[Session], part: Sequence[tuple[Any, date]], since: date
) -> Iterator[tuple[Version, int]]:
    """The readings on record of what is worked out anew."""
    firsts = {(outcome.account_id, outcome.seq): first for outcome, first in part}
    number = type_coerce(Reading.value, BigInteger)
    query: Any = select(Reading.account_id, Reading.outcome_seq, Reading.period_start, Reading.recorded_on, number)
    query = query.where(Reading.account_id.in_({key[0] for key in firsts}), Reading.period_start >= since)
    for account_id, seq, start, recorded_on, raw in session.execute(query):
        first = firsts.get((account_id, seq))
        if first is not None and start >= first:
            yield (account_id, seq, start, recorded_on), raw


def _write(session: scoped_session[Session], kept: Mapping[Version, int], wanted: Mapping[Version, int]) -> None:
    numbers: dict[int, Decimal] = {}

    def rows(versions: Iterable[Version]) -> list[dict[str, Any]]:
        found = []
        for version in versions:
            raw = wanted[version]
            if raw not in numbers:
                numbers[raw] = Decimal(raw) / NUMBER_SCALE
            account_id, seq, start, recorded_on = version
            found.append(
                {
                    "account_id": account_id,
                    "outcome_seq": seq,
                    "period_start": start,
                    "recorded_on": recorded_on,
                    "value": numbers[raw],
                }
            )
        return found

    gone = [version for version in kept if version not in wanted]
    if gone:
        session.connection().execute(_DELETE, [dict(zip(_NAMES, version, strict=True)) for version in gone])
    update_rows(session, Reading, _KEYS, rows(v for v in kept if v in wanted and kept[v] != wanted[v]))
    insert_rows(session, Reading, rows(sorted(wanted.keys() - kept.keys())))


_TABLE = table_of(Reading)
_NAMES = tuple(f"its_{name}" for name in _KEYS)
_DELETE = delete(_TABLE).where(*(_TABLE.c[name] == bindparam(f"its_{name}") for name in _KEYS))
