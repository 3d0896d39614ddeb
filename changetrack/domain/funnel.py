"""The funnel as it stood on a date and as known by a moment, and how accounts moved between dates."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import groupby

from changetrack.domain.journey.steps import ANCHORED, CLOSED_PLACE, HELD_PLACE, NOT_OPENED, STEP_NAMES

HELD, CLOSED = HELD_PLACE, CLOSED_PLACE
PLACES = tuple(range(12))
OPEN_PLACES = tuple(range(10))
PLACE_KEYS = ("not_opened", "1", "2", "3", "4", "5", "6", "7", "8", "anchored", "held", "closed")
FLOWS = ("entered", "advanced_in", "regressed_in", "advanced_out", "regressed_out", "left")

_STATUS_PLACES = {"not_opened": NOT_OPENED, "anchored": ANCHORED, "held": HELD, "closed": CLOSED}
_PLACE_NAMES = {NOT_OPENED: "Not opened", ANCHORED: "Anchored", HELD: "On hold", CLOSED: "Closed"}


@dataclass(frozen=True, slots=True)
class StandingFacts:
    """Where an account stood from `effective_on` on, as recorded at `recorded_at`.

    `step` is claimed, `supported_step` proven. `superseded_at` is when a late record made it wrong.
    """

    account_id: int
    seq: int
    effective_on: date
    recorded_at: datetime
    superseded_at: datetime | None
    place: int
    step: int
    supported_step: int
    stale: bool


@dataclass(frozen=True, slots=True)
class PlaceCount:
    """Accounts at one place; of the open ones, those with a gap of proof and those that are stale."""

    accounts: int = 0
    unsupported: int = 0
    stale: int = 0


@dataclass(frozen=True, slots=True)
class MovementRow:
    """One open place over a period: what it began with, the six flows, and what it ended with."""

    place: int
    start: int
    entered: int
    advanced_in: int
    regressed_in: int
    advanced_out: int
    regressed_out: int
    left: int
    end: int

    @property
    def balances(self) -> bool:
        """Whether start and flows give the end."""
        gained = self.entered + self.advanced_in + self.regressed_in
        return self.start + gained - self.advanced_out - self.regressed_out - self.left == self.end


def place_of(status: str, step: int) -> int:
    """Return the place of an account in the funnel, 0 to 11.

    Raises ValueError for an unknown status, or an active account at no step of 1 to 8.
    """
    if status in _STATUS_PLACES:
        return _STATUS_PLACES[status]
    if status != "active" or not NOT_OPENED < step < ANCHORED:
        raise ValueError(f"No place in the funnel for status {status!r} at step {step}.")
    return step


def status_of(place: int) -> str:
    """Return the status of an account at a place: 'not_opened', 'active', 'anchored', 'held' or 'closed'."""
    return next((status for status, p in _STATUS_PLACES.items() if p == place), "active")


def place_name(place: int) -> str:
    """Return a place in words: 'Not opened', the name of the step, 'Anchored', 'Held' or 'Closed'."""
    return _PLACE_NAMES.get(place) or STEP_NAMES[place]


def end_of_day(day: date, zone: tzinfo) -> datetime:
    """Return the first moment in `zone` that no longer belongs to `day`: what is recorded before it was known then."""
    return datetime.combine(day + timedelta(days=1), time(), zone)


def known(standings: Iterable[StandingFacts], known_at: datetime) -> Iterator[StandingFacts]:
    """Yield what was on record just before `known_at`: recorded before it, and not yet superseded then."""
    for row in standings:
        if row.recorded_at < known_at and (row.superseded_at is None or row.superseded_at >= known_at):
            yield row


def snapshot(standings: Iterable[StandingFacts], *, as_of: date, known_until: datetime) -> dict[int, PlaceCount]:
    """Return the count at every place at the end of `as_of`, as known before `known_until`.

    Per account the known row with the greatest (effective_on, seq) on or before `as_of` stands.
    Gaps of proof and staleness are counted at open places only. Source: DOMAIN section 7.
    """
    standing: dict[int, StandingFacts] = {}
    for row in known(standings, known_until):
        latest = standing.get(row.account_id)
        if row.effective_on <= as_of and (latest is None or _order(latest) < _order(row)):
            standing[row.account_id] = row
    return _counts(standing.values())


def flows_between(before: StandingFacts | None, after: StandingFacts) -> list[tuple[str, int]]:
    """Return the (flow, place) pairs that the change from `before` to `after` adds one to each.

    `before` is None for an account seen for the first time. Held and closed are outside: coming from
    there or from nowhere enters, going there leaves. Source: DOMAIN section 7 (movement).
    """
    return place_flows(before.place if before else None, after.place)


def place_flows(before: int | None, after: int | None) -> list[tuple[str, int]]:
    """Return the (flow, place) pairs of a change of place; None and any place that is not open are outside."""
    was = before if before in OPEN_PLACES else None
    now = after if after in OPEN_PLACES else None
    if was is None or now is None:
        left = [] if was is None else [("left", was)]
        return left if now is None else [("entered", now)]
    if was == now:
        return []
    verb = "advanced" if now > was else "regressed"
    return [(f"{verb}_out", was), (f"{verb}_in", now)]


def count_changes(before: StandingFacts | None, after: StandingFacts) -> list[tuple[int, PlaceCount]]:
    """Return by how much the change from `before` (None: first seen) to `after` moves the counts of which places.

    Summed up to a day, for all accounts, they are the snapshot of that day.
    """
    now = _counted(after)
    if before is None:
        return [(after.place, now)]
    was = _counted(before)
    if (before.place, was) == (after.place, now):
        return []
    gone = PlaceCount(-was.accounts, -was.unsupported, -was.stale)
    return [(before.place, gone), (after.place, now)]


def movement(
    standings: Iterable[StandingFacts], *, first: date, last: date, known_until: datetime
) -> list[MovementRow]:
    """Return one balanced row for each open place, for the days `first` to `last`, both included.

    Changes count on the day they took effect, as known before `known_until`: a late record moves the
    figures of the past only for those who ask with the later knowledge. Source: DOMAIN section 7.
    """
    rows = sorted(known(standings, known_until), key=lambda r: (r.account_id, _order(r)))
    tally = {(flow, place): 0 for flow in FLOWS for place in OPEN_PLACES}
    for _, account in groupby(rows, key=lambda r: r.account_id):
        before = None
        for row in account:
            if first <= row.effective_on <= last:
                for flow in flows_between(before, row):
                    tally[flow] += 1
            before = row
    start = snapshot(rows, as_of=first - timedelta(days=1), known_until=known_until)
    end = snapshot(rows, as_of=last, known_until=known_until)
    return [
        MovementRow(
            place=place,
            start=start[place].accounts,
            end=end[place].accounts,
            **{flow: tally[flow, place] for flow in FLOWS},
        )
        for place in OPEN_PLACES
    ]


def difference(before: Mapping[int, PlaceCount], after: Mapping[int, PlaceCount]) -> dict[int, PlaceCount]:
    """Return what each place gained from one snapshot to the other; losses are negative."""
    nothing = PlaceCount()
    gained = {}
    for place in PLACES:
        old, new = before.get(place, nothing), after.get(place, nothing)
        gained[place] = PlaceCount(
            new.accounts - old.accounts, new.unsupported - old.unsupported, new.stale - old.stale
        )
    return gained


def headline(counts: Mapping[int, PlaceCount]) -> str:
    """Return the one sentence a snapshot says first: the step where most accounts are stuck.

    Stuck is stale; without any stale account it is the step with most accounts. The earlier step of
    equals is named.
    """
    steps = {place: counts[place] for place in range(1, ANCHORED) if place in counts}
    total = sum(count.accounts for count in steps.values())
    if total == 0:
        return "No account is on its way through the steps."
    worst = max(steps, key=lambda place: (steps[place].stale, steps[place].accounts, -place))
    here, name = steps[worst], f"step {worst}, {place_name(worst)}"
    if here.stale == 0:
        return f"No account is stale. Most are at {name}: {here.accounts:,} of {total:,}."
    return f"Most stale accounts are at {name}: {here.stale:,} of its {here.accounts:,}."


def _order(row: StandingFacts) -> tuple[date, int]:
    return row.effective_on, row.seq


def _counted(row: StandingFacts) -> PlaceCount:
    """What one standing adds to the counts of its place."""
    is_open = row.place in OPEN_PLACES
    return PlaceCount(1, int(is_open and row.supported_step < row.step), int(is_open and row.stale))


def _counts(standing: Iterable[StandingFacts]) -> dict[int, PlaceCount]:
    tally = {place: [0, 0, 0] for place in PLACES}
    for row in standing:
        here, counted = tally[row.place], _counted(row)
        here[0] += counted.accounts
        here[1] += counted.unsupported
        here[2] += counted.stale
    return {place: PlaceCount(*numbers) for place, numbers in tally.items()}
