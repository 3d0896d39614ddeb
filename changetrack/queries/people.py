"""Reads about people: who asks, users, teams and their members, the sessions of one user."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Row, and_, func, or_, select

from changetrack.domain.names import searched_keys
from changetrack.domain.people import Actor
from changetrack.domain.refusal import NotFound
from changetrack.models import Team, TeamMember, User, UserSession, db, folded
from changetrack.queries.named import holds_any

PAGE = 100


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The person behind a session token; `needs_password` while all they have is a one-time password."""

    actor: Actor
    last_seen_at: datetime
    needs_password: bool


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user as listed; `teams` holds (team id, team name, team role) by team name."""

    id: int
    email: str
    name: str
    role: str
    version: int
    disabled_at: datetime | None
    last_seen_at: datetime | None = None
    open_sessions: int = 0
    teams: tuple[tuple[int, str, str], ...] = ()

    @property
    def is_disabled(self) -> bool:
        """Whether they cannot sign in."""
        return self.disabled_at is not None


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a team, in one of the three roles."""

    user_id: int
    name: str
    email: str
    role: str
    is_disabled: bool


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team as listed, with its members: value stream manager, coordinator, then members by name."""

    id: int
    name: str
    version: int
    members: tuple[Member, ...] = field(default=())

    def in_role(self, role: str) -> tuple[Member, ...]:
        """The members who have this team role."""
        return tuple(member for member in self.members if member.role == role)


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One of a person's signed-in browsers; `key` names it where its token must not be seen."""

    key: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    address: str
    user_agent: str
    is_current: bool


def session_hash(token: str) -> str:
    """Return the name of the session row of a browser's token (64 hex digits)."""
    return hashlib.sha256(token.encode()).hexdigest()


def find_signed_in(token_hash: str, *, now: datetime, idle: timedelta) -> SignedIn | None:
    """Return who is behind a session, by one statement; None when it ended or its user is disabled.

    `idle` is how long a session lives without a request.
    """
    rows = db.session.execute(
        select(User, UserSession.last_seen_at, TeamMember.team_id, TeamMember.role)
        .select_from(UserSession)
        .join(User, User.id == UserSession.user_id)
        .outerjoin(TeamMember, TeamMember.user_id == User.id)
        .where(UserSession.token_hash == token_hash, _is_open(now, idle), User.disabled_at.is_(None))
    ).all()
    if not rows:
        return None
    user = rows[0].User
    teams = {row.team_id: row.role for row in rows if row.team_id is not None}
    actor = Actor("user", user.id, user.name, email=user.email, role=user.role, teams=teams)
    return SignedIn(actor, rows[0].last_seen_at, needs_password=user.password_expires_at is not None)


def list_sessions(*, actor: Actor, token_hash: str, now: datetime, idle: timedelta) -> list[SessionRow]:
    """Return the actor's own open sessions, the one of `token_hash` first, then the last used."""
    mine = select(UserSession).where(UserSession.user_id == actor.user_id, _is_open(now, idle))
    rows = [
        SessionRow(
            key=row.token_hash[:16],
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            expires_at=min(row.expires_at, row.last_seen_at + idle),
            address=row.address,
            user_agent=row.user_agent,
            is_current=row.token_hash == token_hash,
        )
        for row in db.session.scalars(mine.order_by(UserSession.last_seen_at.desc()))
    ]
    return sorted(rows, key=lambda row: not row.is_current)


def list_users(*, now: datetime, after: str = "", matching: str = "", limit: int = PAGE) -> list[UserRow]:
    """Return up to `limit` users by e-mail, those after the e-mail `after`, by three statements.

    `matching` is text in the e-mail or the name.
    """
    chosen = select(User).where(User.email > after)
    if matching:
        keys = searched_keys(matching)
        chosen = chosen.where(or_(holds_any(User.email, keys), holds_any(folded(User.name), keys)))
    return _rows_of(db.session.scalars(chosen.order_by(User.email).limit(limit)).all(), now)


def get_user(user_id: int, *, now: datetime) -> UserRow:
    """Return one user. Raises NotFound."""
    found = db.session.scalars(select(User).where(User.id == user_id)).all()
    if not found:
        raise NotFound("There is no such user.")
    return _rows_of(found, now)[0]


