"""Random and worked histories of standings, as rows in the database and as facts for the rules."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import delete, insert

from changetrack.domain.funnel import CLOSED, PLACES, StandingFacts
from changetrack.domain.journey.steps import ANCHORED
from changetrack.domain.journey.timeline import Dimensions
from changetrack.domain.people import Actor
from changetrack.models import FunnelCell, MovementCell, Standing
from changetrack.operations._cells import CellState, FunnelTally, shard_of
from tests.factories import make_account
from tests.factories._saving import Saver

OPERATOR = Actor.operator("test")
LAST_DAY = date(2026, 3, 31)  # "today" of the histories below


@dataclass(frozen=True)
class Stood:
    """One standing: the facts that the rules take, and the fields that it carries."""

    facts: StandingFacts
    team_id: int | None = None
    segment: str | None = None

    def row(self) -> dict[str, Any]:
        """The row of the table."""
        names = ("account_id", "seq", "effective_on", "recorded_at", "superseded_at", "place", "step", "supported_step",
                 "stale")  # fmt: skip
        carried = {"team_id": self.team_id, "segment": self.segment}
        return {name: getattr(self.facts, name) for name in names} | {"visit_seq": 1} | carried


def at_noon(day: date) -> datetime:
    """The moment at which histories are recorded."""
    return datetime.combine(day, time(12), UTC)


def stood(
    account: int, seq: int, place: int, effective_on: date, recorded_on: date | None = None, **changed: Any
) -> Stood:
    """A standing whose evidence carries it, recorded on the day it took effect unless said otherwise."""
    carried = {name: changed.pop(name) for name in ("team_id", "segment") if name in changed}
    step = changed.pop("step", min(place, ANCHORED))
    given = {"superseded_at": None, "supported_step": step, "stale": False, **changed}
    facts = StandingFacts(
        account, seq, effective_on, at_noon(recorded_on or effective_on), place=place, step=step, **given
    )
    return Stood(facts, **carried)


def day_of_2026(month: int, day: int) -> date:
    """A day in the year of the worked example."""
    return date(2026, month, day)


def domain_example() -> list[Stood]:
    """Accounts A to F of DOMAIN section 7, as 1 to 6."""
    on = day_of_2026
    return [
        stood(1, 1, 1, on(1, 5)), stood(1, 2, 2, on(1, 26)), stood(1, 3, 3, on(2, 20)),
        stood(2, 1, 1, on(1, 5)), stood(2, 2, 2, on(2, 2)), stood(2, 3, 1, on(3, 2)), stood(2, 4, 2, on(3, 16)),
        stood(3, 1, 1, on(1, 12)), stood(3, 2, 2, on(1, 30), recorded_on=on(2, 5)),
        stood(4, 1, 1, on(1, 12)), stood(4, 2, CLOSED, on(2, 16), step=1),
        stood(5, 1, 1, on(2, 2)), stood(5, 2, 2, on(2, 23)),
        stood(6, 1, 1, on(2, 9)),
    ]  # fmt: skip


def write(session: Saver, rows: Sequence[Stood]) -> None:
    """Replace all standings by `rows`, and the summaries by what operations would have written for them."""
    session.rollback()
    for table in (Standing, FunnelCell, MovementCell):
        session.execute(delete(table))
    if rows:
        session.execute(insert(Standing), [one.row() for one in rows])
    tally = FunnelTally()
    for account in range(1, 7):
        mine = [s for s in rows if s.facts.account_id == account and s.facts.superseded_at is None]
        _summarise(tally, sorted(mine, key=lambda s: (s.facts.effective_on, s.facts.seq)))
    tally.flush(session)
    session.commit()


def _summarise(tally: FunnelTally, chain: Sequence[Stood]) -> None:
    before = None
    for one in chain:
        tally.flow(before, one.facts, shard_of(one.team_id))
        before = one.facts
    if before is not None:
        fields = Dimensions(team_id=chain[-1].team_id, segment=chain[-1].segment)
        tally.count(None, CellState(before.place, before.supported_step < before.step, before.stale, fields))


def outside_unless(rows: Iterable[Stood], **fields: Any) -> list[StandingFacts]:
    """The facts, with all that does not have these carried fields out of the funnel's sight."""
    return [
        one.facts if all(getattr(one, name) == value for name, value in fields.items())
        else replace(one.facts, place=CLOSED)
        for one in rows
    ]  # fmt: skip


days = st.dates(date(2026, 1, 1), date(2026, 2, 15))
moments = st.dates(date(2026, 1, 1), LAST_DAY) | st.just(LAST_DAY)


@st.composite
def histories(draw: st.DrawFn) -> list[Stood]:
    """Up to 25 standings of four accounts: in any order, late, superseded, held, closed, moved to other segments."""
    rows = []
    for seq in range(1, draw(st.integers(0, 25)) + 1):
        effective = draw(days)
        recorded = effective + timedelta(days=draw(st.integers(0, 20)))
        superseded = draw(st.none() | st.integers(0, 20))
        step = draw(st.integers(0, ANCHORED))
        rows.append(
            stood(
                draw(st.integers(1, 4)),
                seq,
                draw(st.sampled_from(PLACES)),
                effective,
                recorded,
                step=step,
                supported_step=draw(st.integers(0, step)),
                stale=draw(st.booleans()),
                superseded_at=None if superseded is None else at_noon(recorded + timedelta(days=superseded)),
                team_id=draw(st.sampled_from([None, 1, 2])),
                segment=draw(st.sampled_from([None, "Retail", "Public"])),
            )
        )
    return rows


def four_accounts(session: Saver, **fields: Any) -> None:
    """The accounts 1 to 4 that the histories are about."""
    for number in range(1, 5):
        make_account(session, id=number, **fields)
