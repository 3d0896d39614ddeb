"""The nightly record of the funnel, with which a past day is compared at no cost."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, tzinfo
from typing import Any

from sqlalchemy import delete, exists, func, insert, literal, or_, select
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.filters import CARRIED_FIELDS, NO_VALUE
from changetrack.domain.funnel import end_of_day
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Forbidden, OperationRefused
from changetrack.models import Event, FunnelCell, FunnelSnapshot, LedgerEntry, Model, Outcome, ValueCell, ValueSnapshot
from changetrack.operations._transaction import transaction
from changetrack.queries.funnel import Picture, get_funnel
from changetrack.queries.funnel_worth import get_worth
from changetrack.queries.value_figures import MEASURES

CHUNK = 500  # rows a statement


def take_snapshot(*, day: date, zone: tzinfo, actor: Actor, now: datetime, today: date) -> int:
    """Write down the funnel as it was known at the end of `day`, in place of an earlier record of it.

    `zone` is where days end. The cells are copied if they still say how that day ended, else it is counted from the
    standings. Returns the number of rows. Raises OperationRefused for a day that is not over.
    """
    if not may(actor, Action.SEE_ALL):
        raise Forbidden("Only who sees all accounts records the funnel.")
    del now  # the record is of a day, whenever it is made
    if day >= today:
        raise OperationRefused([("day", f"{day.isoformat()} is not over; its funnel is recorded the night after.")])
    with transaction() as session:
        _forget(session, day)
        copied = session.execute(_copy_of_cells(day)).all()
        session.execute(_copy_of_value(day))
        if not _is_overtaken(session, day, zone):
            return len(copied)
        _forget(session, day)
        question = {"actor": actor, "today": today, "zone": zone, "as_of": day, "known_at": day}
        rows = _insert(session, FunnelSnapshot, _counted(day, question))
        _insert(session, ValueSnapshot, _valued(day, question))
        return rows


def _is_overtaken(session: scoped_session[Session], day: date, zone: tzinfo) -> bool:
    """Whether something was recorded after the day ended, so that the cells no longer say how it ended."""
    after = end_of_day(day, zone)
    happened, posted = exists().where(Event.recorded_at >= after), exists().where(LedgerEntry.recorded_at >= after)
    promised = exists().where(Outcome.recognised_on > day)  # more is promised with the days, without any entry
    return bool(session.scalar(select(or_(happened, posted, promised))))


def _forget(session: scoped_session[Session], day: date) -> None:
    for table in (FunnelSnapshot, ValueSnapshot):
        session.execute(delete(table).where(table.day == day))


def _insert(session: scoped_session[Session], table: type[Model], found: Iterator[dict[str, Any]]) -> int:
    rows = list(found)
    for start in range(0, len(rows), CHUNK):
        session.execute(insert(table), rows[start : start + CHUNK])
    return len(rows)


def _copy_of_cells(day: date) -> Any:
    cell = FunnelCell
    sums = [func.sum(column).label(column.key) for column in (cell.accounts, cell.unsupported, cell.stale)]
    shards = select(literal(day).label("day"), cell.field, cell.value, cell.place, *sums)
    rows = shards.group_by(cell.field, cell.value, cell.place).having(func.sum(cell.accounts) != 0)
    columns = ["day", "field", "value", "place", "accounts", "unsupported", "stale"]
    return insert(FunnelSnapshot).from_select(columns, rows).returning(FunnelSnapshot.place)


def _copy_of_value(day: date) -> Any:
    cell = ValueCell
    sums = [func.sum(getattr(cell, name)).label(name) for name in MEASURES]
    shards = select(literal(day).label("day"), cell.field, cell.value, cell.place, cell.currency, *sums)
    rows = shards.group_by(cell.field, cell.value, cell.place, cell.currency)
    return insert(ValueSnapshot).from_select(["day", "field", "value", "place", "currency", *MEASURES], rows)


def _valued(day: date, question: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for by in (None, *CARRIED_FIELDS):
        for value, places in get_worth(**question, by=by).items():
            for place, currencies in places.items():
                for currency, worth in currencies.items():
                    key = {"day": day, "field": by or "", "value": value, "place": place, "currency": currency}
                    yield key | {name: getattr(worth, name) for name in MEASURES}


def _counted(day: date, question: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for by in (None, *CARRIED_FIELDS):
        funnel = get_funnel(**question, by=by)
        groups = [("", funnel.picture)] if by is None else [(g.value, g.picture) for g in funnel.groups]
        for value, picture in groups:
            yield from _rows(day, by or "", "" if value == NO_VALUE else value, picture)


def _rows(day: date, field: str, value: str, picture: Picture) -> Iterator[dict[str, Any]]:
    for place, count in picture.counts.items():
        if count.accounts:
            yield {
                "day": day,
                "field": field,
                "value": value,
                "place": place,
                "accounts": count.accounts,
                "unsupported": count.unsupported,
                "stale": count.stale,
            }
