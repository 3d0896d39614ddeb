"""Sources and their write keys: shown once, kept as a digest, revoked for good."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select, text

from changetrack.domain.people import Actor
from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused
from changetrack.models import AuditEvent, UsageSource, WriteKey, db
from changetrack.operations.usage import sources
from changetrack.queries.usage_sources import get_source, list_sources
from tests.conftest import ON_ONE_DATABASE
from tests.factories import Cast, make_source, make_write_key
from tests.factories._saving import Saver


@pytest.fixture
def ada(cast: Cast) -> Actor:
    return cast.actor("ada")


def everything_kept(session: Saver) -> str:
    """All that is in the database, as text."""
    return "\n".join(
        str(tuple(row))
        for table in db.metadata.sorted_tables
        for row in session.execute(text(f"SELECT * FROM {table.name}"))
    )


def test_a_key_is_long_random_and_known_by_its_digest(session: Saver, ada: Actor, now: datetime) -> None:
    source = make_source(session)

    made = sources.create_write_key(actor=ada, now=now, source_id=source.id)
    other = sources.create_write_key(actor=ada, now=now, source_id=source.id)

    row = session.get_one(WriteKey, made.key_id)
    assert made.key.startswith("wk_")
    assert len(made.key) == len("wk_") + 48  # hex: 192 bits
    assert made.key != other.key
    assert row.key_hash == hashlib.sha256(made.key.encode()).hexdigest()
    assert made.key.startswith(row.prefix)
    assert (row.created_at, row.created_by, row.revoked_at, row.last_used_on) == (now, "ada@example.com", None, None)


def test_the_key_itself_is_kept_nowhere(session: Saver, ada: Actor, now: datetime) -> None:
    made = sources.connect_source(actor=ada, now=now, name="Web app")

    assert made.key not in everything_kept(session)
    assert made.key not in repr(made)


def test_a_source_is_connected_with_its_first_key_at_once(session: Saver, ada: Actor, now: datetime) -> None:
    made = sources.connect_source(actor=ada, now=now, name=" Web  app ")

    kinds = session.scalars(select(AuditEvent.kind).order_by(AuditEvent.seq)).all()
    assert [(source.name, len(source.open_keys)) for source in list_sources()] == [("Web app", 1)]
    assert session.get_one(WriteKey, made.key_id).source_id == made.source_id
    assert kinds == ["source_added", "write_key_made"]


def test_a_source_is_renamed_and_its_keys_stay(session: Saver, ada: Actor, now: datetime) -> None:
    source = make_source(session)
    make_write_key(session, source)

    sources.rename_source(actor=ada, now=now, source_id=source.id, name="Mobile app")
    sources.rename_source(actor=ada, now=now, source_id=source.id, name="Mobile app")

    assert get_source(source.id).name == "Mobile app"
    assert len(get_source(source.id).open_keys) == 1
    assert session.scalars(select(AuditEvent.kind)).all() == ["source_renamed"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 121, "Web app"])
def test_a_source_has_a_name_of_its_own(session: Saver, ada: Actor, now: datetime, name: str) -> None:
    make_source(session)
    other = make_source(session, "Mobile app")

    for act in (sources.add_source, sources.connect_source):
        with pytest.raises(OperationRefused):
            act(actor=ada, now=now, name=name)
    with pytest.raises(OperationRefused):
        sources.rename_source(actor=ada, now=now, source_id=other.id, name=name)

    assert len(session.scalars(select(UsageSource)).all()) == 2


def test_a_revoked_key_stays_revoked_with_one_trace(session: Saver, ada: Actor, now: datetime) -> None:
    source = make_source(session)
    key = make_write_key(session, source)

    sources.revoke_write_key(actor=ada, now=now, source_id=source.id, key_id=key.id)
    sources.revoke_write_key(actor=ada, now=now, source_id=source.id, key_id=key.id)

    session.refresh(key)
    assert key.revoked_at == now
    assert get_source(source.id).open_keys == ()
    assert session.scalars(select(AuditEvent.kind)).all() == ["write_key_revoked"]


def test_a_key_is_revoked_through_its_own_source_only(session: Saver, ada: Actor, now: datetime) -> None:
    source, other = make_source(session), make_source(session, "Mobile app")
    key = make_write_key(session, other)

    with pytest.raises(NotFound):
        sources.revoke_write_key(actor=ada, now=now, source_id=source.id, key_id=key.id)


ACTS: list[Callable[..., Any]] = [
    lambda **by: sources.rename_source(source_id=99, name="x", **by),
    lambda **by: sources.create_write_key(source_id=99, **by),
    lambda **by: sources.revoke_write_key(source_id=99, key_id=1, **by),
]


@pytest.mark.parametrize("act", ACTS)
def test_what_is_not_there_is_not_found(ada: Actor, now: datetime, act: Callable[..., Any]) -> None:
    with pytest.raises(NotFound):
        act(actor=ada, now=now)


@pytest.mark.parametrize("who", ["olu", "vik", "ed"])
@pytest.mark.parametrize(
    "act",
    [*ACTS, lambda **by: sources.add_source(name="x", **by), lambda **by: sources.connect_source(name="x", **by)],
)
@ON_ONE_DATABASE
def test_only_administrators_decide_who_may_send(cast: Cast, now: datetime, who: str, act: Callable[..., Any]) -> None:
    with pytest.raises(Forbidden):
        act(actor=cast.actor(who), now=now)
