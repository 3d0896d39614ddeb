"""Taking events in: each once, counted in the same transaction, kept where its account is not known yet."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.people import Actor
from changetrack.domain.usage import Arrival, Feed, State, feeds_of, state_of
from changetrack.models import WriteKey
from changetrack.operations._transaction import transaction
from changetrack.operations.usage._daily import News, record_days
from changetrack.operations.usage._locks import PATIENCE
from changetrack.operations.usage._names import find_accounts
from changetrack.operations.usage._rows import moment_text, run_rows
from changetrack.queries.usage_keys import list_rules

_INSERT = """
    INSERT INTO usage_events (source_id, message_id, event, name, account_id, day, received_at, state, feeds)
    SELECT source_id, message_id, event, name, account_id, day, received_at, state, feeds FROM {rows} AS came WHERE true
    ON CONFLICT DO NOTHING RETURNING message_id
"""
_COLUMNS = {
    "source_id": "bigint", "message_id": "text", "event": "text", "name": "text", "account_id": "bigint",
    "day": "date", "received_at": "timestamptz", "state": "text", "feeds": "json",
}  # fmt: skip


@dataclass(slots=True)
class Ingested:
    """What became of some events: how many came, how many of them for the first time, and those by their state."""

    events: int
    states: Counter[State] = field(default_factory=Counter)

    @property
    def new(self) -> int:
        """How many were not known before."""
        return self.states.total()


@dataclass(slots=True)
class _Judged:
    arrival: Arrival
    feeds: list[Feed]
    account_id: int | None
    state: State


def ingest_events(
    *,
    source_id: int,
    events: Sequence[Arrival],
    secret: str,
    actor: Actor,
    now: datetime,
    today: date,
    retention_days: int,
    key_id: int | None = None,
) -> Ingested:
    """Keep what a source sends and count it, all in one transaction; an event that came before changes nothing.

    Exactly once is promised by the key (source, message id). What counts does not depend on order, repetition or
    batches. An event without a known account waits under the name it gives. `secret` makes the digests of whom it
    counts; `key_id` is the write key whose use is noted. Raises OperationalError when the database cannot be
    written now: nothing was kept then, and sending again is right.
    """
    del actor  # a program that has shown its key
    result = Ingested(len(events))
    unique = {arrival.message_id: arrival for arrival in reversed(events)}
    rules = list_rules(source_id)
    feeding = {id_: feeds_of(one, rules.get(one.event, ()), secret) for id_, one in unique.items()}
    with transaction(patience=PATIENCE) as session:
        _note_use(session, key_id, today)
        judged = _judge(session, unique, feeding, now, retention_days)
        news = News()
        for message_id in _keep(session, source_id, judged, now):
            one = judged[message_id]
            result.states[one.state] += 1
            if one.state == "counted" and one.account_id is not None:
                for feed in one.feeds:
                    news.add(one.account_id, feed, one.arrival.at)
        record_days(session, news, now=now, today=today)
    return result


def _note_use(session: scoped_session[Session], key_id: int | None, today: date) -> None:
    if key_id is not None:
        session.execute(update(WriteKey).where(WriteKey.id == key_id).values(last_used_on=today))


def _judge(
    session: scoped_session[Session],
    arrivals: Mapping[str, Arrival],
    feeding: Mapping[str, list[Feed]],
    now: datetime,
    retention_days: int,
) -> dict[str, _Judged]:
    known = find_accounts(session, {one.name for id_, one in arrivals.items() if one.name is not None and feeding[id_]})
    judged = {}
    for id_ in sorted(arrivals):
        arrival, feeds = arrivals[id_], feeding[id_]
        account_id = known.get(arrival.name) if arrival.name is not None else None
        state = state_of(arrival, feeds, is_known=account_id is not None, now=now, retention_days=retention_days)
        judged[id_] = _Judged(arrival, feeds, account_id, state)
    return judged


def _keep(
    session: scoped_session[Session], source_id: int, judged: Mapping[str, _Judged], now: datetime
) -> Sequence[str]:
    """Write down the events that are not known yet, in order of their ids, and return these ids."""
    if not judged:
        return []
    received_at = moment_text(now)
    rows = [
        (source_id, id_, one.arrival.event, one.arrival.name, one.account_id, one.arrival.at.date().isoformat(),
         received_at, one.state, _waiting(one))
        for id_, one in judged.items()
    ]  # fmt: skip
    return run_rows(session, _INSERT, _COLUMNS, rows).scalars().all()


def _waiting(one: _Judged) -> list[Any] | None:
    """What an event will add once its account is known."""
    if one.state != "unmatched":
        return None
    at = one.arrival.at.isoformat()
    return [
        [feed.metric_id, None if feed.number is None else str(feed.number), feed.member]
        + ([at] if feed.aggregation == "last" else [])
        for feed in one.feeds
    ]
