"""What there is to choose from when accounts are filtered, edited or handed over: values, teams, people."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, literal, select, union

from changetrack.domain.filters import CARRIED_FIELDS
from changetrack.domain.people import Actor, visible_teams
from changetrack.models import Account, FunnelCell, Team, TeamMember, User, db

VALUES_AT_MOST = 200  # of one field, and people: a longer menu helps nobody
_LOOKED_AT = 1_000  # accounts of a team whose values are offered
_FIELDS = tuple(field for field in CARRIED_FIELDS if field != "team")


@dataclass(frozen=True, slots=True)
class Choices:
    """The values in use of each carried field, and (id, name) of the teams and people that the actor sees.

    `has_more_people`: there are more of them than a menu holds, so that somebody may have to be typed.
    """

    values: Mapping[str, tuple[str, ...]]
    teams: tuple[tuple[int, str], ...]
    people: tuple[tuple[int, str], ...]
    has_more_people: bool = False

    def name_of(self, field: str, value: str) -> str:
        """A filter's value as people read it."""
        pairs = {"team": self.teams, "owner": self.people}.get(field, ())
        return next((name for key, name in pairs if str(key) == value), value)


def get_choices(*, actor: Actor) -> Choices:
    """Return what the actor may choose from, by three statements."""
    seen = visible_teams(actor)
    teams = select(Team.id, Team.name).order_by(Team.name)
    people = select(User.id, User.name).where(User.disabled_at.is_(None)).order_by(User.name, User.id)
    if seen is not None:
        teams = teams.where(Team.id.in_(seen))
        mates = select(TeamMember.user_id).where(TeamMember.team_id.in_(seen))
        people = people.where(User.id.in_(mates))
    found = db.session.execute(people.limit(VALUES_AT_MOST + 1)).all()
    return Choices(
        values=_values_everywhere() if seen is None else _values_of(seen),
        teams=tuple((row.id, row.name) for row in db.session.execute(teams)),
        people=tuple((row.id, row.name) for row in found[:VALUES_AT_MOST]),
        has_more_people=len(found) > VALUES_AT_MOST,
    )


def list_team_choices(*, actor: Actor) -> tuple[tuple[int, str], ...]:
    """Return (id, name) of the teams that the actor sees, by name; one statement, none for who is in no team."""
    seen, teams = visible_teams(actor), select(Team.id, Team.name).order_by(Team.name)
    if seen is not None and not seen:
        return ()
    rows = db.session.execute(teams if seen is None else teams.where(Team.id.in_(seen)))
    return tuple((row.id, row.name) for row in rows)


def _values_everywhere() -> dict[str, tuple[str, ...]]:
    cells = select(FunnelCell.field, FunnelCell.value).where(FunnelCell.field.in_(_FIELDS), FunnelCell.value != "")
    used = cells.group_by(FunnelCell.field, FunnelCell.value).having(func.sum(FunnelCell.accounts) > 0)
    return _sorted([(row.field, row.value) for row in db.session.execute(used)])


def _values_of(teams: frozenset[int]) -> dict[str, tuple[str, ...]]:
    columns = [getattr(Account, field) for field in _FIELDS]
    some = select(*columns).where(Account.team_id.in_(teams)).limit(_LOOKED_AT).cte("some")
    used = union(*(select(literal(f).label("field"), some.c[f].label("value")) for f in _FIELDS))
    return _sorted([(row.field, row.value) for row in db.session.execute(used) if row.value])


def _sorted(pairs: list[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    pairs.sort(key=lambda pair: (pair[0], pair[1].casefold()))
    return {field: tuple(v for f, v in pairs if f == field)[:VALUES_AT_MOST] for field in _FIELDS}
