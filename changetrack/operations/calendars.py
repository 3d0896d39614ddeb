"""What is done about work calendars: adding, editing, which of them is the house's, deleting one that nobody keeps."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.funnel import OPEN_PLACES
from changetrack.domain.history import field_diff
from changetrack.domain.message_choices import is_week
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused, Reason, StaleVersion, refuse_if
from changetrack.models import Account, Calendar
from changetrack.operations._audit import record_audit
from changetrack.operations._days_off import days_off_reasons
from changetrack.operations._texts import text_reasons
from changetrack.operations._time_zones import is_time_zone
from changetrack.operations._transaction import transaction, unique_or
from changetrack.queries.work_calendars import list_countries

NAME_MAX = 120
_NAMES = ("name", "weekmask", "country", "subdivision", "timezone", "blackout_days")
_IN_USE = tuple(place for place in OPEN_PLACES if place > 0)


def create_calendar(
    *,
    name: str,
    weekmask: str,
    country: str | None,
    subdivision: str | None,
    timezone: str | None,
    blackout_days: Sequence[date],
    actor: Actor,
    now: datetime,
    today: date,
) -> int:
    """Add a calendar that no account keeps yet, and return its id.

    `weekmask` is seven of 1 (worked) and 0 from Monday, `country` and `subdivision` are of the `holidays` library,
    `timezone` None is the house's. Raises Forbidden, and OperationRefused with everything that is wrong.
    """
    del today  # nothing is due because of it
    _require_administrator(actor)
    values = _values(name, weekmask, country, subdivision, timezone, blackout_days)
    with transaction() as session:
        row = Calendar(**values, is_house=False, version=1)
        session.add(row)
        with unique_or(_taken(row.name)):
            session.flush()
        _record(session, row, "calendar_added", actor, now, field_diff({}, values))
        return row.id


def edit_calendar(
    *,
    calendar_id: int,
    version: int,
    name: str,
    weekmask: str,
    country: str | None,
    subdivision: str | None,
    timezone: str | None,
    blackout_days: Sequence[date],
    actor: Actor,
    now: datetime,
    today: date,
) -> None:
    """Save a calendar as for `create_calendar`; the accounts that keep it are looked at again in the next night.

    `version` is the one that was shown. Raises Forbidden, NotFound, StaleVersion, OperationRefused.
    """
    _require_administrator(actor)
    values = _values(name, weekmask, country, subdivision, timezone, blackout_days)
    with transaction() as session:
        row = _lock(session, calendar_id)
        before = {field: getattr(row, field) for field in _NAMES}
        if row.version != version:
            raise StaleVersion(current=before | {"version": row.version}, typed=values)
        changes = field_diff(before, values)
        if not changes:
            return
        for field, value in values.items():
            setattr(row, field, value)
        row.version += 1
        with unique_or(_taken(row.name)):
            session.flush()
        if changes.keys() != {"name"}:
            _make_due(session, _keeps(row), today)
        _record(session, row, "calendar_edited", actor, now, changes)


def make_house_calendar(*, calendar_id: int, actor: Actor, now: datetime, today: date) -> None:
    """Make a calendar that of every account which has chosen no other; doing it twice is the same as once.

    Raises Forbidden, NotFound.
    """
    _require_administrator(actor)
    with transaction() as session:
        row = _lock(session, calendar_id)
        if row.is_house:
            return
        former = session.scalars(select(Calendar).where(Calendar.is_house).with_for_update()).first()
        if former is not None:
            former.is_house = False
            session.flush()
        row.is_house = True
        _make_due(session, Account.calendar_id.is_(None), today)
        changes: dict[str, object] = {"house": [former.name if former else None, row.name]}
        _record(session, row, "calendar_made_house", actor, now, changes)


def delete_calendar(*, calendar_id: int, actor: Actor, now: datetime, today: date) -> None:
    """Delete a calendar that no account keeps. Raises Forbidden, NotFound, and OperationRefused for one in use."""
    del today
    _require_administrator(actor)
    with transaction() as session:
        row = _lock(session, calendar_id)
        is_kept = session.scalar(select(exists().where(Account.calendar_id == row.id)))
        if row.is_house or is_kept:
            why = "It is the house’s." if row.is_house else "Accounts keep it: give them another first."
            raise OperationRefused([Reason(None, why)])
        _record(session, row, "calendar_deleted", actor, now, {"name": [row.name, None]})
        session.delete(row)


def _values(
    name: str,
    weekmask: str,
    country: str | None,
    subdivision: str | None,
    timezone: str | None,
    blackout_days: Sequence[date],
) -> dict[str, Any]:
    """The columns of a calendar; raises OperationRefused with everything that is wrong."""
    days = sorted(set(blackout_days))
    values = {"name": " ".join(name.split()), "weekmask": weekmask, "country": country, "subdivision": subdivision}
    refuse_if([*_text_reasons(values), *_place_reasons(country, subdivision, timezone), *days_off_reasons(days)])
    return values | {"timezone": timezone, "blackout_days": [day.isoformat() for day in days]}


def _text_reasons(values: Mapping[str, Any]) -> list[Reason]:
    reasons = text_reasons(values, {"name": NAME_MAX})
    if not values["name"]:
        reasons.append(Reason("name", "Give it a name."))
    if not is_week(values["weekmask"]) or "1" not in values["weekmask"]:
        reasons.append(Reason("week", "Choose at least one day of the week that is worked."))
    return reasons


def _place_reasons(country: str | None, subdivision: str | None, timezone: str | None) -> list[Reason]:
    countries, reasons = list_countries(), []
    if country is not None and country not in countries:
        reasons.append(Reason("country", "The holidays of that country are not known."))
    elif subdivision is not None and subdivision not in countries.get(country or "", ()):
        reasons.append(Reason("subdivision", "Choose a part of that country, or the whole of it."))
    if timezone is not None and not is_time_zone(timezone):
        reasons.append(Reason("timezone", "There is no such time zone."))
    return reasons


def _lock(session: scoped_session[Session], calendar_id: int) -> Calendar:
    row = session.get(Calendar, calendar_id, with_for_update=True)
    if row is None:
        raise NotFound("There is no such calendar.")
    return row


def _keeps(row: Calendar) -> ColumnElement[bool]:
    chosen = Account.calendar_id == row.id
    return or_(chosen, Account.calendar_id.is_(None)) if row.is_house else chosen


def _make_due(session: scoped_session[Session], which: ColumnElement[bool], today: date) -> None:
    later = or_(Account.due_on.is_(None), Account.due_on > today)
    due = update(Account).where(which, Account.place.in_(_IN_USE), later).values(due_on=today)
    session.execute(due, execution_options={"synchronize_session": False})


def _taken(name: str) -> Reason:
    return Reason("name", f"There is already a calendar {name}.")


def _require_administrator(actor: Actor) -> None:
    if not may(actor, Action.ADMINISTER):
        raise Forbidden("Only an administrator keeps the calendars.")


def _record(
    session: scoped_session[Session],
    row: Calendar,
    kind: str,
    actor: Actor,
    now: datetime,
    changes: Mapping[str, object],
) -> None:
    record_audit(session, subject=f"calendar:{row.id}", kind=kind, actor=actor, now=now, changes=changes)
