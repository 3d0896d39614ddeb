"""How waiting messages are leased: the oldest of a channel, and of each endpoint one at a time."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.parcels import Hook, Mailbox, Message
from changetrack.models import Endpoint, MessageSettings, OutboxMessage, User
from changetrack.operations._seal import CannotUnseal, unseal

URL, SECRET = "endpoint.url", "endpoint.secret"  # what is sealed
SWITCHED_OFF = "It was switched off."
UNREADABLE = "Its address cannot be read with the present secret key; enter it again."


def waiting(channel: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What can be sent by a channel now."""
    return (
        OutboxMessage.channel == channel,
        OutboxMessage.delivered_at.is_(None),
        OutboxMessage.dead_at.is_(None),
        OutboxMessage.held_for.is_(None),
        OutboxMessage.due_at <= now,
    )


def is_any_waiting(session: scoped_session[Session], channel: str, now: datetime) -> bool:
    """Whether anything is to be sent: asked often, and answered without anybody having to wait."""
    return session.scalars(select(OutboxMessage.id).where(*waiting(channel, now)).limit(1)).first() is not None


def lease_oldest(
    session: scoped_session[Session], channel: str, *, limit: int, lease: timedelta, now: datetime
) -> list[Message]:
    """Lease the messages of a channel that have been due the longest."""
    oldest = select(OutboxMessage.id).where(*waiting(channel, now)).order_by(OutboxMessage.due_at, OutboxMessage.id)
    ids = session.scalars(oldest.limit(limit).with_for_update(skip_locked=True)).all()
    return lease_these(session, ids, channel, until=now + lease, now=now)


def lease_these(
    session: scoped_session[Session], ids: Collection[int], channel: str, *, until: datetime, now: datetime
) -> list[Message]:
    """Lease these messages, but for those that somebody else has."""
    claim = update(OutboxMessage).where(OutboxMessage.id.in_(ids), *waiting(channel, now))
    claimed = claim.values(leased_until=until, due_at=until, attempts=OutboxMessage.attempts + 1)
    columns = [getattr(OutboxMessage, name) for name in Message.__slots__]
    return sorted((Message(*row) for row in session.execute(claimed.returning(*columns))), key=lambda m: m.id)


def free_endpoints(
    session: scoped_session[Session], channel: str, *, limit: int, now: datetime, lock: bool = False
) -> Sequence[Endpoint]:
    """The endpoints of a channel to which something is to be sent and may be: nothing is under way to them."""
    query = select(Endpoint).where(
        Endpoint.kind == channel,
        Endpoint.disabled_at.is_(None),
        or_(Endpoint.leased_until.is_(None), Endpoint.leased_until <= now),
        or_(Endpoint.not_before.is_(None), Endpoint.not_before <= now),
        exists().where(OutboxMessage.endpoint_id == Endpoint.id, *waiting(channel, now)),
    )
    query = query.order_by(Endpoint.not_before.nulls_first(), Endpoint.id).limit(limit)  # each in its turn
    query = query.execution_options(populate_existing=True)
    return session.scalars(query.with_for_update(skip_locked=True, of=Endpoint) if lock else query).all()


def free_soon(session: scoped_session[Session], channel: str, *, now: datetime, within: timedelta) -> datetime | None:
    """When the first endpoint of a channel is free again for which something waits, if that is soon."""
    query = select(func.min(Endpoint.not_before)).where(
        Endpoint.kind == channel,
        Endpoint.disabled_at.is_(None),
        Endpoint.leased_until.is_(None),
        Endpoint.not_before > now,
        Endpoint.not_before <= now + within,
        exists().where(OutboxMessage.endpoint_id == Endpoint.id, *waiting(channel, now + within)),
    )
    return session.scalar(query)


def lease_next_of(
    session: scoped_session[Session], endpoints: Sequence[Endpoint], channel: str, *, until: datetime, now: datetime
) -> list[Message]:
    """Lease the message of each endpoint that has been due the longest."""
    oldest = select(OutboxMessage.id).where(OutboxMessage.endpoint_id == Endpoint.id, *waiting(channel, now))
    first = oldest.order_by(OutboxMessage.due_at, OutboxMessage.id).limit(1).correlate(Endpoint).scalar_subquery()
    ids = session.scalars(select(first).where(Endpoint.id.in_([endpoint.id for endpoint in endpoints]))).all()
    return lease_these(session, [found for found in ids if found is not None], channel, until=until, now=now)


def give_up_switched_off(session: scoped_session[Session], channel: str, now: datetime) -> int:
    """Give up what goes to endpoints that are switched off; it is listed, and can be sent again."""
    off = select(Endpoint.id).where(Endpoint.kind == channel, Endpoint.disabled_at.is_not(None))
    lost = update(OutboxMessage).where(OutboxMessage.endpoint_id.in_(off), *waiting(channel, now))
    given_up = lost.values(dead_at=now, leased_until=None, last_error=SWITCHED_OFF)
    return len(session.scalars(given_up.returning(OutboxMessage.id)).all())


def is_any_switched_off(session: scoped_session[Session], channel: str, now: datetime) -> bool:
    """Whether something waits for an endpoint that is switched off."""
    off = exists().where(OutboxMessage.endpoint_id == Endpoint.id, *waiting(channel, now))
    query = select(Endpoint.id).where(Endpoint.kind == channel, Endpoint.disabled_at.is_not(None), off)
    return session.scalars(query.limit(1)).first() is not None


def mailboxes(session: scoped_session[Session], user_ids: Collection[int | None]) -> dict[int, Mailbox | str]:
    """Where the e-mails of these people go, or why there is no use in sending any."""
    query = select(User.id, User.name, User.email, MessageSettings.email_failed_at).outerjoin(
        MessageSettings, and_(MessageSettings.user_id == User.id)
    )
    return {
        user_id: Mailbox(name, email) if failed_at is None else f"Not sent: {email} was refused on {failed_at:%-d %b}."
        for user_id, name, email, failed_at in session.execute(query.where(User.id.in_(user_ids)))
    }


def hook_of(endpoint: Endpoint, *, secrets: Sequence[str], now: datetime) -> Hook:
    """Where an endpoint is and with what its messages are signed. Raises CannotUnseal."""
    sealed = [endpoint.secret_sealed]
    if endpoint.former_until is not None and endpoint.former_until > now:
        sealed.append(endpoint.former_secret_sealed)
    return Hook(
        unseal(endpoint.url_sealed, secrets=secrets, purpose=URL),
        tuple(unseal(secret, secrets=secrets, purpose=SECRET) for secret in sealed if secret),
    )


def readable(
    endpoints: Sequence[Endpoint], *, secrets: Sequence[str], now: datetime
) -> dict[int, tuple[Endpoint, Hook]]:
    """Those endpoints whose address can be read; the others are switched off."""
    found: dict[int, tuple[Endpoint, Hook]] = {}
    for endpoint in endpoints:
        try:
            found[endpoint.id] = endpoint, hook_of(endpoint, secrets=secrets, now=now)
        except CannotUnseal:
            endpoint.disabled_at, endpoint.disabled_because = now, UNREADABLE
    return found


def drop(session: scoped_session[Session], reasons: dict[int, str], now: datetime) -> None:
    """Mark messages as done that are not to be told any more, with the reason."""
    for message_id, why in reasons.items():
        values: dict[str, Any] = {"delivered_at": now, "leased_until": None, "dropped_because": why[:300]}
        session.execute(update(OutboxMessage).where(OutboxMessage.id == message_id).values(**values))
