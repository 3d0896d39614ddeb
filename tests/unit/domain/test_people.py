"""Claims about who may do what, about passwords, and about the roles of a team."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.people import (
    ROLES,
    TEAM_ROLES,
    Action,
    Actor,
    may,
    password_reasons,
    team_role_reasons,
    visible_teams,
)

NORTH, SOUTH = 1, 2


def user(user_id: int, name: str, role: str, **teams: str) -> Actor:
    ids = {"north": NORTH, "south": SOUTH}
    return Actor("user", user_id, name, f"{name.lower()}@example.com", role, {ids[t]: r for t, r in teams.items()})


OLU = user(1, "Olu", "member", north="member")
TESS = user(2, "Tess", "member", north="coordinator")
VIK = user(3, "Vik", "member", north="vsm")
ED = user(4, "Ed", "executive")
ADA = user(5, "Ada", "admin")
OTTO = user(6, "Otto", "member", south="member")
NIGHT = Actor.system("stale-sweep")
SHELL = Actor.operator("cli")

ON_THE_TEAM = {Action.SEE, Action.WORK, Action.EDIT_RECORD}
MARA = Actor.customer("Mara", "mara@customer.example")
ALL_BUT_PERSONS_WORDS = set(Action) - {Action.SIGN_OFF, Action.ANSWER, Action.DECIDE}


@pytest.mark.parametrize(
    ("actor", "allowed"),
    [
        pytest.param(OLU, ON_THE_TEAM | {Action.SIGN_OFF}, id="Olu, member of the team"),
        pytest.param(TESS, ON_THE_TEAM | {Action.SIGN_OFF}, id="Tess, coordinator"),
        pytest.param(VIK, ON_THE_TEAM | {Action.EXCEPT}, id="Vik, value stream manager"),
        pytest.param(ED, {Action.SEE, Action.SEE_ALL, Action.DECIDE}, id="Ed, executive"),
        pytest.param(
            ADA,
            {Action.SEE, Action.SEE_ALL, Action.EDIT_RECORD, Action.IMPORT, Action.ADMINISTER},
            id="Ada, admin",
        ),
        pytest.param(OTTO, set(), id="Otto, outsider"),
        pytest.param(NIGHT, ALL_BUT_PERSONS_WORDS, id="the night"),
        pytest.param(MARA, {Action.ANSWER}, id="Mara, a customer with a page of her own"),
        pytest.param(SHELL, ALL_BUT_PERSONS_WORDS, id="the operator"),
    ],
)
def test_on_an_account_of_the_team_each_of_the_cast_may_do_exactly_this(actor: Actor, allowed: set[Action]) -> None:
    assert {action for action in Action if may(actor, action, NORTH)} == allowed


@pytest.mark.parametrize("actor", [OLU, TESS, VIK])
def test_a_team_role_gives_nothing_on_another_teams_accounts(actor: Actor) -> None:
    assert not any(may(actor, action, SOUTH) for action in Action)


@pytest.mark.parametrize("actor", [OLU, TESS, VIK, OTTO])
def test_an_account_without_a_team_is_closed_to_members(actor: Actor) -> None:
    assert not any(may(actor, action, None) for action in Action)


def test_an_executive_on_a_team_acts_as_that_role_there_and_only_there() -> None:
    ed = user(4, "Ed", "executive", north="vsm")

    assert may(ed, Action.EXCEPT, NORTH)
    assert not may(ed, Action.WORK, SOUTH)
    assert may(ed, Action.SEE, SOUTH)


def test_an_admin_signs_off_only_as_a_member_of_the_team() -> None:
    ada = user(5, "Ada", "admin", north="member")

    assert may(ada, Action.SIGN_OFF, NORTH)
    assert not may(ada, Action.SIGN_OFF, SOUTH)


@given(st.sampled_from(ROLES), st.dictionaries(st.integers(1, 3), st.sampled_from(TEAM_ROLES)), st.integers(1, 3))
def test_whoever_may_do_anything_to_an_account_may_see_it(role: str, teams: dict[int, str], team: int) -> None:
    actor = Actor("user", 1, "Olu", "olu@example.com", role, teams)
    on_the_account = {Action.WORK, Action.EDIT_RECORD, Action.SIGN_OFF, Action.EXCEPT}

    able = any(may(actor, action, team) for action in on_the_account)

    assert not able or may(actor, Action.SEE, team)


@given(st.sampled_from(ROLES), st.dictionaries(st.integers(1, 3), st.sampled_from(TEAM_ROLES)), st.integers(1, 3))
def test_the_visible_teams_are_those_whose_accounts_may_be_seen(role: str, teams: dict[int, str], team: int) -> None:
    actor = Actor("user", 1, "Olu", "olu@example.com", role, teams)

    visible = visible_teams(actor)

    assert (visible is None or team in visible) == may(actor, Action.SEE, team)


@pytest.mark.parametrize("actor", [ED, ADA, NIGHT, SHELL])
def test_those_who_see_all_are_bound_to_no_team(actor: Actor) -> None:
    assert visible_teams(actor) is None


def test_an_actor_can_be_a_key() -> None:
    assert {OLU: "owner"}[OLU] == "owner"


def reasons_for(password: str, email: str = "olu@example.com") -> list[str]:
    common = {"password", "sunshine", "1234567890", "qwertyuiop"}
    return password_reasons(password, email=email, is_common=common.__contains__)


@pytest.mark.parametrize(
    "password",
    [
        "ten chars.",
        "correct horse battery staple",
        "only lower case letters",
        "x7" * 64,
        "y8" * 128,
        "сложный пароль да",
    ],
)
def test_a_long_uncommon_password_is_good_without_kinds_of_characters(password: str) -> None:
    assert reasons_for(password) == []


@pytest.mark.parametrize(
    ("password", "said"),
    [
        pytest.param("nine char", "at least 10", id="nine characters"),
        pytest.param("z9" * 128 + "z", "at most 256", id="257 characters"),
        pytest.param("1234567890", "most common", id="common as it is"),
        pytest.param("Password1234", "most common", id="common but for capitals and digits"),
        pytest.param("sunshine!!!2026", "most common", id="common but for signs and digits"),
        pytest.param("my ChangeTrack key", "name of this product", id="the product's name"),
    ],
)
def test_a_weak_password_is_refused_with_its_reason(password: str, said: str) -> None:
    (reason,) = reasons_for(password)

    assert said in reason


def test_a_password_of_digits_alone_is_not_looked_up_as_nothing() -> None:
    assert password_reasons("8305716294", email="olu@example.com", is_common=lambda word: word == "") == []


def test_the_local_part_of_the_address_is_refused_from_four_letters() -> None:
    assert "e-mail name" in reasons_for("hello tess 99", email="Tess@example.com")[0]
    assert reasons_for("hello olu 99 x", email="olu@example.com") == []


def test_every_reason_is_given_at_once() -> None:
    assert len(reasons_for("password", email="pass@example.com")) == 3


def test_a_whole_team_with_one_of_each_is_good() -> None:
    assert team_role_reasons([(1, "member"), (2, "coordinator"), (3, "vsm"), (4, "member")]) == []


def test_the_coordinator_is_never_the_value_stream_manager() -> None:
    (reason,) = team_role_reasons([(2, "coordinator"), (2, "vsm")])

    assert "never the value stream manager" in reason


@pytest.mark.parametrize(("role", "said"), [("vsm", "value stream manager"), ("coordinator", "coordinator")])
def test_a_team_has_one_of_each_leading_role_at_most(role: str, said: str) -> None:
    (reason,) = team_role_reasons([(1, role), (2, role)])

    assert reason == f"A team has at most one {said}."


def test_an_unknown_team_role_is_named() -> None:
    assert team_role_reasons([(1, "boss")]) == ["There is no team role 'boss'."]
