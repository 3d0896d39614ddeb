"""Who may send events: sources, and the write keys with which they do."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.history import field_diff
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused, Reason, refuse_if
from changetrack.models import UsageSource, WriteKey
from changetrack.operations._audit import record_audit
from changetrack.operations._history import actor_label
from changetrack.operations._secrets import new_secret
from changetrack.operations._transaction import transaction, unique_or

NAME_MAX = 120


@dataclass(frozen=True, slots=True)
class NewKey:
    """A new write key; `key` is shown once, to whoever made it, and kept nowhere."""

    key_id: int
    source_id: int
    prefix: str
    key: str = field(repr=False)


def add_source(*, actor: Actor, now: datetime, name: str) -> int:
    """Add a source without keys and return its id.

    Raises Forbidden, and OperationRefused for an empty name or one that another source has.
    """
    _require_administrator(actor)
    name = " ".join(name.split())
    refuse_if(_name_reasons(name))
    with transaction() as session:
        return _added(session, actor, now, name)


def connect_source(*, actor: Actor, now: datetime, name: str) -> NewKey:
    """Add a source and make its first key, at once.

    Raises Forbidden, and OperationRefused for an empty name or one that another source has.
    """
    _require_administrator(actor)
    name = " ".join(name.split())
    refuse_if(_name_reasons(name))
    with transaction() as session:
        return _keyed(session, actor, now, _added(session, actor, now, name))


def rename_source(*, actor: Actor, now: datetime, source_id: int, name: str) -> None:
    """Give a source another name; its keys and what it sent stay.

    Raises Forbidden, NotFound, and OperationRefused for an empty or taken name.
    """
    _require_administrator(actor)
    name = " ".join(name.split())
    refuse_if(_name_reasons(name))
    with transaction() as session:
        source = _lock_source(session, source_id)
        _refuse_taken_name(session, name, but=source_id)
        if changes := field_diff({"name": source.name}, {"name": name}):
            with unique_or(_taken(name)):
                source.name = name
                session.flush()
            _record(session, source_id, "source_renamed", actor, now, changes)


def create_write_key(*, actor: Actor, now: datetime, source_id: int) -> NewKey:
    """Make a key with which a source sends events from now on; only its digest is kept.

    Raises Forbidden, NotFound. Source: OWASP ASVS 5.0, 13.2.1 and 11.5.1.
    """
    _require_administrator(actor)
    with transaction() as session:
        _lock_source(session, source_id)
        return _keyed(session, actor, now, source_id)


def revoke_write_key(*, actor: Actor, now: datetime, source_id: int, key_id: int) -> None:
    """Let a key in no more, from the next request; revoking twice is the same as once.

    Raises Forbidden, and NotFound when the source has no such key.
    """
    _require_administrator(actor)
    with transaction() as session:
        _lock_source(session, source_id)
        row = session.get(WriteKey, key_id)
        if row is None or row.source_id != source_id:
            raise NotFound("This source has no such key.")
        if row.revoked_at is None:
            row.revoked_at = now
            _record(session, source_id, "write_key_revoked", actor, now, {"key": [row.prefix, None]})


def _require_administrator(actor: Actor) -> None:
    if not may(actor, Action.ADMINISTER):
        raise Forbidden("Only an administrator decides who may send events.")


def _added(session: scoped_session[Session], actor: Actor, now: datetime, name: str) -> int:
    _refuse_taken_name(session, name, but=None)
    source = UsageSource(name=name, created_at=now)
    with unique_or(_taken(name)):
        session.add(source)
        session.flush()
    _record(session, source.id, "source_added", actor, now, field_diff({}, {"name": name}))
    return source.id


def _keyed(session: scoped_session[Session], actor: Actor, now: datetime, source_id: int) -> NewKey:
    secret = new_secret("wk")
    row = WriteKey(source_id=source_id, prefix=secret.prefix, key_hash=secret.digest, created_at=now)
    row.created_by = actor_label(actor)
    session.add(row)
    session.flush()
    _record(session, source_id, "write_key_made", actor, now, {"key": [None, secret.prefix]})
    return NewKey(row.id, source_id, secret.prefix, secret.text)


def _lock_source(session: scoped_session[Session], source_id: int) -> UsageSource:
    source = session.get(UsageSource, source_id, with_for_update=True)
    if source is None:
        raise NotFound("There is no such source.")
    return source


def _refuse_taken_name(session: scoped_session[Session], name: str, *, but: int | None) -> None:
    found = session.scalars(select(UsageSource.id).where(UsageSource.name == name)).first()
    if found is not None and found != but:
        raise OperationRefused([_taken(name)])


def _taken(name: str) -> Reason:
    return Reason("name", f"There is already a source {name}.")


def _name_reasons(name: str) -> list[Reason]:
    if not name:
        return [Reason("name", "Give the source a name.")]
    if len(name) > NAME_MAX or not name.isprintable():
        return [Reason("name", f"A name has at most {NAME_MAX} printable characters.")]
    return []


def _record(
    session: scoped_session[Session],
    source_id: int,
    kind: str,
    actor: Actor,
    now: datetime,
    changes: dict[str, list[object]],
) -> None:
    record_audit(session, subject=f"source:{source_id}", kind=kind, actor=actor, now=now, changes=changes)
