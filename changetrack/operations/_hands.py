"""Handing over: who answers for a firing alert from now on is told at once, who does no more is told no further."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select, update
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.ladder import COORDINATOR, REMINDER, TOP
from changetrack.models import Account, Alert, OutboxMessage, TeamMember, User
from changetrack.operations._audience import Audience
from changetrack.operations._bulk import insert_rows
from changetrack.operations._ladder import weight_of
from changetrack.operations._outbox import HANDED, message_row, rung_of, told_of
from changetrack.operations._recheck import ABOUT_ALERTS, NOT_THEIRS

Place = tuple[int, int]
"""A rung and who answers on it; the owner's two are one place."""

_KINDS = {0: "alert", REMINDER: "reminder"}
_AT_ONCE = 10_000  # values in one IN list


@dataclass(frozen=True, slots=True)
class _Firing:
    """An alert that fires, and who answers on which of the rungs that it has reached."""

    row: Any
    places: frozenset[Place]


@contextmanager
def hands_change(session: scoped_session[Session], which: ColumnElement[bool] | None, now: datetime) -> Iterator[None]:
    """Whatever changes inside about who answers for `which` accounts and alerts, in the caller's transaction.

    Afterwards each who answers for a firing alert now and did not before has a message of their own, once for each
    change of hands: it is held until hands rest, see `release_handed_over`. What was not sent yet to others is taken
    back. What somebody has taken up stays with who promised; what only was imported is told to nobody. None for
    `which` changes no hands.
    """
    before = _firing(session, [] if which is None else [which])
    yield
    if not before:
        return
    session.flush()
    for ids in _some(list(before)):
        after = _firing(session, [Alert.id.in_(ids)])
        moved = {id_: one for id_, one in after.items() if one.places != before[id_].places}
        if moved:
            _withdraw(session, moved, now)
            _mark(session, moved, before, now)


def all_of(user_id: int) -> ColumnElement[bool]:
    """What changes hands when somebody comes or goes: their teams' accounts, their own, what is at the top, and what
    no team or one without anybody is left to who oversees all.
    """
    teams = select(TeamMember.team_id).where(TeamMember.user_id == user_id)
    can_sign_in = (User.id == TeamMember.user_id, User.disabled_at.is_(None))
    is_manned = exists().where(TeamMember.team_id == Account.team_id, *can_sign_in)
    return or_(Account.team_id.in_(teams), ~is_manned, Account.owner_id == user_id, Alert.rung >= TOP)


def _firing(session: scoped_session[Session], which: Collection[ColumnElement[bool]]) -> Mapping[int, _Firing]:
    """The alerts among these that fire and are told, by their numbers."""
    if not which:
        return {}
    query = select(
        Alert.id, Alert.account_id, Alert.rung, Alert.severity, Account.team_id, Account.owner_id, Account.annual_value
    ).join(Account, Account.id == Alert.account_id)
    fires = (Alert.state == "firing", ~Alert.quiet, Alert.decision.is_(None))
    rows = session.execute(query.where(*fires, *which).order_by(Alert.id)).all()
    audience = Audience(session)
    audience.learn_teams({row.team_id for row in rows if row.team_id is not None})
    return {row.id: _Firing(row, _places(row, audience)) for row in rows}


def _places(row: Any, audience: Audience) -> frozenset[Place]:
    rungs = (REMINDER, *range(COORDINATOR, row.rung + 1))
    return frozenset((rung, one.id) for rung in rungs for one in audience.on_rung(row.team_id, row.owner_id, rung))


def _withdraw(session: scoped_session[Session], moved: Mapping[int, _Firing], now: datetime) -> None:
    """Take back what is not sent yet to people who answer for these alerts no more.

    What is under way at this moment may arrive, and is left to who sends it; before another try it is looked at again.
    """
    is_leased = OutboxMessage.leased_until > now
    waiting = (OutboxMessage.delivered_at.is_(None), or_(OutboxMessage.leased_until.is_(None), ~is_leased))
    waits = select(OutboxMessage.id, OutboxMessage.key, OutboxMessage.alert_id, OutboxMessage.user_id).where(
        OutboxMessage.alert_id.in_(moved), OutboxMessage.kind.in_(ABOUT_ALERTS), *waiting
    )
    ids = [
        row.id
        for row in session.execute(waits)
        if (max(rung_of(row.key), REMINDER), row.user_id) not in moved[row.alert_id].places
        and not told_of(row.key).startswith("decided")
    ]
    done: dict[str, Any] = {"delivered_at": now, "held_for": None, "dead_at": None, "leased_until": None}
    for some in _some(ids):
        theirs = select(OutboxMessage.id).where(OutboxMessage.id.in_(some), *waiting).order_by(OutboxMessage.id)
        locked = session.scalars(theirs.with_for_update()).all()  # in the order of all who lock many
        mine = update(OutboxMessage).where(OutboxMessage.id.in_(locked))
        session.execute(mine.values(**done, dropped_because=NOT_THEIRS))


def _mark(
    session: scoped_session[Session], moved: Mapping[int, _Firing], before: Mapping[int, _Firing], now: datetime
) -> None:
    """Note who is to be told, once, on the lowest rung that is new to them; the words are made when they are told."""
    newest = select(OutboxMessage.alert_id, func.max(OutboxMessage.id)).where(OutboxMessage.alert_id.in_(moved))
    written: Any = session.execute(newest.group_by(OutboxMessage.alert_id))
    numbers: dict[int, int] = {row[0]: row[1] for row in written}
    rows = []
    for alert_id, one in moved.items():
        new = {user_id: rung for rung, user_id in sorted(one.places - before[alert_id].places, reverse=True)}
        key = f"{now:%Y%m%dT%H%M%S%f}-{numbers.get(alert_id, 0)}"
        rows += [_held(one.row, user_id, rung, key, now) for user_id, rung in new.items()]
    insert_rows(session, OutboxMessage, rows)


def _held(row: Any, user_id: int, rung: int, key: str, now: datetime) -> dict[str, Any]:
    told = min(rung, row.rung)
    return message_row(
        key=f"alert:{row.id}:{HANDED}-{told}-{key}:in_app:{user_id}",
        channel="in_app",
        kind=_KINDS.get(told, "escalation"),
        user_id=user_id,
        account_id=row.account_id,
        alert_id=row.id,
        weight=weight_of(row, row),
        held_for=now.date(),
        now=now,
        due_at=now,
    ) | {"run_on": None}  # no run wrote it; the day is that of letting it go


def _some(ids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]
