"""Administering users and teams: who may, what is refused, and the trace that each act leaves."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.history import ChainRow, broken_links
from changetrack.domain.people import Actor
from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused, StaleVersion
from changetrack.models import AuditEvent, User, UserSession
from changetrack.operations import people, teams
from changetrack.operations.sign_in import sign_in
from changetrack.queries.people import get_team, get_user, list_teams, list_users
from tests.conftest import ON_ONE_DATABASE
from tests.factories import Cast, make_cast, make_session, make_team_member, make_user

Saver = scoped_session[Session]
GOOD = "nine slow herons fishing"


@pytest.fixture
def cast(session: Saver) -> Cast:
    return make_cast(session)


@pytest.fixture
def ada(cast: Cast) -> Actor:
    return cast.actor("ada")


def add(actor: Actor, now: datetime, **given: Any) -> people.AddedUser:
    asked = {"email": "new@example.com", "name": "Noor", "role": "member", "password": GOOD}
    return people.add_user(actor=actor, now=now, **{**asked, **given})


def reasons_of(refusal: OperationRefused) -> set[str | None]:
    return {reason.field for reason in refusal.reasons}


def test_an_added_user_can_sign_in(ada: Actor, now: datetime) -> None:
    add(ada, now)

    token = sign_in(now=now, email="new@example.com", password=GOOD, address="", user_agent="", lifetime=timedelta(1))

    assert token


def test_without_a_password_a_one_time_password_is_made(session: Saver, ada: Actor, now: datetime) -> None:
    added = add(ada, now, password=None)

    user = session.get_one(User, added.user_id)
    assert added.one_time_password
    assert len(added.one_time_password) == 23
    assert user.password_expires_at == now + timedelta(hours=72)


def test_all_that_is_wrong_with_a_new_user_is_said_at_once(ada: Actor, now: datetime) -> None:
    with pytest.raises(OperationRefused) as refused:
        add(ada, now, email="no address", name=" ", role="owner", password="password1234")

    assert reasons_of(refused.value) == {"email", "name", "role", "password"}


@pytest.mark.parametrize("email", ["", "olu", "@example.com", "olu@", "a@b@c", "o lu@example.com", "o\nlu@example.com"])
@ON_ONE_DATABASE
def test_what_is_no_address_is_refused(ada: Actor, now: datetime, email: str) -> None:
    with pytest.raises(OperationRefused) as refused:
        add(ada, now, email=email)

    assert reasons_of(refused.value) == {"email"}


def test_an_email_is_a_user_only_once_in_any_case_of_letters(ada: Actor, now: datetime) -> None:
    with pytest.raises(OperationRefused) as refused:
        add(ada, now, email="OLU@example.com")

    assert reasons_of(refused.value) == {"email"}


def test_a_stale_edit_is_refused_with_both_versions(cast: Cast, ada: Actor, now: datetime) -> None:
    seen = cast.olu.version
    people.edit_user(actor=ada, now=now, user_id=cast.olu.id, name="Olumide", role="member", version=seen)

    with pytest.raises(StaleVersion) as refused:
        people.edit_user(actor=ada, now=now, user_id=cast.olu.id, name="Olu A.", role="member", version=seen)

    assert refused.value.current == {"name": "Olumide", "role": "member", "version": seen + 1}
    assert refused.value.typed == {"name": "Olu A.", "role": "member"}


def test_an_edit_that_changes_nothing_leaves_no_trace(session: Saver, cast: Cast, ada: Actor, now: datetime) -> None:
    people.edit_user(actor=ada, now=now, user_id=cast.olu.id, name=cast.olu.name, role=cast.olu.role)

    assert session.scalars(select(AuditEvent)).all() == []


def test_a_disabled_user_has_no_open_session(session: Saver, cast: Cast, ada: Actor, now: datetime) -> None:
    make_session(session, cast.olu, "at home")

    people.disable_user(actor=ada, now=now, user_id=cast.olu.id)

    assert session.scalars(select(UserSession.revoked_at)).all() == [now]
    assert get_user(cast.olu.id, now=now).is_disabled


def test_a_disabled_user_can_be_enabled_again(cast: Cast, ada: Actor, now: datetime) -> None:
    people.disable_user(actor=ada, now=now, user_id=cast.olu.id)

    people.enable_user(actor=ada, now=now, user_id=cast.olu.id)

    assert not get_user(cast.olu.id, now=now).is_disabled


def test_the_last_administrator_stays_one(session: Saver, cast: Cast, ada: Actor, now: datetime) -> None:
    operator = Actor.operator("cli")

    with pytest.raises(OperationRefused):
        people.disable_user(actor=operator, now=now, user_id=cast.ada.id)
    with pytest.raises(OperationRefused):
        people.edit_user(actor=ada, now=now, user_id=cast.ada.id, name="Ada", role="member")

    make_user(session, role="admin")
    people.disable_user(actor=operator, now=now, user_id=cast.ada.id)


def test_nobody_disables_themselves(session: Saver, cast: Cast, ada: Actor, now: datetime) -> None:
    make_user(session, role="admin")

    with pytest.raises(OperationRefused):
        people.disable_user(actor=ada, now=now, user_id=cast.ada.id)


def test_a_reset_password_ends_the_sessions_and_expires(session: Saver, cast: Cast, ada: Actor, now: datetime) -> None:
    make_session(session, cast.olu, "at home")

    people.reset_password(actor=ada, now=now, user_id=cast.olu.id)

    session.refresh(cast.olu)
    assert session.scalars(select(UserSession.revoked_at)).all() == [now]
    assert cast.olu.password_expires_at == now + timedelta(hours=72)


def test_an_administrator_ends_the_sessions_of_anybody(session: Saver, cast: Cast, ada: Actor, now: datetime) -> None:
    make_session(session, cast.olu, "at home")
    make_session(session, cast.tess, "of somebody else")

    ended = people.end_sessions_of(actor=ada, now=now, user_id=cast.olu.id)

    assert ended == 1
    assert get_user(cast.tess.id, now=now).open_sessions == 1


def test_a_team_gets_its_people_in_three_roles(cast: Cast, ada: Actor, now: datetime) -> None:
    team_id = teams.add_team(actor=ada, now=now, name="  West   coast ")
    for name, role in (("otto", "member"), ("olu", "vsm"), ("tess", "coordinator")):
        teams.put_in_team(actor=ada, now=now, team_id=team_id, user_id=getattr(cast, name).id, role=role)

    found = get_team(team_id)

    assert found.name == "West coast"
    assert [(member.name, member.role) for member in found.members] == [
        ("Olu", "vsm"),
        ("Tess", "coordinator"),
        ("Otto", "member"),
    ]


@pytest.mark.parametrize("role", ["vsm", "coordinator"])
def test_a_team_has_one_of_each_leading_role(cast: Cast, ada: Actor, now: datetime, role: str) -> None:
    with pytest.raises(OperationRefused) as refused:
        teams.put_in_team(actor=ada, now=now, team_id=cast.team.id, user_id=cast.olu.id, role=role)

    assert reasons_of(refused.value) == {"role"}


def test_a_role_in_a_team_can_change(cast: Cast, ada: Actor, now: datetime) -> None:
    teams.put_in_team(actor=ada, now=now, team_id=cast.team.id, user_id=cast.vik.id, role="member")

    teams.put_in_team(actor=ada, now=now, team_id=cast.team.id, user_id=cast.olu.id, role="vsm")

    assert {member.name: member.role for member in get_team(cast.team.id).members} == {
        "Olu": "vsm",
        "Tess": "coordinator",
        "Vik": "member",
    }


def test_a_disabled_user_joins_no_team(session: Saver, cast: Cast, ada: Actor, now: datetime) -> None:
    gone = make_user(session, disabled_at=now)

    with pytest.raises(OperationRefused) as refused:
        teams.put_in_team(actor=ada, now=now, team_id=cast.team.id, user_id=gone.id, role="member")

    assert reasons_of(refused.value) == {"user_id"}


def test_who_leaves_a_team_is_no_more_in_it(cast: Cast, ada: Actor, now: datetime) -> None:
    teams.remove_from_team(actor=ada, now=now, team_id=cast.team.id, user_id=cast.olu.id)

    assert "Olu" not in [member.name for member in get_team(cast.team.id).members]
    with pytest.raises(NotFound):
        teams.remove_from_team(actor=ada, now=now, team_id=cast.team.id, user_id=cast.olu.id)


@pytest.mark.parametrize("name", ["", " ", "South", "n" * 121, "a\0b"])
def test_a_team_needs_a_name_of_its_own(cast: Cast, ada: Actor, now: datetime, name: str) -> None:
    with pytest.raises(OperationRefused) as refused:
        teams.rename_team(actor=ada, now=now, team_id=cast.team.id, name=name)

    assert reasons_of(refused.value) == {"name"}


def test_a_stale_name_of_a_team_is_refused(cast: Cast, ada: Actor, now: datetime) -> None:
    with pytest.raises(StaleVersion):
        teams.rename_team(actor=ada, now=now, team_id=cast.team.id, name="West", version=cast.team.version - 1)


ACTS: dict[str, Callable[[Actor, datetime, Cast], object]] = {
    "add_user": lambda who, now, _: add(who, now),
    "edit_user": lambda who, now, cast: people.edit_user(
        actor=who, now=now, user_id=cast.olu.id, name="O", role="admin"
    ),
    "reset_password": lambda who, now, cast: people.reset_password(actor=who, now=now, user_id=cast.olu.id),
    "disable_user": lambda who, now, cast: people.disable_user(actor=who, now=now, user_id=cast.olu.id),
    "enable_user": lambda who, now, cast: people.enable_user(actor=who, now=now, user_id=cast.olu.id),
    "end_sessions_of": lambda who, now, cast: people.end_sessions_of(actor=who, now=now, user_id=cast.olu.id),
    "add_team": lambda who, now, _: teams.add_team(actor=who, now=now, name="West"),
    "rename_team": lambda who, now, cast: teams.rename_team(actor=who, now=now, team_id=cast.team.id, name="West"),
    "put_in_team": lambda who, now, cast: teams.put_in_team(
        actor=who, now=now, team_id=cast.team.id, user_id=cast.otto.id, role="member"
    ),
    "remove_from_team": lambda who, now, cast: teams.remove_from_team(
        actor=who, now=now, team_id=cast.team.id, user_id=cast.olu.id
    ),
}


@pytest.mark.parametrize("act", ACTS)
@ON_ONE_DATABASE
def test_only_an_administrator_manages_people(session: Saver, cast: Cast, now: datetime, act: str) -> None:
    for name in ("olu", "tess", "vik", "otto", "ed"):
        with pytest.raises(Forbidden):
            ACTS[act](cast.actor(name), now, cast)

    assert session.scalars(select(AuditEvent)).all() == []
    ACTS[act](cast.actor("ada"), now, cast)


@pytest.mark.parametrize("act", ["edit_user", "reset_password", "disable_user", "enable_user", "end_sessions_of"])
def test_who_is_not_there_is_not_found(ada: Actor, now: datetime, act: str) -> None:
    more = {"name": "Nobody", "role": "member"} if act == "edit_user" else {}

    with pytest.raises(NotFound):
        getattr(people, act)(actor=ada, now=now, user_id=9_999, **more)


def test_what_is_done_to_a_user_is_one_chain(session: Saver, cast: Cast, ada: Actor, now: datetime) -> None:
    added = add(ada, now)
    people.edit_user(actor=ada, now=now, user_id=added.user_id, name="Noor B.", role="executive")
    people.disable_user(actor=ada, now=now, user_id=added.user_id)

    chain = session.scalars(select(AuditEvent).order_by(AuditEvent.seq)).all()

    assert [event.kind for event in chain] == ["user_added", "user_edited", "user_disabled"]
    assert {event.subject for event in chain} == {f"user:{added.user_id}"}
    assert chain[1].changes == {"name": ["Noor", "Noor B."], "role": ["member", "executive"]}
    assert chain[1].actor == "ada@example.com"
    assert broken_links(map(chain_row, chain)) == []


def test_no_audit_event_holds_a_password(session: Saver, ada: Actor, now: datetime) -> None:
    added = add(ada, now, password=None)
    reset = people.reset_password(actor=ada, now=now, user_id=added.user_id)

    written = repr([(event.changes, event.note) for event in session.scalars(select(AuditEvent))])

    assert str(added.one_time_password) not in written
    assert reset not in written


def test_a_list_of_users_costs_three_statements_whatever_its_length(
    session: Saver, cast: Cast, now: datetime, counted: Any
) -> None:
    make_team_member(session, cast.other_team, make_user(session))

    with counted() as statements:
        users = list_users(now=now)

    assert len(users) == 7
    assert len(statements) == 3


def test_users_are_listed_page_by_page_and_found_by_name_or_email(cast: Cast, now: datetime) -> None:
    first = list_users(now=now, limit=2)
    second = list_users(now=now, limit=2, after=first[-1].email)

    assert [user.name for user in [*first, *second]] == ["Ada", "Ed", "Olu", "Otto"]
    assert [user.name for user in list_users(now=now, matching="TESS")] == ["Tess"]
    assert list_users(now=now, matching="%") == []


def test_teams_are_listed_by_two_statements(cast: Cast, counted: Any) -> None:
    with counted() as statements:
        found = list_teams()

    assert [(team.name, len(team.members)) for team in found] == [("North", 3), ("South", 1)]
    assert len(statements) == 2


def chain_row(event: AuditEvent) -> ChainRow:
    hashes = {"hash", "previous_hash"}
    columns = [column.key for column in AuditEvent.__table__.columns if column.key not in hashes]
    payload = {name: getattr(event, name) for name in columns}
    return ChainRow(event.seq, event.previous_hash, event.hash, payload)
