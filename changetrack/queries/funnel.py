"""The funnel as an executive asks for it: on a date, as known on a date, filtered and grouped."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

from sqlalchemy import func, select

from changetrack.domain.filters import NO_VALUE, field_label
from changetrack.domain.funnel import CLOSED, HELD, OPEN_PLACES, PLACES, PlaceCount
from changetrack.domain.people import Actor, visible_teams
from changetrack.models import FunnelCell, JobRun, Team, db
from changetrack.queries._funnel_question import Question, ask
from changetrack.queries._funnel_sources import count_places, count_ready, count_total

Counts = Mapping[int, PlaceCount]


@dataclass(frozen=True, slots=True)
class Picture:
    """How many accounts stand at each of the twelve places; proof and staleness count at open places only."""

    counts: Counts

    @property
    def in_journey(self) -> int:
        """Accounts at open places: not opened, at a step, or anchored."""
        return sum(self.counts[place].accounts for place in OPEN_PLACES)

    @property
    def unsupported(self) -> int:
        """Accounts in the journey whose claimed step current evidence does not carry."""
        return sum(self.counts[place].unsupported for place in OPEN_PLACES)

    @property
    def stale(self) -> int:
        """Accounts in the journey that are stale."""
        return sum(self.counts[place].stale for place in OPEN_PLACES)

    @property
    def held(self) -> int:
        """Accounts on hold."""
        return self.counts[HELD].accounts

    @property
    def closed(self) -> int:
        """Accounts whose journey has ended."""
        return self.counts[CLOSED].accounts

    @property
    def accounts(self) -> int:
        """All accounts, at whatever place."""
        return sum(count.accounts for count in self.counts.values())


@dataclass(frozen=True, slots=True)
class Group:
    """The accounts with one value of the grouping field; `value` is as a filter takes it, `label` as people read it."""

    value: str
    label: str
    picture: Picture


@dataclass(frozen=True, slots=True)
class Funnel:
    """A picture of the funnel at the end of `as_of`, as known at the end of `known_at`.

    `is_today` says that it is the present one. `groups` come with most accounts first; `rest` holds the accounts
    of the groups that are not among them, None when all are.
    """

    as_of: date
    known_at: date
    is_today: bool
    by: str | None
    picture: Picture
    groups: tuple[Group, ...] = ()
    rest: Picture | None = None


def get_funnel(
    *,
    actor: Actor,
    today: date,
    zone: tzinfo,
    as_of: date | None = None,
    known_at: date | None = None,
    filters: Mapping[str, str] | None = None,
    by: str | None = None,
    most_groups: int | None = None,
) -> Funnel:
    """Return the funnel of the accounts that `actor` may see, `as_of` and `known_at` being today unless given.

    `zone` is where days end. `filters` map a field of `domain.filters` to a value, `by` names the grouping field,
    `most_groups` how many groups are told apart (None: all; at most 1,000 of fields that no summary holds).
    Raises OperationRefused with all reasons (a future date, an unknown field), NotFound for a team of others.
    Source: DOMAIN section 7 (snapshot).
    """
    question = ask(actor=actor, today=today, zone=zone, as_of=as_of, known_at=known_at, filters=filters or {}, by=by)
    counted = count_places(question, most_groups)
    if by is None:
        return _funnel(question, _picture(counted.get("", {})))
    whole = count_total(question)
    picture = _sum(counted.values()) if whole is None else _picture(whole)
    groups = _groups(by, counted)[:most_groups]
    rest = _less(picture, [g.picture for g in groups])
    return _funnel(question, picture, groups, rest if rest.accounts else None)


def find_ready_funnel(
    *,
    actor: Actor,
    today: date,
    zone: tzinfo,
    as_of: date,
    known_at: date,
    filters: Mapping[str, str] | None = None,
) -> Funnel | None:
    """Return what `get_funnel` does, if the summaries hold it; None where accounts would have to be counted.

    Raises as `get_funnel` does.
    """
    question = ask(actor=actor, today=today, zone=zone, as_of=as_of, known_at=known_at, filters=filters or {}, by=None)
    ready = count_ready(question)
    return None if ready is None else _funnel(question, _picture(ready.get("", {})))


def count_visible(*, actor: Actor) -> int:
    """Return how many accounts the actor may see, whatever their place, from the summaries."""
    teams = visible_teams(actor)
    cells = select(func.coalesce(func.sum(FunnelCell.accounts), 0))
    if teams is None:
        return db.session.scalars(cells.where(FunnelCell.field == "")).one()
    mine = FunnelCell.value.in_([str(team) for team in sorted(teams)])
    return db.session.scalars(cells.where(FunnelCell.field == "team", mine)).one()


_LAST_CHECK = select(func.max(JobRun.finished_at)).where(JobRun.name == "stale-sweep", JobRun.state == "done")


def find_last_check() -> datetime | None:
    """Return when the night last looked after evidence that expires and accounts that turn stale, None if never."""
    return db.session.scalar(_LAST_CHECK)


def _funnel(question: Question, picture: Picture, groups: Iterable[Group] = (), rest: Picture | None = None) -> Funnel:
    return Funnel(question.as_of, question.known_at, question.is_today, question.by, picture, tuple(groups), rest)


def _picture(counts: Counts) -> Picture:
    return Picture({place: counts.get(place, PlaceCount()) for place in PLACES})


def _sum(many: Iterable[Counts]) -> Picture:
    total = {place: [0, 0, 0] for place in PLACES}
    for counts in many:
        for place, count in counts.items():
            total[place][0] += count.accounts
            total[place][1] += count.unsupported
            total[place][2] += count.stale
    return Picture({place: PlaceCount(*numbers) for place, numbers in total.items()})


def _less(whole: Picture, parts: Iterable[Picture]) -> Picture:
    taken = _sum(part.counts for part in parts).counts
    return Picture(
        {
            place: PlaceCount(
                count.accounts - taken[place].accounts,
                count.unsupported - taken[place].unsupported,
                count.stale - taken[place].stale,
            )
            for place, count in whole.counts.items()
        }
    )


def _groups(by: str, counted: Mapping[str, Counts]) -> list[Group]:
    labels = _team_names(counted) if by == "team" else {}
    missing = f"No {field_label(by).lower()}"
    groups = [
        Group(value or NO_VALUE, labels.get(value, value) or missing, _picture(counts))
        for value, counts in counted.items()
        if any(count.accounts for count in counts.values())
    ]
    return sorted(groups, key=lambda g: (-g.picture.accounts, g.label))


def _team_names(values: Iterable[str]) -> dict[str, str]:
    ids = [int(value) for value in values if value]
    rows: Any = db.session.execute(select(Team.id, Team.name).where(Team.id.in_(ids)))
    return {str(team_id): name for team_id, name in rows}
