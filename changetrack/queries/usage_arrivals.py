"""Reads of what arrived: the events, newest first, whose they are, and what each of them feeds."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select, tuple_

from changetrack.models import Account, EventRule, Metric, UsageEvent, UsageSource, db

PAGE = 50
LOOKED_THROUGH = 5_000  # events, when only some of them are wanted: the same work however rare these are
STATES = ("counted", "unmatched", "no_rule", "no_account", "too_old", "ahead")

Place = tuple[datetime, int, str]
_KEY = (UsageEvent.received_at, UsageEvent.source_id, UsageEvent.message_id)


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event that arrived; `metrics` are (id, name) of what it feeds, or will once its account is known.

    `wants` are the properties that rules for it asked for and which it did not have as they need it.
    """

    source_id: int
    source: str | None
    message_id: str
    event: str
    name: str | None
    account_id: int | None
    account: str | None
    day: date
    received_at: datetime
    state: str
    metrics: tuple[tuple[int, str], ...]
    wants: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        """Where it stands in the list."""
        return self.received_at, self.source_id, self.message_id


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Some events; `following` is the place after which older ones come, None at the end."""

    rows: tuple[Arrival, ...]
    following: Place | None


@dataclass(frozen=True, slots=True)
class _Feeding:
    """The names of all metrics, and all rules that there ever were."""

    names: dict[int, str]
    rules: list[EventRule]

    def of(self, row: Any) -> tuple[tuple[int, str], ...]:
        """What an event feeds: as it was written down with it, else by the rules in force when it came."""
        if row.state not in ("counted", "unmatched"):
            return ()
        ids = [feed[0] for feed in row.feeds] if row.feeds else [rule.metric_id for rule in self._rules_for(row)]
        return tuple((key, self.names[key]) for key in dict.fromkeys(ids) if key in self.names)

    def wanted_by(self, row: Any) -> tuple[str, ...]:
        """The properties without which an event fed nothing."""
        if row.state != "no_rule":
            return ()
        return tuple(dict.fromkeys(rule.property for rule in self._rules_for(row) if rule.property))

    def _rules_for(self, row: Any) -> list[EventRule]:
        return [
            rule
            for rule in self.rules
            if rule.event == row.event and rule.source_id in (None, row.source_id)
            if rule.created_at <= row.received_at and (rule.ended_at is None or rule.ended_at > row.received_at)
        ]


def list_arrivals(
    *, source_id: int | None = None, state: str = "", event: str = "", before: Place | None = None, limit: int = PAGE
) -> Arrivals:
    """Return up to `limit` events that arrived before a place, the newest first, by at most four statements.

    With a filter the newest 5,000 before the place are looked through: there may be fewer than `limit`, and more
    after `following`. `source_id` 0 are the events of files.
    """
    wanted = list(_wanted(source_id, state, event))
    query = _newest(before).limit(LOOKED_THROUGH if wanted else limit + 1)
    some = query.subquery()
    named = select(some, UsageSource.name.label("source"), Account.name.label("account"))
    named = named.outerjoin(UsageSource, UsageSource.id == some.c.source_id)
    named = named.outerjoin(Account, Account.id == some.c.account_id).where(*(some.c[n] == v for n, v in wanted))
    ordered = named.order_by(some.c.received_at.desc(), some.c.source_id.desc(), some.c.message_id.desc())
    found = db.session.execute(ordered.limit(limit + 1)).all()
    feeding = _feeding() if found else _Feeding({}, [])
    rows = tuple(_arrival(row, feeding) for row in found[:limit])
    if len(found) > limit:
        return Arrivals(rows, rows[-1].place)
    return Arrivals(rows, _end_of_look(before) if wanted else None)


def _newest(before: Place | None) -> Select[Any]:
    columns = (*_KEY, UsageEvent.event, UsageEvent.name, UsageEvent.account_id, UsageEvent.day, UsageEvent.state)
    query = select(*columns, UsageEvent.feeds).order_by(*(column.desc() for column in _KEY))
    return query if before is None else query.where(_older(before))


def _older(place: Place) -> ColumnElement[bool]:
    moment, source_id, message_id = place
    behind = tuple_(UsageEvent.source_id, UsageEvent.message_id) < tuple_(source_id, message_id)
    # The first condition is what an index can be entered by.
    return and_(UsageEvent.received_at <= moment, or_(UsageEvent.received_at < moment, behind))


def _wanted(source_id: int | None, state: str, event: str) -> Iterator[tuple[str, Any]]:
    if source_id is not None:
        yield "source_id", source_id
    if state:
        yield "state", state
    if event:
        yield "event", event


def _end_of_look(before: Place | None) -> Place | None:
    """The last place that was looked at, if there may be more behind it."""
    last = db.session.execute(_newest(before).offset(LOOKED_THROUGH - 1).limit(1)).first()
    return None if last is None else (last.received_at, last.source_id, last.message_id)


def _feeding() -> _Feeding:
    names = {row.id: row.name for row in db.session.execute(select(Metric.id, Metric.name))}
    rules = db.session.scalars(select(EventRule).order_by(EventRule.metric_id, EventRule.id))
    return _Feeding(names, list(rules))


def _arrival(row: Any, feeding: _Feeding) -> Arrival:
    return Arrival(
        row.source_id, row.source, row.message_id, row.event, row.name, row.account_id, row.account, row.day,
        row.received_at, row.state, feeding.of(row), feeding.wanted_by(row),
    )  # fmt: skip
