"""What a person's calendar holds: commitments of theirs and of their teams, and reviews of accounts on hold."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from changetrack.domain.people import Action, Actor, may
from changetrack.models import ENDED_COMMITMENT, OPEN_COMMITMENT, Account, Commitment, Hold, db
from changetrack.queries.account_scope import get_scope

BACK = timedelta(days=30)
AHEAD = timedelta(days=365)
MOST = 500  # of all entries
_STATE = Commitment.state


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """One day of somebody's calendar: `kind` "commitment" or "review", `number` its own within the account.

    `state` is open, met or withdrawn; `revision` grows with each change, `changed_at` is the last one.
    """

    kind: str
    account_id: int
    account: str
    number: int
    day: date
    words: str
    owner: str
    state: str
    revision: int
    changed_at: datetime


def list_calendar(*, actor: Actor, today: date) -> tuple[CalendarEntry, ...]:
    """Return what falls between thirty days ago and a year ahead, at most 500 entries, the earliest first.

    It is what their teams' accounts ask for, and, where they may see every account, what is their own on the others;
    nothing of closed accounts. What was met or withdrawn stays for thirty days. By at most six statements.
    """
    scope = get_scope({}, actor=replace(actor, role="member"))
    rows = [] if scope.is_empty else _within(scope.conditions(Commitment.account_id), today, hidden=scope.is_small)
    if may(actor, Action.SEE_ALL):
        rows += _within([Commitment.owner_user_id == actor.user_id], today, hidden=False)
    commitments = {(row.Commitment.account_id, row.Commitment.seq): _commitment(row) for row in rows}
    found = [*commitments.values(), *(_review(row) for row in _reviews(actor, today))]
    return tuple(sorted(found, key=lambda e: (e.day, e.kind, e.account_id, e.number))[:MOST])


def _within(whose: Iterable[ColumnElement[bool]], today: date, *, hidden: bool) -> list[Any]:
    """The open ones by their day, and those that ended lately; `hidden` from indexes that must not lead the way."""
    account, due_on, ended_on = aliased(Account), Commitment.due_on, Commitment.ended_on
    query = select(Commitment, account.name.label("account")).join(account, account.id == Commitment.account_id)
    query = query.where(account.status != "closed", due_on.between(today - BACK, today + AHEAD), *whose)
    by_day = func.coalesce(due_on, date.max) if hidden else due_on
    lately = func.coalesce(ended_on, date.min) if hidden else ended_on
    is_open = query.where(OPEN_COMMITMENT).order_by(by_day, Commitment.account_id, Commitment.seq)
    ended = query.where(ENDED_COMMITMENT, _STATE.in_(("met", "withdrawn")), lately >= today - BACK).order_by(
        lately.desc()
    )
    return [row for part in (is_open, ended) for row in db.session.execute(part.limit(MOST))]


def _reviews(actor: Actor, today: date) -> list[Any]:
    under_way = (Hold.account_id == Account.id) & Hold.resumed_on.is_(None)
    query = (
        select(Account.id, Account.name.label("account"), Account.review_on, Hold.seq, Hold.reason, Hold.recorded_at)
        .join(Hold, under_way)
        .where(Account.team_id.in_(actor.teams), Account.review_on.between(today - BACK, today + AHEAD))
        .order_by(Account.review_on, Account.id)
        .limit(MOST)
    )
    return list(db.session.execute(query))


def _commitment(row: Any) -> CalendarEntry:
    one: Commitment = row.Commitment
    return CalendarEntry(
        "commitment",
        one.account_id,
        row.account,
        one.seq,
        one.due_on,
        one.action,
        one.owner_name,
        one.state,
        one.version - 1,
        one.changed_at,
    )


def _review(row: Any) -> CalendarEntry:
    return CalendarEntry(
        "review", row.id, row.account, row.seq, row.review_on, row.reason, "", "open", 0, row.recorded_at
    )
