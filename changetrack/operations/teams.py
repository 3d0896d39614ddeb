"""What is done about engagement teams: adding, renaming, and who is in them with which of the three roles."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.history import field_diff
from changetrack.domain.people import Action, Actor, may, team_role_reasons
from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused, Reason, StaleVersion, refuse_if
from changetrack.models import Account, Team, TeamMember, User
from changetrack.operations._audit import record_audit
from changetrack.operations._hands import hands_change
from changetrack.operations._leaving import withdraw_lists
from changetrack.operations._transaction import transaction

NAME_MAX = 120


def add_team(*, actor: Actor, now: datetime, name: str) -> int:
    """Add a team without members and return its id.

    Raises Forbidden, and OperationRefused for an empty name or one that another team has.
    """
    _require_administrator(actor)
    name = " ".join(name.split())
    refuse_if(_name_reasons(name))
    with transaction() as session:
        _refuse_taken_name(session, name, but=None)
        team = Team(name=name, created_at=now, version=1)
        session.add(team)
        session.flush()
        _record(session, team, "team_added", actor=actor, now=now, changes=field_diff({}, {"name": name}))
        return team.id


def rename_team(*, actor: Actor, now: datetime, team_id: int, name: str, version: int | None = None) -> None:
    """Give a team another name; `version` is the one that was shown, None does not ask.

    Raises Forbidden, NotFound, StaleVersion, and OperationRefused for an empty or taken name.
    """
    _require_administrator(actor)
    name = " ".join(name.split())
    refuse_if(_name_reasons(name))
    with transaction() as session:
        team = _lock_team(session, team_id)
        if version is not None and version != team.version:
            raise StaleVersion(current={"name": team.name, "version": team.version}, typed={"name": name})
        _refuse_taken_name(session, name, but=team_id)
        if changes := field_diff({"name": team.name}, {"name": name}):
            team.name, team.version = name, team.version + 1
            _record(session, team, "team_renamed", actor=actor, now=now, changes=changes)


def put_in_team(*, actor: Actor, now: datetime, team_id: int, user_id: int, role: str) -> None:
    """Make a user a member of a team in `role`, or change the role they have in it.

    It counts from their next request. Raises Forbidden, NotFound, and OperationRefused for an unknown role, a
    second value stream manager or coordinator, and a disabled user. Source of the roles: DOMAIN section 2.
    """
    _require_administrator(actor)
    with transaction() as session:
        team = _lock_team(session, team_id)
        user = _user(session, user_id)
        roles = _roles_in(session, team_id)
        reasons = [Reason("role", text) for text in team_role_reasons([*{**roles, user_id: role}.items()])]
        if user.disabled_at is not None:
            reasons.append(Reason("user_id", f"{user.name} is disabled and cannot join a team."))
        refuse_if(reasons)
        with hands_change(session, Account.team_id == team_id, now):
            session.merge(TeamMember(team_id=team_id, user_id=user_id, role=role))
        changes = field_diff({user.email: roles.get(user_id)}, {user.email: role})
        _record(session, team, "team_member_put", actor=actor, now=now, changes=changes)


def remove_from_team(*, actor: Actor, now: datetime, team_id: int, user_id: int) -> None:
    """Take a user out of a team: from their next request its accounts are closed to them.

    Raises Forbidden, and NotFound when there is no such team or the user is not in it.
    """
    _require_administrator(actor)
    with transaction() as session:
        team = _lock_team(session, team_id)
        member = session.get(TeamMember, (team_id, user_id))
        if member is None:
            raise NotFound("This user is not in that team.")
        user = _user(session, user_id)
        changes = field_diff({user.email: member.role}, {})
        with hands_change(session, Account.team_id == team_id, now):
            session.delete(member)
        withdraw_lists(session, user, now)
        _record(session, team, "team_member_removed", actor=actor, now=now, changes=changes)


def _require_administrator(actor: Actor) -> None:
    if not may(actor, Action.ADMINISTER):
        raise Forbidden("Only an administrator manages people and teams.")


def _lock_team(session: scoped_session[Session], team_id: int) -> Team:
    team = session.get(Team, team_id, with_for_update=True)
    if team is None:
        raise NotFound("There is no such team.")
    return team


def _user(session: scoped_session[Session], user_id: int) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise NotFound("There is no such user.")
    return user


def _roles_in(session: scoped_session[Session], team_id: int) -> dict[int, str]:
    rows = session.execute(select(TeamMember.user_id, TeamMember.role).where(TeamMember.team_id == team_id))
    return {row.user_id: row.role for row in rows}


def _refuse_taken_name(session: scoped_session[Session], name: str, *, but: int | None) -> None:
    found = session.scalars(select(Team.id).where(Team.name == name)).first()
    if found is not None and found != but:
        raise OperationRefused([("name", f"There is already a team {name}.")])


def _record(
    session: scoped_session[Session],
    team: Team,
    kind: str,
    *,
    actor: Actor,
    now: datetime,
    changes: dict[str, list[object]],
) -> None:
    record_audit(session, subject=f"team:{team.id}", kind=kind, actor=actor, now=now, changes=changes)


def _name_reasons(name: str) -> list[Reason]:
    if not name:
        return [Reason("name", "Give the team a name.")]
    if len(name) > NAME_MAX or not name.isprintable():
        return [Reason("name", f"A name has at most {NAME_MAX} printable characters.")]
    return []
