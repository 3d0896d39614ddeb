"""Signing in and out: guesses are slowed down, and a browser has access as long as its session row lasts."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.people import Actor, password_reasons
from changetrack.domain.refusal import NotFound, OperationRefused, Reason, refuse_if
from changetrack.models import SignInAttempt, User, UserSession, db
from changetrack.operations._audit import record_audit
from changetrack.operations._passwords import hash_password, is_common, is_outdated, is_password
from changetrack.operations._transaction import transaction
from changetrack.operations._tries import TooManyTries as TooManyTries
from changetrack.operations._tries import count_try, forgive
from changetrack.queries.people import session_hash

FAILURES_KEPT = timedelta(days=1)
SUCCESSES_KEPT = timedelta(days=30)
KEY_LENGTH = 16
WRONG = "E-mail or password is wrong."


def sign_in(
    *,
    now: datetime,
    email: str,
    password: str,
    address: str,
    user_agent: str,
    lifetime: timedelta,
    replaces: str | None = None,
) -> str:
    """Open a session for who knows the password and return its token (256 random bits, kept nowhere).

    `replaces` is the token this browser had until now; its session ends. The try is counted in a transaction
    of its own before the slow comparison, so guesses made side by side are all counted and no lock is held
    meanwhile. Raises TooManyTries, and OperationRefused in the same words and time for an unknown e-mail, a
    wrong password, an expired one-time password and a disabled user.
    Source: OWASP ASVS 5.0, 6.3.1, 6.3.8, 7.2.4.
    """
    email = email.strip().lower()[:254]
    try_id = count_try(email, address, now)
    user = db.session.scalars(select(User).where(User.email == email)).first()
    known_hash = user.password_hash if user else None
    if not is_password(password, known_hash) or user is None or known_hash is None:
        raise OperationRefused([(None, WRONG)])
    better_hash = hash_password(password) if is_outdated(known_hash) else None
    with transaction() as session:
        user = session.get_one(User, user.id, with_for_update=True)
        has_expired = user.password_expires_at is not None and user.password_expires_at <= now
        if user.password_hash != known_hash or user.disabled_at is not None or has_expired:
            raise OperationRefused([(None, WRONG)])
        user.password_hash = better_hash or user.password_hash
        forgive(session, try_id)
        if replaces:
            _revoke(session, now, UserSession.token_hash == session_hash(replaces))
        return _open(session, user.id, now, address=address, user_agent=user_agent, lifetime=lifetime)


def sign_out(*, actor: Actor, now: datetime, token: str) -> None:
    """End the session of this token; an ended or unknown one stays so."""
    with transaction() as session:
        _revoke(session, now, UserSession.user_id == actor.user_id, UserSession.token_hash == session_hash(token))


def end_session(*, actor: Actor, now: datetime, key: str) -> None:
    """End one of one's own sessions, named by its `key` in `list_sessions`. Raises NotFound."""
    with transaction() as session:
        mine = (UserSession.user_id == actor.user_id, UserSession.token_hash.startswith(key, autoescape=True))
        if len(key) != KEY_LENGTH or not _revoke(session, now, *mine):
            raise NotFound("There is no such session.")


def end_other_sessions(*, actor: Actor, now: datetime, token: str) -> int:
    """End all of one's own sessions but the one of this token; return how many were ended."""
    with transaction() as session:
        others = UserSession.token_hash != session_hash(token)
        return _revoke(session, now, UserSession.user_id == actor.user_id, others)


def change_password(
    *,
    actor: Actor,
    now: datetime,
    current: str,
    new: str,
    address: str,
    user_agent: str,
    lifetime: timedelta,
) -> str:
    """Replace one's own password, end all one's sessions, and return the token of a new one for here.

    Raises TooManyTries, and OperationRefused for a wrong `current` password and all there is against the new.
    Source: OWASP ASVS 5.0, 6.2.3, 7.2.4.
    """
    try_id = count_try(actor.email or "", address, now)
    known_hash = db.session.scalars(select(User.password_hash).where(User.id == actor.user_id)).first()
    reasons = [Reason("new", t) for t in password_reasons(new, email=actor.email or "", is_common=is_common)]
    if new == current:
        reasons.append(Reason("new", "The new password is the one you have."))
    is_right = is_password(current, known_hash)
    if not is_right:
        reasons.append(Reason("current", "This is not your password."))
    new_hash = hash_password(new)
    with transaction() as session:
        if is_right:
            forgive(session, try_id)
        user = session.get_one(User, actor.user_id, with_for_update=True)
        if user.password_hash != known_hash:
            reasons.append(Reason("current", "Your password was changed meanwhile."))
        if not reasons:
            user.password_hash, user.password_expires_at, user.version = new_hash, None, user.version + 1
            _revoke(session, now, UserSession.user_id == user.id)
            token = _open(session, user.id, now, address=address, user_agent=user_agent, lifetime=lifetime)
            record_audit(session, subject=f"user:{user.id}", kind="password_changed", actor=actor, now=now, changes={})
    refuse_if(reasons)
    return token


def keep_session_alive(*, actor: Actor, now: datetime, token: str) -> None:
    """Note that the session of this token is in use, which keeps inactivity from ending it."""
    with transaction() as session:
        mine = (UserSession.user_id == actor.user_id, UserSession.token_hash == session_hash(token))
        session.execute(update(UserSession).where(*mine, UserSession.last_seen_at < now).values(last_seen_at=now))


def forget_old_sign_ins(*, actor: Actor, now: datetime) -> dict[str, int]:
    """Delete tries and ended sessions that no rule asks for any more; return how many of each.

    Failed tries are kept a day, successful ones and ended sessions thirty.
    """
    del actor  # a job of the system, like every operation said with who runs it
    with transaction() as session:
        is_old = (SignInAttempt.at < now - SUCCESSES_KEPT) | (
            SignInAttempt.succeeded.is_(False) & (SignInAttempt.at < now - FAILURES_KEPT)
        )
        ended = UserSession.expires_at < now - SUCCESSES_KEPT
        revoked = UserSession.revoked_at < now - SUCCESSES_KEPT
        tries = session.execute(delete(SignInAttempt).where(is_old).returning(SignInAttempt.id)).all()
        gone = session.execute(delete(UserSession).where(ended | revoked).returning(UserSession.user_id)).all()
        return {"tries": len(tries), "sessions": len(gone)}


def _open(
    session: scoped_session[Session],
    user_id: int,
    now: datetime,
    *,
    address: str,
    user_agent: str,
    lifetime: timedelta,
) -> str:
    token = secrets.token_urlsafe(32)
    row = UserSession(token_hash=session_hash(token), user_id=user_id, created_at=now, last_seen_at=now)
    row.expires_at, row.address, row.user_agent = now + lifetime, address[:45], user_agent[:200]
    session.add(row)
    return token


def _revoke(session: scoped_session[Session], now: datetime, *which: ColumnElement[bool]) -> int:
    ended = update(UserSession).where(*which, UserSession.revoked_at.is_(None)).values(revoked_at=now)
    return len(session.execute(ended.returning(UserSession.token_hash)).all())
