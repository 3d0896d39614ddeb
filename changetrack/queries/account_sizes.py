"""How many accounts there are of which kind, from the summaries: nothing is counted row by row."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select

from changetrack.domain.filters import CARRIED_FIELDS, NO_VALUE
from changetrack.domain.funnel import PLACES, PlaceCount
from changetrack.models import FunnelCell, db
from changetrack.queries.account_filters import AccountFilters

_NOTHING = PlaceCount()
Counts = Mapping[int, PlaceCount]


@dataclass(frozen=True, slots=True)
class Sizes:
    """Counts by place: of all accounts, of the teams in scope, and of each carried field's wanted value."""

    everywhere: Counts
    in_scope: Counts
    by_field: Mapping[str, Counts]

    def total(self, filters: AccountFilters) -> int | None:
        """How many accounts the filters leave, None where the summaries cannot tell."""
        counts = self.counts(filters)
        if counts is None:
            return None
        return sum(_counted(counts.get(place, _NOTHING), filters) for place in filters.places or PLACES)

    def counts(self, filters: AccountFilters) -> Counts | None:
        """The counts by place of what the fields leave, None where the summaries cannot tell."""
        others = [name for name in filters.fields if name != "team"]
        scoped = self.in_scope is not self.everywhere
        if filters.text or filters.as_of or len(others) + scoped > 1 or (filters.unsupported and filters.stale):
            return None
        return self.by_field.get(others[0]) if others else self.in_scope


def get_sizes(filters: AccountFilters, teams: tuple[int | None, ...] | None) -> Sizes:
    """Return the sizes that a list of these filters is planned and headed by, in one statement."""
    wanted = {name: value for name, value in filters.fields.items() if name in CARRIED_FIELDS and name != "team"}
    cells = [and_(FunnelCell.field == "", FunnelCell.value == "")]
    cells += [and_(FunnelCell.field == f, FunnelCell.value == _cell_value(v)) for f, v in wanted.items()]
    if teams is not None:
        names = ["" if team is None else str(team) for team in teams]
        cells.append(and_(FunnelCell.field == "team", FunnelCell.value.in_(names)))
    found: dict[str, dict[int, PlaceCount]] = {}
    counts = (func.sum(FunnelCell.accounts), func.sum(FunnelCell.unsupported), func.sum(FunnelCell.stale))
    query = select(FunnelCell.field, FunnelCell.place, *counts).where(or_(*cells))
    for name, place, *numbers in db.session.execute(query.group_by(FunnelCell.field, FunnelCell.place)):
        found.setdefault(name, {})[place] = PlaceCount(*(int(n or 0) for n in numbers))
    everywhere = found.get("", {})
    in_scope = everywhere if teams is None else found.get("team", {})
    return Sizes(everywhere, in_scope, {name: found.get(name, {}) for name in wanted})


def sum_of(counts: Iterable[PlaceCount]) -> PlaceCount:
    """Add counts up."""
    listed = list(counts)
    return PlaceCount(sum(c.accounts for c in listed), sum(c.unsupported for c in listed), sum(c.stale for c in listed))


def _cell_value(value: str) -> str:
    return "" if value == NO_VALUE else value


def _counted(count: PlaceCount, filters: AccountFilters) -> int:
    if filters.unsupported:
        return count.unsupported
    return count.stale if filters.stale else count.accounts
