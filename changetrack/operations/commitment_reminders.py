"""Telling people in the morning that what they promised is due, or what one of the customer's people did."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.other_letters import commitment_letter, customers_commitment_letter
from changetrack.domain.people import Actor
from changetrack.models import OPEN_COMMITMENT, Account, Commitment, OutboxMessage
from changetrack.operations._audience import Audience, Reach
from changetrack.operations._bulk import insert_rows
from changetrack.operations._outbox import letter_messages
from changetrack.operations._rulebook import EndpointFacts, load_rulebook
from changetrack.operations._transaction import transaction
from changetrack.queries.work_calendars import Calendars, load_calendars

PAGE = 500
CAUGHT_UP = timedelta(days=7)  # after mornings on which nobody was told
_KEY: tuple[Any, ...] = (Commitment.due_on, Commitment.account_id, Commitment.seq)

Place = tuple[date, int, int]


@dataclass(frozen=True, slots=True)
class Reminded:
    """How many commitments were looked at and letters written; `after` is where to go on, None at the end."""

    due: int
    letters: int
    after: Place | None


def remind_of_commitments(
    *,
    actor: Actor,
    now: datetime,
    today: date,
    channels: frozenset[str],
    zone: tzinfo,
    after: Place | None = None,
    limit: int = PAGE,
) -> Reminded:
    """Write to those of ours whose open commitments are due today, a page of them in one transaction.

    Of what one of the customer's people promised, the account's owner is told, who is to ask them. Each is told once
    for each due day, however often this is asked; what was due in the last seven days and was never told is told now.
    `channels` are those that the house can send by. Source: DOMAIN section 8.
    """
    del actor  # a job of the system
    with transaction() as session:
        rows = _due(session, today, after, limit)
        audience = Audience(session, Reach(channels, zone))
        audience.learn_teams({row.team_id for row in rows if row.team_id is not None})
        endpoints = load_rulebook(session, (), today).endpoints if rows else ()
        messages = list(_messages(rows, audience, endpoints, now, today))
        known = _known(session, [message["key"] for message in messages])
        new = [message for message in messages if message["key"] not in known]
        insert_rows(session, OutboxMessage, new)
        last = rows[-1].Commitment if len(rows) == limit else None
        return Reminded(len(rows), len(new), (last.due_on, last.account_id, last.seq) if last else None)


def _due(session: scoped_session[Session], today: date, after: Place | None, limit: int) -> Sequence[Any]:
    within = Commitment.due_on.between(today - CAUGHT_UP, today)
    query = (
        select(Commitment, Account.name, Account.team_id, Account.owner_id, Account.calendar_id, Account.blackout_days)
        .join(Account, Account.id == Commitment.account_id)
        .where(OPEN_COMMITMENT, within, Account.status != "closed")
        .order_by(*_KEY)
        .limit(limit)
    )
    return session.execute(query.where(tuple_(*_KEY) > tuple_(*after)) if after else query).all()


def _messages(
    rows: Sequence[Any], audience: Audience, endpoints: Iterable[EndpointFacts], now: datetime, today: date
) -> Iterable[dict[str, Any]]:
    calendars = load_calendars()
    for row in rows:
        one = row.Commitment
        listener = audience.first_to_tell(row.team_id, _whose(row, audience))
        if listener is None:
            continue
        is_ours = one.owner_user_id is not None
        letter = (commitment_letter if is_ours else customers_commitment_letter)(
            account=row.name,
            action=one.action,
            owner=one.owner_name,
            who=listener.name,
            due_on=one.due_on,
            told_on=today,
            overdue_days=_overdue_days(row, calendars, today),
            path=f"/accounts/{one.account_id}/commitments/{one.seq}",
        )
        key = f"commitment:{one.account_id}:{one.seq}:{one.due_on.isoformat()}:due"
        about: dict[str, Any] = {"account_id": one.account_id, "team_id": row.team_id, "now": now, "key": key}
        for message in letter_messages(letter, listener, audience.reach, endpoints, **about):
            yield message.finished()


def _whose(row: Any, audience: Audience) -> int | None:
    """Who has to do something: whose commitment it is; the account's owner where they have left the team, or for
    one of the customer's people.
    """
    user_id: int | None = row.Commitment.owner_user_id
    owner_id: int | None = row.owner_id
    is_theirs = user_id is not None and (row.team_id is None or user_id in audience.of_team(row.team_id))
    return user_id if is_theirs else owner_id


def _overdue_days(row: Any, calendars: Calendars, today: date) -> int:
    return calendars.of(row.calendar_id, row.blackout_days).elapsed(row.Commitment.due_on, today)


def _known(session: scoped_session[Session], keys: Sequence[str]) -> set[str]:
    """Which of these have been told already."""
    return set(session.scalars(select(OutboxMessage.key).where(OutboxMessage.key.in_(keys)))) if keys else set()
