"""The funnel's summaries, changed in the transaction that changes what they summarise."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.funnel import FLOWS, OPEN_PLACES, StandingFacts, count_changes, flows_between
from changetrack.domain.journey.timeline import Dimensions
from changetrack.models import FunnelCell, MovementCell, ValueCell

SHARDS = 8
FIELDS = ("team", "product", "segment", "region", "industry", "tier")
_COUNTS = ("accounts", "unsupported", "stale")
_FIGURES = ("promised", "probationary", "realized", "live")
_MOVEMENTS = (*FLOWS, *_COUNTS)
_MOVEMENT_COLUMNS = {name: name if name != "left" else "left_journey" for name in _MOVEMENTS}


@dataclass(frozen=True, slots=True)
class CellState:
    """What one account adds to the funnel's cells: its place, whether it lacks proof or is stale, its fields.

    `value` holds (currency, its four figures in minor units); see `value_of`.
    """

    place: int
    unsupported: bool
    stale: bool
    dimensions: Dimensions
    value: tuple[tuple[str, tuple[int, ...]], ...] = ()

    @property
    def counts(self) -> tuple[int, int, int]:
        """(accounts, unsupported, stale); proof and staleness count at open places only."""
        is_open = self.place in OPEN_PLACES
        return 1, int(is_open and self.unsupported), int(is_open and self.stale)


def value_of(kept: Mapping[str, Sequence[int]]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """An account's `value`, {currency: [promised, probationary, realized, live]}, as its cells take it."""
    return tuple((currency, tuple(figures)) for currency, figures in sorted(kept.items()))


def shard_of(team_id: int | None) -> int:
    """The shard of a team's accounts, so that teams do not wait for each other at one row."""
    return (team_id or 0) % SHARDS


def cell_values(dimensions: Dimensions) -> list[tuple[str, str]]:
    """The (field, value) pairs under which an account is counted; '' is the whole, a missing value is ''."""
    team = "" if dimensions.team_id is None else str(dimensions.team_id)
    rest = [(f, getattr(dimensions, f) or "") for f in FIELDS[1:]]
    return [("", ""), ("team", team), *rest]


class FunnelTally:
    """Collects what a transaction changes in the summaries and writes it at its end, in a fixed order of rows."""

    def __init__(self) -> None:
        self._cells: defaultdict[tuple[str, str, int, int], list[int]] = defaultdict(lambda: [0, 0, 0])
        self._flows: defaultdict[tuple[date, int, int], dict[str, int]] = defaultdict(
            lambda: dict.fromkeys(_MOVEMENTS, 0)
        )
        self._values: defaultdict[tuple[str, str, int, int, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])

    def count(self, before: CellState | None, after: CellState | None) -> None:
        """Take an account out of the cells of `before` and put it into those of `after`."""
        if before == after:
            return
        for state, sign in ((before, -1), (after, 1)):
            if state is None:
                continue
            shard = shard_of(state.dimensions.team_id)
            for field, value in cell_values(state.dimensions):
                cell = self._cells[field, value, shard, state.place]
                for i, n in enumerate(state.counts):
                    cell[i] += sign * n
                for currency, figures in state.value:
                    worth = self._values[field, value, shard, state.place, currency]
                    for i, n in enumerate(figures):
                        worth[i] += sign * n

    def worth(self, place: int, dimensions: Dimensions, more: Mapping[str, Sequence[int]]) -> None:
        """Add to what an account that stays where it is is worth, by currency."""
        shard = shard_of(dimensions.team_id)
        for field, value in cell_values(dimensions):
            for currency, figures in more.items():
                worth = self._values[field, value, shard, place, currency]
                for i, n in enumerate(figures):
                    worth[i] += n

    def flow(self, before: StandingFacts | None, after: StandingFacts, shard: int, sign: int = 1) -> None:
        """Add (or with sign -1 take away) what changes between two consecutive standings, on the later one's day."""
        for name, place in flows_between(before, after):
            self._flows[after.effective_on, shard, place][name] += sign
        for place, change in count_changes(before, after):
            row = self._flows[after.effective_on, shard, place]
            for name in _COUNTS:
                row[name] += sign * getattr(change, name)

    def flush(self, session: scoped_session[Session] | Session) -> None:
        """Write the collected differences; rows are taken in key order, so that two writers never deadlock."""
        cells = [
            {"field": f, "value": v, "shard": s, "place": p, **dict(zip(_COUNTS, counts, strict=True))}
            for (f, v, s, p), counts in sorted(self._cells.items())
            if any(counts)
        ]
        flows = [
            {"day": d, "shard": s, "place": p, **{_MOVEMENT_COLUMNS[k]: n for k, n in row.items()}}
            for (d, s, p), row in sorted(self._flows.items())
            if any(row.values())
        ]
        values = [
            {"field": f, "value": v, "shard": s, "place": p, "currency": c, **dict(zip(_FIGURES, figures, strict=True))}
            for (f, v, s, p, c), figures in sorted(self._values.items())
            if any(figures)
        ]
        connection = session.connection()
        _add(connection, FunnelCell.__table__, cells, _COUNTS)  # type: ignore[arg-type]
        _add(connection, MovementCell.__table__, flows, tuple(_MOVEMENT_COLUMNS.values()))  # type: ignore[arg-type]
        _add(connection, ValueCell.__table__, values, _FIGURES)  # type: ignore[arg-type]
        self._cells.clear()
        self._flows.clear()
        self._values.clear()


def _add(connection: Connection, table: Table, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    """Add numbers to the rows of a summary table, creating those that are missing."""
    if rows:
        connection.execute(_addition(connection.dialect.name, table, columns), rows)


@lru_cache(maxsize=8)
def _addition(dialect_name: str, table: Table, columns: tuple[str, ...]) -> Any:
    """The statement for it, made once: every operation ends with it."""
    dialect = postgresql if dialect_name == "postgresql" else sqlite
    insert = dialect.insert(table)
    added = {c: table.c[c] + insert.excluded[c] for c in columns}
    return insert.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=added)


def standing_facts(account_id: int, standing: Any, recorded_at: datetime) -> StandingFacts:
    """A believed standing in the form that the funnel's rules take."""
    return StandingFacts(
        account_id,
        standing.seq,
        standing.effective_on,
        recorded_at,
        None,
        standing.place,
        standing.step,
        standing.supported_step,
        standing.stale,
    )
