"""Signing in: what it takes, what it leaves behind, and how guessing is slowed down."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.people import Actor
from changetrack.domain.refusal import NotFound, OperationRefused
from changetrack.models import AuditEvent, SignInAttempt, User, UserSession
from changetrack.operations import _tries as tries
from changetrack.operations import sign_in as operations
from changetrack.operations.sign_in import TooManyTries
from changetrack.queries.people import find_signed_in, list_sessions, session_hash
from tests.factories import (
    PASSWORD,
    actor_of,
    make_session,
    make_sign_in_attempt,
    make_team,
    make_team_member,
    make_user,
)

Saver = scoped_session[Session]
DAY = timedelta(days=1)
IDLE = timedelta(hours=8)
HOME, ABROAD = "192.0.2.1", "198.51.100.7"
NEW_PASSWORD = "nine slow herons fishing"


@pytest.fixture
def olu(session: Saver) -> User:
    return make_user(session, email="olu@example.com", name="Olu")


def sign_in(now: datetime, **given: Any) -> str:
    asked = {"email": "olu@example.com", "password": PASSWORD, "address": HOME, "user_agent": "Test"}
    return operations.sign_in(now=now, **{**asked, "lifetime": 7 * DAY, **given})


def fail(now: datetime, times: int, **given: Any) -> None:
    for _ in range(times):
        with pytest.raises(OperationRefused):
            sign_in(now, password="a wrong guess", **given)


def change(actor: Actor, now: datetime, current: str, new: str) -> str:
    return operations.change_password(
        actor=actor, now=now, current=current, new=new, address=HOME, user_agent="Test", lifetime=7 * DAY
    )


def test_the_right_password_opens_a_session_of_that_person(session: Saver, olu: User, now: datetime) -> None:
    team = make_team(session)
    make_team_member(session, team, olu, "coordinator")

    token = sign_in(now)

    found = find_signed_in(session_hash(token), now=now, idle=IDLE)
    assert found is not None
    assert found.actor.user_id == olu.id
    assert found.actor.teams == {team.id: "coordinator"}


def test_the_case_of_the_email_does_not_matter(olu: User, now: datetime) -> None:
    assert sign_in(now, email="  Olu@Example.COM ")


def test_every_character_of_a_long_password_matters(session: Saver, now: datetime) -> None:
    actor = actor_of(make_user(session, email="long@example.com"))
    long_password = "x7 " * 42 + "yz"
    change(actor, now, PASSWORD, long_password)

    assert len(long_password) == 128
    assert sign_in(now, email="long@example.com", password=long_password)
    with pytest.raises(OperationRefused):
        sign_in(now, email="long@example.com", password=long_password + "!")


def test_the_token_has_256_bits_and_is_not_kept(session: Saver, olu: User, now: datetime) -> None:
    token = sign_in(now)

    assert len(token) == 43
    row = session.scalars(select(UserSession)).one()
    assert token not in (row.token_hash, row.user_agent, row.address)


def test_signing_in_stores_the_hash_anew_with_the_parameters_of_today(session: Saver, olu: User, now: datetime) -> None:
    assert extract_parameters(olu.password_hash or "").memory_cost == 8

    sign_in(now)

    session.refresh(olu)
    stored = extract_parameters(olu.password_hash or "")
    assert stored.type is Type.ID
    assert stored.memory_cost >= 46 * 1024
    assert stored.time_cost >= 1


@pytest.mark.parametrize(
    "given",
    [
        {"password": "wrong"},
        {"email": "nobody@example.com"},
        {"email": "off@example.com"},
        {"email": "new@example.com"},
    ],
    ids=["wrong password", "unknown e-mail", "disabled", "without a password"],
)
def test_a_refusal_never_says_what_was_wrong(session: Saver, olu: User, now: datetime, given: dict[str, str]) -> None:
    make_user(session, email="off@example.com", disabled_at=now)
    make_user(session, email="new@example.com", password_hash=None)

    with pytest.raises(OperationRefused) as refused:
        sign_in(now, **given)

    assert [(r.field, r.message) for r in refused.value.reasons] == [(None, operations.WRONG)]


def test_an_unknown_email_costs_the_same_comparison(olu: User, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []
    verify = PasswordHasher.verify

    def noting(self: PasswordHasher, known: str, given: str) -> bool:
        compared.append(extract_parameters(known).memory_cost)
        return verify(self, known, given)

    monkeypatch.setattr(PasswordHasher, "verify", noting)

    fail(now, 1, email="nobody@example.com")

    assert compared == [47_104]


def test_the_eleventh_wrong_try_in_five_minutes_has_to_wait(olu: User, now: datetime) -> None:
    fail(now, 10)

    with pytest.raises(TooManyTries) as refused:
        sign_in(now + timedelta(minutes=1))

    assert refused.value.retry_after == 240


def test_guesses_side_by_side_are_counted_like_guesses_in_a_row(app: Flask, olu: User, now: datetime) -> None:
    def guess(number: int) -> bool:
        with app.app_context(), pytest.raises(OperationRefused) as refused:
            sign_in(now, password=f"guess {number}")
        return not isinstance(refused.value, TooManyTries)

    with ThreadPoolExecutor(4) as pool:
        compared = sum(pool.map(guess, range(16)))

    assert compared <= tries.TRIES_OF_A_PAIR


def test_after_the_wait_the_password_works_again(olu: User, now: datetime) -> None:
    fail(now, 10)

    assert sign_in(now + timedelta(minutes=5))


def test_the_true_password_from_another_address_works_meanwhile(olu: User, now: datetime) -> None:
    fail(now, 10)

    assert sign_in(now, address=ABROAD)


def test_one_address_cannot_go_through_the_emails(session: Saver, olu: User, now: datetime) -> None:
    for number in range(tries.TRIES_OF_AN_ADDRESS):
        make_sign_in_attempt(session, email=f"guess{number}@example.com", address=HOME, at=now)

    with pytest.raises(TooManyTries):
        sign_in(now)


def test_the_addresses_of_one_ipv6_network_count_as_one(olu: User, now: datetime) -> None:
    for number in range(10):
        fail(now, 1, address=f"2001:db8:1:2::{number + 1}")

    with pytest.raises(TooManyTries):
        sign_in(now, address="2001:db8:1:2:ffff::9")


def test_a_storm_of_guesses_keeps_nobody_out_of_an_address_they_know(
    session: Saver, olu: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tries, "TRIES_OF_ALL", 3)
    sign_in(now - DAY)
    for number in range(3):
        make_sign_in_attempt(session, email=f"guess{number}@example.com", address=f"203.0.113.{number}", at=now)

    with pytest.raises(TooManyTries):
        sign_in(now, address=ABROAD)

    assert sign_in(now)


def test_a_successful_try_is_not_counted_as_a_failed_one(session: Saver, olu: User, now: datetime) -> None:
    for _ in range(3):
        sign_in(now)

    assert session.scalar(select(func.count()).where(SignInAttempt.succeeded.is_(False))) == 0


def test_signing_in_again_in_one_browser_ends_its_session_before(olu: User, now: datetime) -> None:
    before = sign_in(now)

    after = sign_in(now, replaces=before)

    assert find_signed_in(session_hash(before), now=now, idle=IDLE) is None
    assert find_signed_in(session_hash(after), now=now, idle=IDLE)


def test_a_session_ends_when_unused_and_when_it_is_old(olu: User, now: datetime) -> None:
    key = session_hash(sign_in(now))

    assert find_signed_in(key, now=now + IDLE - timedelta(seconds=1), idle=IDLE)
    assert find_signed_in(key, now=now + IDLE, idle=IDLE) is None
    assert find_signed_in(key, now=now + 7 * DAY, idle=30 * DAY) is None


def test_use_keeps_a_session_alive(session: Saver, olu: User, now: datetime) -> None:
    token = sign_in(now)

    operations.keep_session_alive(actor=actor_of(olu), now=now + IDLE / 2, token=token)

    assert find_signed_in(session_hash(token), now=now + IDLE, idle=IDLE)


def test_a_session_ended_by_its_key_is_over(session: Saver, olu: User, now: datetime) -> None:
    make_session(session, olu, "at home")
    [row] = list_sessions(actor=actor_of(olu), token_hash="", now=now, idle=IDLE)

    operations.end_session(actor=actor_of(olu), now=now, key=row.key)

    assert list_sessions(actor=actor_of(olu), token_hash="", now=now, idle=IDLE) == []


@pytest.mark.parametrize("key", ["", "%", "_" * 16, "0" * 16, "0" * 15])
def test_only_a_whole_key_names_a_session(session: Saver, olu: User, now: datetime, key: str) -> None:
    make_session(session, olu, "at home")

    with pytest.raises(NotFound):
        operations.end_session(actor=actor_of(olu), now=now, key=key)


def test_nobody_ends_the_session_of_somebody_else(session: Saver, olu: User, now: datetime) -> None:
    make_session(session, olu, "at home")
    [row] = list_sessions(actor=actor_of(olu), token_hash="", now=now, idle=IDLE)
    otto = actor_of(make_user(session))

    with pytest.raises(NotFound):
        operations.end_session(actor=otto, now=now, key=row.key)


def test_ending_the_others_keeps_the_session_one_is_in(session: Saver, olu: User, now: datetime) -> None:
    for token in ("at home", "at work", "on the train"):
        make_session(session, olu, token)

    ended = operations.end_other_sessions(actor=actor_of(olu), now=now, token="at work")

    [kept] = list_sessions(actor=actor_of(olu), token_hash=session_hash("at work"), now=now, idle=IDLE)
    assert ended == 2
    assert kept.is_current


def test_a_new_password_replaces_the_old_and_ends_every_session(session: Saver, olu: User, now: datetime) -> None:
    make_session(session, olu, "at home")

    token = change(actor_of(olu), now, PASSWORD, NEW_PASSWORD)

    [kept] = list_sessions(actor=actor_of(olu), token_hash=session_hash(token), now=now, idle=IDLE)
    assert kept.is_current
    assert sign_in(now, password=NEW_PASSWORD)
    fail(now, 1, address=ABROAD)


def test_a_new_password_leaves_a_trace_without_the_password(session: Saver, olu: User, now: datetime) -> None:
    change(actor_of(olu), now, PASSWORD, NEW_PASSWORD)

    event = session.scalars(select(AuditEvent)).one()
    assert (event.subject, event.kind, event.changes) == (f"user:{olu.id}", "password_changed", {})


def test_all_that_is_wrong_with_a_new_password_is_said_at_once(olu: User, now: datetime) -> None:
    with pytest.raises(OperationRefused) as refused:
        change(actor_of(olu), now, "not my password", "password1234")

    assert {reason.field for reason in refused.value.reasons} == {"current", "new"}


def test_the_present_password_cannot_be_guessed_by_changing_it(olu: User, now: datetime) -> None:
    for _ in range(10):
        with pytest.raises(OperationRefused):
            change(actor_of(olu), now, "a wrong guess", NEW_PASSWORD)

    with pytest.raises(TooManyTries):
        change(actor_of(olu), now, PASSWORD, NEW_PASSWORD)


def test_a_one_time_password_signs_in_until_it_expires_and_asks_for_another(session: Saver, now: datetime) -> None:
    user = make_user(session, email="new@example.com", password_expires_at=now + DAY)

    token = sign_in(now, email="new@example.com")

    found = find_signed_in(session_hash(token), now=now, idle=IDLE)
    assert found is not None
    assert found.needs_password
    fail(now + DAY, 1, email="new@example.com")
    change(actor_of(user), now, PASSWORD, NEW_PASSWORD)
    assert sign_in(now + DAY, email="new@example.com", password=NEW_PASSWORD)


def test_what_no_rule_asks_for_any_more_is_forgotten(session: Saver, olu: User, now: datetime) -> None:
    make_sign_in_attempt(session, at=now - 2 * DAY)
    make_sign_in_attempt(session, at=now - 2 * DAY, succeeded=True)
    make_sign_in_attempt(session, at=now - 31 * DAY, succeeded=True)
    make_session(session, olu, "open")
    make_session(session, olu, "ended long ago", revoked_at=now - 31 * DAY)
    make_session(session, olu, "expired long ago", expires_at=now - 31 * DAY)

    forgotten = operations.forget_old_sign_ins(actor=Actor.system("tidy"), now=now)

    assert forgotten == {"tries": 2, "sessions": 2}
    assert session.scalar(select(func.count()).select_from(SignInAttempt)) == 1
    assert session.scalar(select(func.count()).select_from(UserSession)) == 1


def test_who_asks_is_found_by_one_statement(session: Saver, olu: User, now: datetime, counted: Any) -> None:
    for role in ("member", "vsm", "coordinator"):
        make_team_member(session, make_team(session), olu, role)
    make_session(session, olu, "at home")

    with counted() as statements:
        found = find_signed_in(session_hash("at home"), now=now, idle=IDLE)

    assert found is not None
    assert len(found.actor.teams) == 3
    assert len(statements) == 1
