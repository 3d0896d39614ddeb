"""The funnel's summaries verified: cells counted again from the accounts, movements from the standings."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import String, and_, case, cast, func, literal, select

from changetrack.domain.funnel import FLOWS, OPEN_PLACES, StandingFacts, count_changes, flows_between
from changetrack.models import Account, FunnelCell, MovementCell, Outcome, ValueCell, db

COUNTS = ("accounts", "unsupported", "stale")
FIGURES = ("promised", "probationary", "realized", "live")
FIELDS = {
    "team": Account.team_id,
    "product": Account.product,
    "segment": Account.segment,
    "region": Account.region,
    "industry": Account.industry,
    "tier": Account.tier,
}
Found = tuple[str, str, str, str]


class FlowCount:
    """Adds up what the standings say flowed in and out of each place on each day."""

    def __init__(self) -> None:
        self.rows: defaultdict[tuple[date, int], dict[str, int]] = defaultdict(
            lambda: dict.fromkeys((*FLOWS, *COUNTS), 0)
        )

    def add(self, believed: Sequence[Any]) -> None:
        """Count one account's standings in force, in order."""
        before = None
        for row in believed:
            after = StandingFacts(
                row.account_id, row.seq, row.effective_on, row.recorded_at, None, row.place, row.step,
                row.supported_step, row.stale,
            )  # fmt: skip
            for flow, place in flows_between(before, after):
                self.rows[row.effective_on, place][flow] += 1
            for place, change in count_changes(before, after):
                for name in COUNTS:
                    self.rows[row.effective_on, place][name] += getattr(change, name)
            before = after


def cell_differences() -> Iterator[Found]:
    """Cells of the funnel that do not hold what the accounts add up to."""
    for field, column in {"": literal(""), **FIELDS}.items():
        kept, counted = _kept(field), _counted(column)
        for key in sorted(kept.keys() | counted.keys()):
            if kept.get(key, (0, 0, 0)) != counted.get(key, (0, 0, 0)):
                where = f"{field or 'all'} {key[0]} at place {key[1]}".replace("  ", " ")
                yield f"funnel cell {where}", ", ".join(COUNTS), str(kept.get(key)), str(counted.get(key))


def value_differences() -> Iterator[Found]:
    """Cells of value that do not hold what the outcomes of the accounts add up to."""
    for field, column in {"": literal(""), **FIELDS}.items():
        kept, counted = _kept_value(field), _counted_value(column)
        for key in sorted(kept.keys() | counted.keys()):
            if kept.get(key, (0,) * len(FIGURES)) != counted.get(key, (0,) * len(FIGURES)):
                where = f"value cell {field or 'all'} {key[0]} at place {key[1]} in {key[2]}".replace("  ", " ")
                yield where, ", ".join(FIGURES), str(kept.get(key)), str(counted.get(key))


def _kept_value(field: str) -> dict[tuple[str, int, str], tuple[int, ...]]:
    keys = (ValueCell.value, ValueCell.place, ValueCell.currency)
    sums = [func.sum(getattr(ValueCell, name)) for name in FIGURES]
    return _added(select(*keys, *sums).where(ValueCell.field == field).group_by(*keys))


def _counted_value(column: Any) -> dict[tuple[str, int, str], tuple[int, ...]]:
    value = func.coalesce(cast(column, String), "").label("counted_by")
    sums = [func.sum(getattr(Outcome, name)) for name in FIGURES]
    rows = select(value, Account.place, Outcome.currency, *sums).join(Outcome, Outcome.account_id == Account.id)
    return _added(rows.group_by("counted_by", Account.place, Outcome.currency))


def _added(rows: Any) -> dict[tuple[str, int, str], tuple[int, ...]]:
    found = {(text, place, currency): tuple(map(int, n)) for text, place, currency, *n in db.session.execute(rows)}
    return {key: figures for key, figures in found.items() if any(figures)}


def _kept(field: str) -> dict[tuple[str, int], tuple[int, ...]]:
    sums = [func.sum(getattr(FunnelCell, name)) for name in COUNTS]
    query = (
        select(FunnelCell.value, FunnelCell.place, *sums)
        .where(FunnelCell.field == field)
        .group_by(FunnelCell.value, FunnelCell.place)
    )
    rows = {(value, place): tuple(int(n) for n in counts) for value, place, *counts in db.session.execute(query)}
    return {key: counts for key, counts in rows.items() if any(counts)}


def _counted(column: Any) -> dict[tuple[str, int], tuple[int, ...]]:
    value = func.coalesce(cast(column, String), "")
    is_open = Account.place.in_(OPEN_PLACES)
    lacks_proof = and_(is_open, Account.supported_step < Account.claimed_step)
    sums = [
        func.count(),
        func.sum(case((lacks_proof, 1), else_=0)),
        func.sum(case((and_(is_open, Account.stale), 1), else_=0)),
    ]
    query = select(value.label("counted_by"), Account.place, *sums).group_by("counted_by", Account.place)
    return {(text, place): tuple(int(n) for n in counts) for text, place, *counts in db.session.execute(query)}


def flow_differences(flows: FlowCount) -> Iterator[Found]:
    """Days and places whose kept movements are not those of the standings."""
    names = (*FLOWS, *COUNTS)
    sums = [func.sum(getattr(MovementCell, name)) for name in names]
    query = select(MovementCell.day, MovementCell.place, *sums).group_by(MovementCell.day, MovementCell.place)
    kept = {
        (day, place): dict(zip(names, map(int, rest), strict=True)) for day, place, *rest in db.session.execute(query)
    }
    nothing = dict.fromkeys(names, 0)
    for key in sorted(kept.keys() | flows.rows.keys()):
        was, should = kept.get(key, nothing), flows.rows.get(key, nothing)
        for name in names:
            if was[name] != should[name]:
                yield f"movement on {key[0]} at place {key[1]}", name, str(was[name]), str(should[name])
