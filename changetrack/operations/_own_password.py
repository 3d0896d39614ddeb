"""Asking a signed-in person for their own password again, before something is made that outlives their browser."""

from datetime import datetime

from sqlalchemy import select

from changetrack.domain.people import Actor
from changetrack.domain.refusal import Reason
from changetrack.models import User, db
from changetrack.operations._passwords import is_password
from changetrack.operations._transaction import transaction
from changetrack.operations._tries import count_try, forgive


def own_password_reasons(actor: Actor, password: str, address: str, now: datetime) -> list[Reason]:
    """Return why this is not the actor's password; empty when it is, and for who has none: the operator, a job.

    To be called before the transaction of what it protects. Tries from `address` are counted like those to sign in.
    Raises TooManyTries. Source: OWASP ASVS 5.0, 7.5.1.
    """
    if actor.kind != "user":
        return []
    try_id = count_try(actor.email or "", address, now)
    known_hash = db.session.scalars(select(User.password_hash).where(User.id == actor.user_id)).first()
    if not is_password(password, known_hash):
        return [Reason("password", "This is not your password.")]
    with transaction() as session:
        forgive(session, try_id)
    return []
