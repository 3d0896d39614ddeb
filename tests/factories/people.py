"""Users, teams and sessions; and the cast that plays in every test."""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from argon2 import PasswordHasher

from changetrack.domain.people import Actor
from changetrack.models import SignInAttempt, Team, TeamMember, User, UserSession
from tests.clock import NOW
from tests.factories._saving import Saver, number, save

PASSWORD = "four quiet boats at noon"
_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)  # cheap: tests sign in often


@dataclass(frozen=True)
class Cast:
    """Olu owns the account, Tess coordinates, Vik leads, Ed looks on, Ada administers, Otto is an outsider."""

    team: Team
    other_team: Team
    olu: User
    tess: User
    vik: User
    ed: User
    ada: User
    otto: User

    def actor(self, name: str) -> Actor:
        """The person as one who acts: `cast.actor("olu")`."""
        return actor_of(getattr(self, name))


def make_user(session: Saver, **fields: Any) -> User:
    """A member of no team, who signs in with `PASSWORD`."""
    return save(session, _user(**fields))


def make_team(session: Saver, **fields: Any) -> Team:
    """A team with nobody in it."""
    return save(session, Team(**{"name": f"Team {number()}", "created_at": NOW, **fields}))


def make_team_member(session: Saver, team: Team, user: User, role: str = "member") -> TeamMember:
    """`user` in `team`, in one of the three team roles."""
    return save(session, TeamMember(team_id=team.id, user_id=user.id, role=role))


def make_session(session: Saver, user: User, token: str, **fields: Any) -> UserSession:
    """A browser in which `user` is signed in, named by the hash of `token`."""
    given = {"token_hash": sha256(token.encode()).hexdigest(), "user_id": user.id, "created_at": NOW}
    given |= {"last_seen_at": NOW, "expires_at": NOW + timedelta(days=7), "address": "192.0.2.1"}
    return save(session, UserSession(**{**given, "user_agent": "Test", **fields}))


def make_sign_in_attempt(session: Saver, **fields: Any) -> SignInAttempt:
    """A try that failed."""
    given = {"email": "olu@example.com", "address": "192.0.2.1", "at": NOW, "succeeded": False}
    return save(session, SignInAttempt(**{**given, **fields}))


def make_cast(session: Saver) -> Cast:
    """Two teams, six people; almost every test begins with them, so they are written at once."""
    north, south = (Team(name=name, created_at=NOW) for name in ("North", "South"))
    roles = {"ed": "executive", "ada": "admin"}
    people = {
        name: _user(email=f"{name}@example.com", name=name.capitalize(), role=roles.get(name, "member"))
        for name in ("olu", "tess", "vik", "otto", "ed", "ada")
    }
    session.add_all([north, south, *people.values()])
    session.flush()
    members = (
        ("olu", north, "member"),
        ("tess", north, "coordinator"),
        ("vik", north, "vsm"),
        ("otto", south, "member"),
    )
    session.add_all(TeamMember(team_id=team.id, user_id=people[name].id, role=role) for name, team, role in members)
    session.commit()
    return Cast(team=north, other_team=south, **people)


def actor_of(user: User) -> Actor:
    """`user` as the one who acts, with the team roles held now."""
    teams = {membership.team_id: membership.role for membership in user.memberships}
    return Actor("user", user.id, user.name, user.email, user.role, teams)


def _user(**fields: Any) -> User:
    n = number()
    given = {"email": f"person{n}@example.com", "name": f"Person {n}", "role": "member", "password_hash": _HASH}
    return User(**{**given, "created_at": NOW, **fields})
