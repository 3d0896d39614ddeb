"""How accounts moved between the places of the funnel in a period: flows, the balance, and each single move."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from typing import Any

from sqlalchemy import tuple_

from changetrack.domain.funnel import FLOWS, OPEN_PLACES, MovementRow, PlaceCount, place_flows
from changetrack.domain.people import Actor
from changetrack.domain.refusal import OperationRefused
from changetrack.models import Account, db
from changetrack.queries._funnel_question import Question, ask
from changetrack.queries._funnel_sources import count_places
from changetrack.queries._movement_sources import count_changes, flow_condition, net_flows, select_moves, sum_flows

PAGE = 100

Flows = dict[int, dict[str, int]]
Key = tuple[date, int, int]


@dataclass(frozen=True, slots=True)
class Movement:
    """One row for each open place over the days `first` to `last`, both included."""

    first: date
    last: date
    rows: tuple[MovementRow, ...]

    def total(self, column: str) -> int:
        """The sum of one column, such as "start" or "advanced_in", over all places."""
        return sum(getattr(row, column) for row in self.rows)

    @property
    def balances(self) -> bool:
        """Whether every row balances, and what advanced or went back out of one place came in at another."""
        pairs = (("advanced_in", "advanced_out"), ("regressed_in", "regressed_out"))
        return all(row.balances for row in self.rows) and all(self.total(a) == self.total(b) for a, b in pairs)


@dataclass(frozen=True, slots=True)
class Move:
    """One account's change of place; `before` is None for the first place on record."""

    account_id: int
    name: str
    seq: int
    effective_on: date
    before: int | None
    after: int

    @property
    def key(self) -> Key:
        """Where a page that ends with this move is continued."""
        return self.effective_on, self.account_id, self.seq


def get_flows(
    *,
    actor: Actor,
    today: date,
    zone: tzinfo,
    first: date,
    last: date,
    known_at: date | None = None,
    filters: Mapping[str, str] | None = None,
) -> Flows:
    """Return the six flows of each open place on the days `first` to `last`, as known at the end of `known_at`.

    With filters, joining and leaving the accounts that they name enters and leaves. Without, and for all that is on
    record, the figures come from the daily summaries. Raises as `get_funnel` does, and for a period turned round.
    Source: DOMAIN section 7 (movement).
    """
    return _flows(_question(actor, today, zone, first, last, known_at, filters), first)


def get_movement(
    *,
    actor: Actor,
    today: date,
    zone: tzinfo,
    first: date,
    last: date,
    known_at: date | None = None,
    filters: Mapping[str, str] | None = None,
) -> Movement:
    """Return the balance of every open place over a period: start + gains − losses = end.

    Start, flows and end are counted separately of each other, so that a balance that holds says something.
    Raises as `get_flows` does. Source: DOMAIN section 7 (movement).
    """
    question = _question(actor, today, zone, first, last, known_at, filters)
    flows = _flows(question, first)
    start, end = _start(question, first), _accounts(question)
    rows = [
        MovementRow(place=place, start=start.get(place, 0), end=end.get(place, 0), **flows[place])
        for place in OPEN_PLACES
    ]
    return Movement(first, last, tuple(rows))


def list_moves(
    *,
    actor: Actor,
    today: date,
    zone: tzinfo,
    first: date,
    last: date,
    flow: str,
    place: int | None = None,
    known_at: date | None = None,
    filters: Mapping[str, str] | None = None,
    after: Key | None = None,
    limit: int = PAGE,
) -> list[Move]:
    """Return the moves that make up one figure of `get_flows`, the latest first, those after the key `after`.

    `flow` is one of `domain.funnel.FLOWS`, `place` an open place or None for all. Raises as `get_flows` does.
    """
    question = _question(actor, today, zone, first, last, known_at, filters)
    moves = select_moves(question, first).subquery()
    order = (moves.c.effective_on, moves.c.account_id, moves.c.seq)
    chosen: Any = moves.select().add_columns(Account.name).join(Account, Account.id == moves.c.account_id)
    chosen = chosen.where(flow_condition(moves.c.was, moves.c.now, flow, place))
    if after is not None:
        chosen = chosen.where(tuple_(*order) < tuple_(*after))
    rows = db.session.execute(chosen.order_by(*(column.desc() for column in order)).limit(limit))
    return [Move(row.account_id, row.name, row.seq, row.effective_on, row.before, row.after) for row in rows]


def _question(
    actor: Actor,
    today: date,
    zone: tzinfo,
    first: date,
    last: date,
    known_at: date | None,
    filters: Mapping[str, str] | None,
) -> Question:
    question = ask(actor=actor, today=today, zone=zone, as_of=last, known_at=known_at, filters=filters or {}, by=None)
    if first > last:
        raise OperationRefused([("period", f"{first.isoformat()} is later than {last.isoformat()}.")])
    return question


def _flows(question: Question, first: date) -> Flows:
    if question.is_summed:
        return _complete(sum_flows(first, question.as_of))
    flows = _complete({})
    for was, now, moves in count_changes(question, first):
        for flow, place in place_flows(was, now):
            flows[place][flow] += moves
    return flows


def _complete(found: Mapping[int, Mapping[str, int]]) -> Flows:
    return {place: {flow: found.get(place, {}).get(flow, 0) for flow in FLOWS} for place in OPEN_PLACES}


def _start(question: Question, first: date) -> dict[int, int]:
    """The accounts at each open place just before `first`: all that ever came less all that went, or counted."""
    eve = first - timedelta(days=1)
    return net_flows(eve) if question.is_summed else _accounts(question.on(eve))


def _accounts(question: Question) -> dict[int, int]:
    counts = count_places(question).get("", {})
    return {place: counts.get(place, PlaceCount()).accounts for place in OPEN_PLACES}
