"""What is done about users: adding, changing their role, new passwords, disabling; each leaves its trace."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.history import field_diff
from changetrack.domain.ladder import TOP
from changetrack.domain.people import ROLES, Action, Actor, may, password_reasons
from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused, Reason, StaleVersion, refuse_if
from changetrack.models import Alert, User, UserSession
from changetrack.operations._audit import record_audit
from changetrack.operations._hands import all_of, hands_change
from changetrack.operations._leaving import withdraw_lists
from changetrack.operations._passwords import hash_password, is_common, new_one_time_password
from changetrack.operations._transaction import transaction

ONE_TIME_PASSWORD_LASTS = timedelta(hours=72)
NAME_MAX = 120
EMAIL_MAX = 254


@dataclass(frozen=True, slots=True)
class AddedUser:
    """A new user; `one_time_password` is shown once, to whoever added them, and kept nowhere."""

    user_id: int
    one_time_password: str | None


def add_user(
    *, actor: Actor, now: datetime, email: str, name: str, role: str, password: str | None = None
) -> AddedUser:
    """Add somebody who may sign in from now on.

    Without a `password` a one-time password is made; it lasts 72 hours and must be replaced at sign-in.
    Raises Forbidden, and OperationRefused for a bad or known e-mail, an empty name, an unknown role, a bad
    password.
    """
    _require_administrator(actor)
    email, name = email.strip().lower(), " ".join(name.split())
    reasons = [*_email_reasons(email), *_name_reasons(name), *_role_reasons(role)]
    if password is not None:
        reasons += [Reason("password", text) for text in password_reasons(password, email=email, is_common=is_common)]
    refuse_if(reasons)
    one_time = new_one_time_password() if password is None else None
    password_hash = hash_password(one_time or password or "")
    with transaction() as session:
        if session.scalars(select(User.id).where(User.email == email)).first():
            raise OperationRefused([("email", f"{email} is already a user.")])
        user = User(email=email, name=name, role=role, password_hash=password_hash, created_at=now, version=1)
        user.password_expires_at = now + ONE_TIME_PASSWORD_LASTS if one_time else None
        with hands_change(session, Alert.rung >= TOP if role == "executive" else None, now):
            session.add(user)
        session.flush()
        added = field_diff({}, {"email": email, "name": name, "role": role})
        record_audit(session, subject=f"user:{user.id}", kind="user_added", actor=actor, now=now, changes=added)
        return AddedUser(user.id, one_time)


def edit_user(*, actor: Actor, now: datetime, user_id: int, name: str, role: str, version: int | None = None) -> None:
    """Change a user's name and role; a changed role counts from their next request.

    `version` is the one that was shown; None does not ask. Raises Forbidden, NotFound, StaleVersion, and
    OperationRefused for an empty name, an unknown role, or taking the role from the last administrator.
    """
    _require_administrator(actor)
    name = " ".join(name.split())
    refuse_if([*_name_reasons(name), *_role_reasons(role)])
    with transaction() as session:
        user = _lock_user(session, user_id)
        before, after = {"name": user.name, "role": user.role}, {"name": name, "role": role}
        if version is not None and version != user.version:
            raise StaleVersion(current={**before, "version": user.version}, typed=after)
        if user.role == "admin" and role != "admin":
            _refuse_without_administrator(session, user, field="role")
        if changes := field_diff(before, after):
            with hands_change(session, all_of(user_id) if "role" in changes else None, now):
                user.name, user.role, user.version = name, role, user.version + 1
            if "role" in changes:
                withdraw_lists(session, user, now)
            _record(session, user, "user_edited", actor=actor, now=now, changes=changes)


def reset_password(*, actor: Actor, now: datetime, user_id: int) -> str:
    """Replace a user's password by a one-time password, end their sessions, and return it.

    It lasts 72 hours and must be replaced at the next sign-in. Raises Forbidden, NotFound.
    """
    _require_administrator(actor)
    one_time = new_one_time_password()
    password_hash = hash_password(one_time)
    with transaction() as session:
        user = _lock_user(session, user_id)
        user.password_hash, user.password_expires_at = password_hash, now + ONE_TIME_PASSWORD_LASTS
        user.version += 1
        _revoke_sessions(session, user_id, now)
        _record(session, user, "password_reset", actor=actor, now=now)
    return one_time


def disable_user(*, actor: Actor, now: datetime, user_id: int) -> None:
    """Let a user in no more: their sessions end with this, and what they did stays theirs.

    Doing it twice is the same as once. Raises Forbidden, NotFound, and OperationRefused for oneself and for
    the last administrator.
    """
    _require_administrator(actor)
    with transaction() as session:
        user = _lock_user(session, user_id)
        if user.id == actor.user_id:
            raise OperationRefused([(None, "You cannot disable yourself; another administrator can.")])
        if user.role == "admin":
            _refuse_without_administrator(session, user, field=None)
        _revoke_sessions(session, user_id, now)
        if user.disabled_at is None:
            with hands_change(session, all_of(user_id), now):
                user.disabled_at, user.version = now, user.version + 1
            _record(session, user, "user_disabled", actor=actor, now=now)


def enable_user(*, actor: Actor, now: datetime, user_id: int) -> None:
    """Let a disabled user in again, with the password they had. Raises Forbidden, NotFound."""
    _require_administrator(actor)
    with transaction() as session:
        user = _lock_user(session, user_id)
        if user.disabled_at is not None:
            with hands_change(session, all_of(user_id), now):
                user.disabled_at, user.version = None, user.version + 1
            _record(session, user, "user_enabled", actor=actor, now=now)


def end_sessions_of(*, actor: Actor, now: datetime, user_id: int) -> int:
    """End all sessions of a user and return how many there were. Raises Forbidden, NotFound."""
    _require_administrator(actor)
    with transaction() as session:
        user = _lock_user(session, user_id)
        ended = _revoke_sessions(session, user_id, now)
        _record(session, user, "sessions_ended", actor=actor, now=now, changes={"sessions": [ended, 0]})
        return ended


def _require_administrator(actor: Actor) -> None:
    if not may(actor, Action.ADMINISTER):
        raise Forbidden("Only an administrator manages people and teams.")


def _lock_user(session: scoped_session[Session], user_id: int) -> User:
    user = session.get(User, user_id, with_for_update=True)
    if user is None:
        raise NotFound("There is no such user.")
    return user


def _refuse_without_administrator(
    session: scoped_session[Session], user: User, *, field: Literal["role"] | None
) -> None:
    # All administrators are locked, in one order, so that two of them cannot remove each other at once.
    administrators = select(User.id).where(User.role == "admin", User.disabled_at.is_(None))
    enabled = session.scalars(administrators.order_by(User.id).with_for_update()).all()
    if not set(enabled) - {user.id}:
        raise OperationRefused([(field, f"{user.name} is the last administrator; make somebody else one first.")])


def _revoke_sessions(session: scoped_session[Session], user_id: int, now: datetime) -> int:
    mine = (UserSession.user_id == user_id) & UserSession.revoked_at.is_(None)
    open_ones = session.scalar(select(func.count()).where(mine, UserSession.expires_at > now)) or 0
    session.execute(update(UserSession).where(mine).values(revoked_at=now))
    return open_ones


def _record(
    session: scoped_session[Session],
    user: User,
    kind: str,
    *,
    actor: Actor,
    now: datetime,
    changes: dict[str, list[object]] | None = None,
) -> None:
    record_audit(session, subject=f"user:{user.id}", kind=kind, actor=actor, now=now, changes=changes or {})


def _email_reasons(email: str) -> list[Reason]:
    local, at, domain = email.partition("@")
    is_address = local and at and domain and "@" not in domain and email.isprintable() and " " not in email
    if not is_address or len(email) > EMAIL_MAX:
        return [Reason("email", "Give an e-mail address, such as tess@example.com.")]
    return []


def _name_reasons(name: str) -> list[Reason]:
    if not name:
        return [Reason("name", "Give a name.")]
    if len(name) > NAME_MAX or not name.isprintable():
        return [Reason("name", f"A name has at most {NAME_MAX} printable characters.")]
    return []


def _role_reasons(role: str) -> list[Reason]:
    return [] if role in ROLES else [Reason("role", f"There is no role {role!r}: choose one of {', '.join(ROLES)}.")]
