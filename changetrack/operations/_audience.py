"""Whom messages are for: the people of teams, the executives, and what each of them chose to hear."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.ladder import COORDINATOR, TOP, VSM
from changetrack.domain.message_choices import DEFAULT_QUIET_DAYS, channels_for, deliver_at
from changetrack.models import MessageSettings, Team, TeamMember, User

_DIGEST_HOUR = 8
_PERSON: tuple[Any, ...] = (
    User.id, User.name, User.role, MessageSettings.timezone, MessageSettings.digest_hour, MessageSettings.quiet_days,
    MessageSettings.choices, MessageSettings.email_failed_at,
)  # fmt: skip
SEE_ALL = ("admin", "executive")
_IN_ROLE = {COORDINATOR: "coordinator", VSM: "vsm", TOP: "vsm"}
_TOLD_FIRST = {"coordinator": 1, "vsm": 2}


@dataclass(frozen=True, slots=True)
class Reach:
    """How far messages reach: the channels that the house can send by, and its time zone."""

    channels: frozenset[str] = frozenset({"in_app"})
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class Listener:
    """Somebody who can sign in, and what they chose: kind of message -> channels, and their quiet days."""

    id: int
    name: str
    timezone: str | None = None
    digest_hour: int = _DIGEST_HOUR
    quiet_days: str = DEFAULT_QUIET_DAYS
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    has_mail: bool = True  # until a mail server refuses their address for good

    def channels(self, kind: str, reach: Reach) -> tuple[str, ...]:
        """By which channels they hear a kind of message."""
        chosen = channels_for(kind, self.choices, reach.channels)
        return chosen if self.has_mail else tuple(channel for channel in chosen if channel != "email")

    def due_at(self, channel: str, now: datetime, reach: Reach) -> datetime:
        """When a message that is written now may reach them: inside the application always at once."""
        if channel == "in_app":
            return now
        zone = ZoneInfo(self.timezone) if self.timezone else reach.zone
        return _due_at(now, zone, self.quiet_days, self.digest_hour)


class Audience:
    """People as they are looked for in one operation or one page of the night; each team is read once."""

    def __init__(self, session: scoped_session[Session], reach: Reach | None = None) -> None:
        self._session = session
        self.reach = reach or Reach()
        self._people: dict[int, Listener | None] = {}
        self._teams: dict[int, dict[int, str]] = {}
        self._team_names: dict[int, str] = {}
        self._executives: list[Listener] | None = None
        self._overseers: list[Listener] | None = None

    def learn_teams(self, team_ids: Collection[int]) -> None:
        """Read the people of these teams who can sign in, by one statement; those known already are left out."""
        wanted = set(team_ids).difference(self._teams)
        if not wanted:
            return
        self._teams.update({team_id: {} for team_id in wanted})
        for row in self._session.connection().execute(_OF_TEAMS, {"wanted": sorted(wanted)}):
            self._people[row.id] = _listener(row)
            self._teams[row.team_id][row.id] = row[-1]

    def of_team(self, team_id: int | None) -> Mapping[int, str]:
        """The people of a team who can sign in, with their team roles, in order of their number."""
        if team_id is None:
            return {}
        self.learn_teams([team_id])
        return self._teams[team_id]

    def team_name(self, team_id: int | None) -> str | None:
        """The name of a team."""
        if team_id is not None and team_id not in self._team_names:
            self._team_names = {row.id: row.name for row in self._session.execute(select(Team.id, Team.name))}
        return None if team_id is None else self._team_names.get(team_id)

    def person(self, user_id: int | None) -> Listener | None:
        """Somebody who can sign in, None for who cannot."""
        if user_id is not None and user_id not in self._people:
            self.learn_people([user_id])
        return None if user_id is None else self._people[user_id]

    def learn_people(self, user_ids: Iterable[int]) -> None:
        """Read these people, by one statement; those known already are left out."""
        wanted = set(user_ids).difference(self._people)
        if wanted:
            self._people.update(dict.fromkeys(wanted))
            rows = self._session.execute(_people().where(User.id.in_(wanted)))
            self._people.update({row.id: _listener(row) for row in rows})

    def executives(self) -> list[Listener]:
        """Every executive who can sign in, in order of their number."""
        if self._executives is None:
            rows = self._session.execute(_people().where(User.role == "executive").order_by(User.id))
            self._executives = [_listener(row) for row in rows]
        return self._executives

    def overseer(self, user_id: int | None) -> Listener | None:
        """Who is told of an account that no team has: this person if they see all accounts, else an administrator."""
        if self._overseers is None:
            rows = self._session.execute(_people().where(User.role.in_(SEE_ALL)).order_by(User.role, User.id))
            self._overseers = [_listener(row) for row in rows]  # “admin” comes first
        return next((one for one in self._overseers if one.id == user_id), next(iter(self._overseers), None))

    def on_rung(self, team_id: int | None, owner_id: int | None, rung: int) -> list[Listener]:
        """Who is told on a rung of the ladder; where a role is vacant, who else leads the team."""
        if rung == TOP and (executives := self.executives()):
            return executives
        one = self.in_role(team_id, owner_id, _IN_ROLE.get(rung))
        return [] if one is None else [one]

    def first_to_tell(self, team_id: int | None, owner_id: int | None) -> Listener | None:
        """An account's owner; if they cannot sign in or are not in the team its coordinator, else its VSM, or anybody.

        Where the team has nobody who can sign in, or there is none, who oversees all teams. None without such people.
        """
        return self.in_role(team_id, owner_id, None)

    def in_role(self, team_id: int | None, owner_id: int | None, role: str | None) -> Listener | None:
        """Who of a team is told in that role; the others in their order where it is vacant."""
        team = self.of_team(team_id)
        if not team:
            return self.overseer(owner_id)
        first = {user_id: -1 for user_id, held in team.items() if role is not None and held == role}
        order = {user_id: _TOLD_FIRST.get(held, 3) for user_id, held in team.items()} | first
        if owner_id in team and role is None:
            return self.person(owner_id)
        return self.person(min(order, key=lambda user_id: (order[user_id], user_id)))


def _people(*more: Any) -> Select[Any]:
    settings = MessageSettings.user_id == User.id
    return select(*_PERSON, *more).outerjoin(MessageSettings, settings).where(User.disabled_at.is_(None))


_OF_TEAMS = (
    _people(TeamMember.team_id, TeamMember.role)
    .join(TeamMember, TeamMember.user_id == User.id)
    .where(TeamMember.team_id.in_(bindparam("wanted", expanding=True)))
    .order_by(User.id)
)


def _listener(row: Any) -> Listener:
    if row.quiet_days is None:  # they never chose
        return Listener(row.id, row.name)
    choices = {kind: tuple(channels) for kind, channels in row.choices.items()}
    has_mail = row.email_failed_at is None
    return Listener(row.id, row.name, row.timezone, row.digest_hour, row.quiet_days, choices, has_mail)


@lru_cache(maxsize=256)
def _due_at(now: datetime, zone: tzinfo, quiet_days: str, digest_hour: int) -> datetime:
    return deliver_at(now, zone=zone, quiet_days=quiet_days, digest_hour=digest_hour)
