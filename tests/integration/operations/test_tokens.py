"""API tokens: made by who proves again who they are, kept as a digest, revoked for good."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from changetrack.domain.people import Actor
from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused
from changetrack.models import ApiToken, AuditEvent, SignInAttempt
from changetrack.operations.sign_in import TooManyTries
from changetrack.operations.tokens import NewToken, create_token, revoke_token
from tests.factories import PASSWORD, Cast, make_token
from tests.factories._saving import Saver


@pytest.fixture
def ada(cast: Cast) -> Actor:
    return cast.actor("ada")


def make(actor: Actor, now: datetime, **given: Any) -> NewToken:
    asked = {"name": "Export", "scopes": ["ingest", "read"], "password": PASSWORD, "address": "192.0.2.1"}
    return create_token(actor=actor, now=now, **{**asked, **given})


def test_a_token_is_long_random_and_known_by_its_digest(session: Saver, ada: Actor, now: datetime) -> None:
    made = make(ada, now, expires_at=now + timedelta(30))

    row = session.get_one(ApiToken, made.token_id)
    event = session.scalars(select(AuditEvent)).one()
    assert made.token.startswith("ct_")
    assert len(made.token) == len("ct_") + 48  # hex: 192 bits
    assert row.token_hash == hashlib.sha256(made.token.encode()).hexdigest()
    assert made.token.startswith(row.prefix)
    assert (row.name, row.scopes, row.expires_at) == ("Export", ["read", "ingest"], now + timedelta(30))
    assert (event.subject, event.kind) == (f"token:{row.id}", "token_made")
    assert made.token not in f"{event.changes}{made!r}"


def test_the_operator_needs_no_password(session: Saver, cast: Cast, now: datetime) -> None:
    made = make(Actor.operator("cli"), now, password="")

    assert session.get_one(ApiToken, made.token_id).created_by == "operator:cli"
    assert session.scalars(select(SignInAttempt)).all() == []


def test_a_wrong_password_and_all_else_are_said_at_once(session: Saver, ada: Actor, now: datetime) -> None:
    with pytest.raises(OperationRefused) as refused:
        make(ada, now, name="", scopes=[], password="not it")

    assert {reason.field for reason in refused.value.reasons} == {"name", "scopes", "password"}
    assert session.scalars(select(ApiToken)).all() == []


def test_guessing_the_password_is_slowed_down(session: Saver, ada: Actor, now: datetime) -> None:
    for _ in range(10):
        with pytest.raises(OperationRefused):
            make(ada, now, password="not it")

    with pytest.raises(TooManyTries):
        make(ada, now)


def test_the_right_password_is_no_failed_try(session: Saver, ada: Actor, now: datetime) -> None:
    for _ in range(12):
        make(ada, now)
    with pytest.raises(OperationRefused):
        make(ada, now, name="")

    assert {attempt.succeeded for attempt in session.scalars(select(SignInAttempt))} == {True}


def test_a_revoked_token_stays_revoked_with_one_trace(session: Saver, ada: Actor, now: datetime) -> None:
    token = make_token(session)

    revoke_token(actor=ada, now=now, token_id=token.id)
    revoke_token(actor=ada, now=now + timedelta(1), token_id=token.id)

    session.refresh(token)
    assert token.revoked_at == now
    assert session.scalars(select(AuditEvent.kind)).all() == ["token_revoked"]


def test_a_token_that_is_not_there_is_not_found(ada: Actor, now: datetime) -> None:
    with pytest.raises(NotFound):
        revoke_token(actor=ada, now=now, token_id=99)


@pytest.mark.parametrize("who", ["olu", "vik", "ed"])
def test_only_administrators_make_and_revoke_tokens(session: Saver, cast: Cast, now: datetime, who: str) -> None:
    token = make_token(session)

    with pytest.raises(Forbidden):
        make(cast.actor(who), now)
    with pytest.raises(Forbidden):
        revoke_token(actor=cast.actor(who), now=now, token_id=token.id)
