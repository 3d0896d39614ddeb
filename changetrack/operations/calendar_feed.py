"""The secret address of a person's calendar: making it, revoking it, and whose it is."""

import hashlib
import secrets
from datetime import datetime

from sqlalchemy import select

from changetrack.domain.message_choices import DEFAULT_QUIET_DAYS
from changetrack.domain.people import Actor
from changetrack.domain.refusal import Forbidden, NotFound
from changetrack.models import MessageSettings, User, db
from changetrack.operations._audit import record_audit
from changetrack.operations._transaction import transaction
from changetrack.operations._tries import count_guess
from changetrack.queries.actors import find_actor

_RANDOM_BYTES = 24
_LONGEST_TOKEN = 200


def make_calendar_address(*, actor: Actor, now: datetime) -> str:
    """Return the secret (192 random bits) of a new address for the actor's calendar, shown this once.

    An address that they had leads nowhere from then on. Raises Forbidden for who is no person.
    """
    token = secrets.token_urlsafe(_RANDOM_BYTES)
    _set(_hash(token), "calendar_address_made", actor, now)
    return token


def revoke_calendar_address(*, actor: Actor, now: datetime) -> None:
    """Let the address of the actor's calendar lead nowhere. Doing it twice is the same as once."""
    _set(None, "calendar_address_revoked", actor, now)


def open_calendar(*, token: str, address: str, now: datetime) -> Actor:
    """Return the person whose calendar it is, with the role and teams that they have now.

    Raises NotFound, in the same words for an unknown, a revoked and a disabled person's address, and TooManyTries
    instead where too many such came from the `address`.
    """
    of_token = select(MessageSettings.user_id).where(MessageSettings.calendar_token_hash == _hash(token))
    user_id = db.session.scalar(of_token) if len(token) <= _LONGEST_TOKEN else None
    actor = find_actor(user_id) if user_id is not None else None
    if actor is None:
        count_guess(address, now)
        raise NotFound("calendar")
    return actor


def _set(token_hash: str | None, kind: str, actor: Actor, now: datetime) -> None:
    with transaction() as session:
        user = session.get(User, actor.user_id, with_for_update=True) if actor.user_id is not None else None
        if user is None:
            raise Forbidden("Only persons have a calendar.")
        row = session.get(MessageSettings, user.id, populate_existing=True)
        if row is None and token_hash is None:
            return
        if row is None:
            row = MessageSettings(user_id=user.id, choices={}, quiet_days=DEFAULT_QUIET_DAYS)
            session.add(row)
        elif row.calendar_token_hash == token_hash:
            return
        row.calendar_token_hash = token_hash
        record_audit(session, subject=f"user:{user.id}", kind=kind, actor=actor, now=now, changes={})


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
