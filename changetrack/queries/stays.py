"""The stays at each step from which the time to advance is learned, as they were known at a moment."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Select, func, or_, select

from changetrack.domain.journey.timeline import Span
from changetrack.domain.learned_limits import StepVisit, step_visits
from changetrack.models import Account, Standing, db
from changetrack.queries.standings import on_record

_READ_AT_ONCE = 5_000


def get_stays(*, first: date, last: date, known_until: datetime) -> Mapping[int, list[StepVisit]]:
    """Return the stays of all accounts at each step 1 to 8 that touch the days `first` to `last`.

    As known just before `known_until`: what was learned later, a move, a hold or a correction, changes nothing. One
    statement, read as it comes. Source: DOMAIN section 7.
    """
    found = defaultdict[int, list[StepVisit]](list)
    for created_on, spans in _accounts(last, known_until):
        for step, stay in step_visits(spans, last=last, seen_from=created_on):
            if stay.left_on is None or stay.left_on >= first:
                found[step].append(stay)
    return found


def _accounts(last: date, known_until: datetime) -> Iterator[tuple[date, list[Span]]]:
    """Of each account since when it is on record, and its places in order of days."""
    rows: Any = db.session.execute(_changes(last, known_until), execution_options={"yield_per": _READ_AT_ONCE})
    for (_, created_at), mine in groupby(rows, key=itemgetter(4, 5)):
        yield created_at.date(), [Span(*row[:4]) for row in mine]


def _changes(last: date, known_until: datetime) -> Select[Any]:
    """The standings up to a day, as known then, at which the place or the visit became another one."""
    over: Any = {"partition_by": Standing.account_id, "order_by": (Standing.effective_on, Standing.seq)}
    was_place, was_visit = (func.lag(column).over(**over) for column in (Standing.place, Standing.visit_seq))
    columns: list[Any] = [Standing.effective_on, Standing.place, Standing.step, Standing.visit_seq, Standing.account_id]
    known = (Standing.effective_on <= last, on_record(Standing, known_until))
    each = select(*columns, Standing.seq, was_place.label("was_place"), was_visit.label("was_visit")).where(*known)
    row = each.subquery().c
    changed = or_(row.place.is_distinct_from(row.was_place), row.visit_seq.is_distinct_from(row.was_visit))
    return (
        select(*(row[column.key] for column in columns), Account.created_at)
        .join(Account, Account.id == row.account_id)
        .where(changed)
        .order_by(row.account_id, row.effective_on, row.seq)
    )
