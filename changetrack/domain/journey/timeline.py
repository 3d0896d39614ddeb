"""Where an account stood over time: what follows from visits and evidence, and what has to be recorded anew."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from changetrack.domain.journey.steps import CLOSED_PLACE, HELD_PLACE


@dataclass(frozen=True, slots=True)
class Dimensions:
    """The fields of an account that its standings carry, so that old figures keep their old grouping."""

    team_id: int | None = None
    product: str | None = None
    segment: str | None = None
    region: str | None = None
    industry: str | None = None
    tier: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an account stands from `effective_on` on; `seq` is 0 while it is not yet recorded."""

    effective_on: date
    place: int
    step: int
    supported_step: int
    stale: bool
    visit_seq: int
    dimensions: Dimensions
    seq: int = 0

    def says_the_same(self, other: "Standing") -> bool:
        """Whether both state the same, whatever their dates and numbers."""
        return (
            self.place == other.place
            and self.step == other.step
            and self.supported_step == other.supported_step
            and self.stale == other.stale
            and self.visit_seq == other.visit_seq
            and self.dimensions == other.dimensions
        )


@dataclass(frozen=True, slots=True)
class Span:
    """From a day on, where the visits (and holds, and closing) put the account."""

    first: date
    place: int
    step: int
    visit_seq: int


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """A visit as far as the timeline needs it; `closed` says that leaving it ended the journey."""

    seq: int
    step: int
    entered_on: date
    left_on: date | None = None
    closed: bool = False


@dataclass(frozen=True, slots=True)
class HoldFacts:
    """A time on hold, [held_on, resumed_on)."""

    held_on: date
    resumed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Restatement:
    """What changes in the record: believed standings that are no longer right, and those to add."""

    superseded: tuple[Standing, ...]
    added: tuple[Standing, ...]


def spans(visits: Sequence[VisitFacts], holds: Sequence[HoldFacts] = ()) -> list[Span]:
    """The places of an account in order of days, from its visits (in order) and its holds."""
    found = []
    for visit in visits:
        found.append(Span(visit.entered_on, visit.step, visit.step, visit.seq))
        if visit.closed and visit.left_on is not None:
            found.append(Span(visit.left_on, CLOSED_PLACE, visit.step, visit.seq))
    for hold in holds:
        under = _in_force(found, hold.held_on)
        if under is None or hold.resumed_on == hold.held_on:
            continue
        found.append(replace(under, first=hold.held_on, place=HELD_PLACE))
        if hold.resumed_on is not None and not _begins_on(found, hold.resumed_on):
            found.append(replace(under, first=hold.resumed_on))
    return sorted(found, key=lambda s: s.first)


def _in_force(found: Sequence[Span], day: date) -> Span | None:
    until = [s for s in found if s.first <= day]
    return sorted(until, key=lambda s: s.first)[-1] if until else None  # of one day the last


def _begins_on(found: Sequence[Span], day: date) -> bool:
    return any(s.first == day and s.place != HELD_PLACE for s in found)


def restate(
    believed: Sequence[Standing],
    desired: Callable[[date], Standing | None],
    *,
    days: Sequence[date],
) -> Restatement:
    """Compare what is believed with what should be, day of change by day of change.

    `believed`: the standings on record in order (effective_on, seq): one before the first of `days` (the one
    in force then) if there is any, and all later ones. `days`: every day on which something may begin, in
    order, among them the effective days of the believed rows. `desired` gives the standing that should be in
    force from a day on, until the next of the days.
    """
    first = days[0]
    in_force = next((s for s in reversed(believed) if s.effective_on < first), None)
    rows: dict[date, list[Standing]] = {}
    for row in believed:
        rows.setdefault(row.effective_on, []).append(row)  # the last of a day stands
    superseded: list[Standing] = []
    added: list[Standing] = []
    for day in days:
        wanted, of_day = desired(day), rows.get(day, [])
        present = of_day[-1] if of_day else None
        if wanted is None:
            continue
        if present is not None and present.says_the_same(wanted):
            in_force = present
        elif present is not None or in_force is None or not in_force.says_the_same(wanted):
            in_force = replace(wanted, effective_on=day, seq=0)
            added.append(in_force)
            if day > first:  # on the first day itself the newer one simply follows
                superseded += of_day
    return Restatement(tuple(superseded), tuple(added))