def find_user_id(email: str) -> int | None:
    """Return the id of the user with this e-mail, in any case of letters."""
    return db.session.scalars(select(User.id).where(User.email == email.strip().lower())).first()


def list_user_choices() -> list[tuple[int, str]]:
    """Return (id, "name (e-mail)") of all users who may sign in, by name."""
    enabled = select(User.id, User.name, User.email).where(User.disabled_at.is_(None))
    return [(row.id, f"{row.name} ({row.email})") for row in db.session.execute(enabled.order_by(User.name, User.id))]


def list_teams() -> list[TeamRow]:
    """Return all teams by name with their members, by two statements."""
    teams = db.session.execute(select(Team.id, Team.name, Team.version).order_by(Team.name)).all()
    members = _members_of([team.id for team in teams])
    return [TeamRow(team.id, team.name, team.version, members.get(team.id, ())) for team in teams]


def get_team(team_id: int) -> TeamRow:
    """Return one team with its members. Raises NotFound."""
    team = db.session.execute(select(Team.id, Team.name, Team.version).where(Team.id == team_id)).first()
    if team is None:
        raise NotFound("There is no such team.")
    return TeamRow(team.id, team.name, team.version, _members_of([team_id]).get(team_id, ()))


def find_team_id(name: str) -> int | None:
    """Return the id of the team with this name."""
    return db.session.scalars(select(Team.id).where(Team.name == name.strip())).first()


def _is_open(now: datetime, idle: timedelta) -> ColumnElement[bool]:
    is_in_use = and_(UserSession.expires_at > now, UserSession.last_seen_at > now - idle)
    return and_(UserSession.revoked_at.is_(None), is_in_use)


def _rows_of(users: Sequence[User], now: datetime) -> list[UserRow]:
    ids = [user.id for user in users]
    teams: dict[int, list[tuple[int, str, str]]] = {}
    for row in _teams_of(ids):
        teams.setdefault(row.user_id, []).append((row.id, row.name, row.role))
    sessions = {row.user_id: row for row in _sessions_of(ids, now)}
    return [
        UserRow(
            id=user.id,
            email=user.email,
            name=user.name,
            role=user.role,
            version=user.version,
            disabled_at=user.disabled_at,
            last_seen_at=sessions[user.id].seen if user.id in sessions else None,
            open_sessions=sessions[user.id].open if user.id in sessions else 0,
            teams=tuple(teams.get(user.id, ())),
        )
        for user in users
    ]


def _teams_of(user_ids: list[int]) -> Sequence[Row[int, int, str, str]]:
    mine = select(TeamMember.user_id, Team.id, Team.name, TeamMember.role).join(Team)
    return db.session.execute(mine.where(TeamMember.user_id.in_(user_ids)).order_by(Team.name)).all()


def _sessions_of(user_ids: list[int], now: datetime) -> Sequence[Row[int, datetime, int]]:
    is_open = and_(UserSession.revoked_at.is_(None), UserSession.expires_at > now)
    return db.session.execute(
        select(
            UserSession.user_id,
            func.max(UserSession.last_seen_at).label("seen"),
            func.count().filter(is_open).label("open"),
        )
        .where(UserSession.user_id.in_(user_ids))
        .group_by(UserSession.user_id)
    ).all()


def _members_of(team_ids: list[int]) -> dict[int, tuple[Member, ...]]:
    rows = db.session.execute(
        select(TeamMember.team_id, TeamMember.role, User.id, User.name, User.email, User.disabled_at)
        .join(User, User.id == TeamMember.user_id)
        .where(TeamMember.team_id.in_(team_ids))
        .order_by(User.name, User.id)
    ).all()
    found: dict[int, list[Member]] = {}
    for row in sorted(rows, key=lambda row: ("vsm", "coordinator", "member").index(row.role)):
        member = Member(row.id, row.name, row.email, row.role, row.disabled_at is not None)
        found.setdefault(row.team_id, []).append(member)
    return {team_id: tuple(members) for team_id, members in found.items()}
