"""Reads of endpoints, webhooks and Slack channels, without their secrets; and the log of what was sent to one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import NotFound
from changetrack.models import DeliveryAttempt, Endpoint, OutboxMessage, Team, User, db
from changetrack.queries.keyset import Cursor, read_cursor

PAGE = 50
_LOG = "deliveries"
_AS_KEPT = (
    "id", "kind", "name", "team_id", "user_id", "created_at", "created_by", "disabled_at", "disabled_because",
    "failing_since", "former_until", "version",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """An endpoint as listed. `address` shows its host only; `owner` is the person whose own it is.

    `state` is "new", "on", "failing" or "off"; `next_try_at` is told of one that fails.
    """

    id: int
    kind: str
    name: str
    address: str
    team_id: int | None
    team: str | None
    user_id: int | None
    owner: str | None
    events: tuple[str, ...]
    created_at: datetime
    created_by: str
    disabled_at: datetime | None
    disabled_because: str | None
    failing_since: datetime | None
    is_tried: bool
    next_try_at: datetime | None
    former_until: datetime | None
    waiting: int
    given_up: int
    version: int

    @property
    def state(self) -> str:
        """In one word how it is."""
        if self.disabled_at is not None:
            return "off"
        if self.failing_since is not None:
            return "failing"
        return "on" if self.is_tried else "new"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: `status` is the receiver's answer, if it gave one; without an `error` it took the message."""

    tried_at: datetime
    took_ms: int
    status: int | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message to an endpoint with its tries, the newest first.

    `state` is "waiting", "delivered", "dropped" or "given_up"; `next_try_at` is told of one that waits. `what` is the
    event, or the title of a letter.
    """

    id: int
    key: str
    kind: str
    what: str
    account_id: int | None
    created_at: datetime
    state: str
    attempts: int
    next_try_at: datetime | None
    ended_at: datetime | None
    error: str | None
    tries: tuple[Attempt, ...]

    @property
    def can_be_sent_again(self) -> bool:
        """Whether it is done with: taken, or given up."""
        return self.state in ("delivered", "given_up")


@dataclass(frozen=True, slots=True)
class DeliveryLog:
    """A page of what was sent to an endpoint, newest first; `following` is the cursor of the next, '' on the last."""

    deliveries: tuple[Delivery, ...]
    following: str


def list_endpoints(*, actor: Actor) -> list[EndpointRow]:
    """Return the endpoints that the actor may change, by name: administrators see all, others their own."""
    return _rows(_endpoints(actor).order_by(Endpoint.name, Endpoint.id))


def get_endpoint(endpoint_id: int, *, actor: Actor) -> EndpointRow:
    """Return one endpoint. Raises NotFound also for what the actor may not know of."""
    found = _rows(_endpoints(actor).where(Endpoint.id == endpoint_id))
    if not found:
        raise NotFound("endpoint")
    return found[0]


def get_own_slack(*, actor: Actor) -> EndpointRow | None:
    """Return the actor's own Slack channel, if they have set one."""
    own = _endpoints(actor).where(Endpoint.kind == "slack", Endpoint.user_id == actor.user_id)
    return next(iter(_rows(own.order_by(Endpoint.id))), None)


def list_deliveries(endpoint_id: int, *, actor: Actor, after: str = "", limit: int = PAGE) -> DeliveryLog:
    """Return a page of what was sent to an endpoint, by three statements. Raises NotFound."""
    if db.session.scalar(_endpoints(actor, Endpoint.id).where(Endpoint.id == endpoint_id)) is None:
        raise NotFound("endpoint")
    query = select(OutboxMessage).where(OutboxMessage.endpoint_id == endpoint_id)
    if (cursor := read_cursor(after, _LOG, (int,))) is not None:
        query = query.where(OutboxMessage.id < cursor.values[0])
    rows = db.session.scalars(query.order_by(OutboxMessage.id.desc()).limit(limit + 1)).all()
    shown = rows[:limit]
    tries = _tries([row.id for row in shown])
    deliveries = tuple(_delivery(row, tries.get(row.id, ())) for row in shown)
    return DeliveryLog(deliveries, Cursor(_LOG, (shown[-1].id,)).text if len(rows) > limit else "")


def _endpoints(actor: Actor, *what: Any) -> Select[Any]:
    query = select(*what) if what else select(Endpoint, Team.name, User.name, _waiting(), _given_up())
    if not what:
        query = query.outerjoin(Team, Team.id == Endpoint.team_id).outerjoin(User, User.id == Endpoint.user_id)
    return query if may(actor, Action.ADMINISTER) else query.where(Endpoint.user_id == actor.user_id)


def _waiting() -> Any:
    is_waiting = (OutboxMessage.delivered_at.is_(None), OutboxMessage.dead_at.is_(None))
    return _count(*is_waiting, OutboxMessage.held_for.is_(None))


def _given_up() -> Any:
    return _count(OutboxMessage.dead_at.is_not(None))


def _count(*conditions: ColumnElement[bool]) -> Any:
    query = select(func.count()).where(OutboxMessage.endpoint_id == Endpoint.id, *conditions)
    return query.correlate(Endpoint).scalar_subquery()


def _rows(query: Select[Any]) -> list[EndpointRow]:
    return [
        EndpointRow(
            **{name: getattr(row, name) for name in _AS_KEPT},
            address=row.url_shown,
            team=team,
            owner=owner,
            events=tuple(row.events),
            is_tried=row.not_before is not None,  # since it was added, or switched on again
            next_try_at=row.not_before if row.failing_since is not None else None,
            waiting=waiting,
            given_up=given_up,
        )
        for row, team, owner, waiting, given_up in db.session.execute(query)
    ]


def _tries(message_ids: Sequence[int]) -> dict[int, tuple[Attempt, ...]]:
    query = select(DeliveryAttempt).where(DeliveryAttempt.message_id.in_(message_ids))
    found: dict[int, list[Attempt]] = {}
    for row in db.session.scalars(query.order_by(DeliveryAttempt.message_id, DeliveryAttempt.seq.desc())):
        found.setdefault(row.message_id, []).append(Attempt(row.tried_at, row.took_ms, row.status, row.error))
    return {message_id: tuple(tries) for message_id, tries in found.items()}


def _delivery(row: OutboxMessage, tries: tuple[Attempt, ...]) -> Delivery:
    state = _state(row)
    what = row.payload.get("type") or row.payload.get("title") or row.kind
    return Delivery(
        row.id,
        row.key,
        row.kind,
        str(what),
        row.account_id,
        row.created_at,
        state,
        row.attempts,
        row.due_at if state == "waiting" else None,
        row.delivered_at or row.dead_at,
        row.dropped_because or row.last_error,
        tries,
    )


def _state(row: OutboxMessage) -> str:
    if row.dead_at is not None:
        return "given_up"
    if row.delivered_at is None:
        return "waiting"
    return "dropped" if row.dropped_because is not None else "delivered"
