"""Keys for programs that use the API: making them, each for some purposes and a while, and revoking them."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.history import field_diff
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Forbidden, NotFound, refuse_if
from changetrack.domain.tokens import SCOPES, token_reasons
from changetrack.models import ApiToken
from changetrack.operations._audit import record_audit
from changetrack.operations._history import actor_label
from changetrack.operations._own_password import own_password_reasons
from changetrack.operations._secrets import new_secret
from changetrack.operations._transaction import transaction


@dataclass(frozen=True, slots=True)
class NewToken:
    """A new token; `token` is shown once, to whoever made it, and kept nowhere."""

    token_id: int
    prefix: str
    token: str = field(repr=False)


def create_token(
    *,
    actor: Actor,
    now: datetime,
    name: str,
    scopes: Collection[str],
    expires_at: datetime | None = None,
    password: str = "",
    address: str = "",
) -> NewToken:
    """Make a token for programs; only its digest is kept.

    A person gives their own `password` again, so that a browser left open makes no key that outlives it; tries from
    `address` are counted like those to sign in. Raises Forbidden, TooManyTries, and OperationRefused with all reasons.
    Source: OWASP ASVS 5.0, 7.5.1, 13.2.1, 11.5.1.
    """
    _require_administrator(actor)
    name = " ".join(name.split())
    reasons = token_reasons(name=name, scopes=scopes, expires_at=expires_at, now=now)
    refuse_if([*reasons, *own_password_reasons(actor, password, address, now)])
    secret = new_secret("ct")
    with transaction() as session:
        row = ApiToken(name=name, prefix=secret.prefix, token_hash=secret.digest, created_at=now)
        row.scopes, row.expires_at, row.created_by = _in_order(scopes), expires_at, actor_label(actor)
        session.add(row)
        session.flush()
        _record(session, row, "token_made", actor, now, _what(row))
        return NewToken(row.id, secret.prefix, secret.text)


def revoke_token(*, actor: Actor, now: datetime, token_id: int) -> None:
    """Let a token in no more, from the next request; revoking twice is the same as once.

    Raises Forbidden, NotFound.
    """
    _require_administrator(actor)
    with transaction() as session:
        row = session.get(ApiToken, token_id, with_for_update=True)
        if row is None:
            raise NotFound("There is no such token.")
        if row.revoked_at is None:
            row.revoked_at = now
            _record(session, row, "token_revoked", actor, now, {"key": [row.prefix, None]})


def _require_administrator(actor: Actor) -> None:
    if not may(actor, Action.ADMINISTER):
        raise Forbidden("Only an administrator makes and revokes tokens.")


def _in_order(scopes: Collection[str]) -> list[str]:
    return [scope for scope in SCOPES if scope in scopes]


def _what(row: ApiToken) -> dict[str, list[object]]:
    ends = row.expires_at.date() if row.expires_at else None
    return field_diff({}, {"name": row.name, "key": row.prefix, "scopes": row.scopes, "expires": ends})


def _record(
    session: scoped_session[Session],
    row: ApiToken,
    kind: str,
    actor: Actor,
    now: datetime,
    changes: dict[str, list[object]],
) -> None:
    record_audit(session, subject=f"token:{row.id}", kind=kind, actor=actor, now=now, changes=changes)
