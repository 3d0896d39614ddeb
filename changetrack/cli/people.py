"""Commands about people and teams, for whoever has the shell."""

import sys

import click

from changetrack.cli._face import clock, emit, json_option
from changetrack.domain.people import ROLES, TEAM_ROLES, Actor
from changetrack.domain.refusal import NotFound
from changetrack.operations import people as people_operations
from changetrack.operations import teams as team_operations
from changetrack.queries.people import PAGE, UserRow, find_team_id, find_user_id, list_teams, list_users

OPERATOR = Actor.operator("cli")


@click.group("user")
def user_group() -> None:
    """The people who sign in."""


@user_group.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), default="member", show_default=True)
@click.option("--name", help="Their name; the part of the e-mail before @ if left out.")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
@json_option
def add_user(email: str, role: str, name: str | None, password_stdin: bool, as_json: bool) -> None:
    """Add somebody; without --password-stdin a one-time password is printed."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    added = people_operations.add_user(
        actor=OPERATOR,
        now=clock().now(),
        email=email,
        name=name or email.partition("@")[0].replace(".", " ").title(),
        role=role,
        password=password,
    )
    if as_json:
        emit(added)
        return
    click.echo(f"{email} is added as {role}.")
    if added.one_time_password:
        click.echo(f"One-time password, for 72 hours: {added.one_time_password}")


@user_group.command("list")
@json_option
def list_all(as_json: bool) -> None:
    """List everybody, by e-mail."""
    users = _all_users()
    if as_json:
        emit(users)
        return
    for user in users:
        teams = ", ".join(f"{name} ({role})" for _, name, role in user.teams)
        click.echo("\t".join((user.email, user.name, user.role, "disabled" if user.is_disabled else "", teams)))


@user_group.command("disable")
@click.argument("email")
def disable_user(email: str) -> None:
    """Let somebody in no more and end their sessions."""
    people_operations.disable_user(actor=OPERATOR, now=clock().now(), user_id=_user_id(email))
    click.echo(f"{email} is disabled.")


@user_group.command("enable")
@click.argument("email")
def enable_user(email: str) -> None:
    """Let a disabled user in again."""
    people_operations.enable_user(actor=OPERATOR, now=clock().now(), user_id=_user_id(email))
    click.echo(f"{email} is enabled.")


@user_group.command("reset-password")
@click.argument("email")
def reset_password(email: str) -> None:
    """Replace somebody's password by a one-time password, end their sessions, and print it."""
    password = people_operations.reset_password(actor=OPERATOR, now=clock().now(), user_id=_user_id(email))
    click.echo(f"One-time password, for 72 hours: {password}")


@click.group("team")
def team_group() -> None:
    """The engagement teams."""


@team_group.command("add")
@click.argument("name")
@json_option
def add_team(name: str, as_json: bool) -> None:
    """Add a team."""
    team_id = team_operations.add_team(actor=OPERATOR, now=clock().now(), name=name)
    if as_json:
        emit({"team_id": team_id})
        return
    click.echo(f"{name} is added.")


@team_group.command("join")
@click.argument("team")
@click.argument("email")
@click.option("--role", type=click.Choice(TEAM_ROLES), default="member", show_default=True)
def join_team(team: str, email: str, role: str) -> None:
    """Put somebody in a team, or change the role they have in it."""
    team_operations.put_in_team(
        actor=OPERATOR, now=clock().now(), team_id=_team_id(team), user_id=_user_id(email), role=role
    )
    click.echo(f"{email} is {role} of {team}.")


@team_group.command("leave")
@click.argument("team")
@click.argument("email")
def leave_team(team: str, email: str) -> None:
    """Take somebody out of a team."""
    team_operations.remove_from_team(actor=OPERATOR, now=clock().now(), team_id=_team_id(team), user_id=_user_id(email))
    click.echo(f"{email} is out of {team}.")


@team_group.command("list")
@json_option
def list_all_teams(as_json: bool) -> None:
    """List all teams with their people."""
    teams = list_teams()
    if as_json:
        emit(teams)
        return
    for team in teams:
        click.echo(team.name)
        for member in team.members:
            click.echo(f"  {member.role}\t{member.email}\t{member.name}")


def _all_users() -> list[UserRow]:
    users: list[UserRow] = []
    while True:
        more = list_users(now=clock().now(), after=users[-1].email if users else "")
        users += more
        if len(more) < PAGE:
            return users


def _user_id(email: str) -> int:
    found = find_user_id(email)
    if found is None:
        raise NotFound(f"There is no user {email}.")
    return found


def _team_id(name: str) -> int:
    found = find_team_id(name)
    if found is None:
        raise NotFound(f"There is no team {name}.")
    return found


COMMANDS: tuple[click.Command, ...] = (user_group, team_group)
