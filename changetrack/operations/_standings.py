"""Recording where an account stands, so that every earlier figure can be told again as it was known."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import bindparam, func, select

from changetrack.domain.funnel import OPEN_PLACES
from changetrack.domain.journey.evidence import breakpoints
from changetrack.domain.journey.gate import supported_step
from changetrack.domain.journey.timeline import Dimensions, Span, restate
from changetrack.domain.journey.timeline import Standing as Stand
from changetrack.models import Standing
from changetrack.operations._cells import FunnelTally, shard_of, standing_facts
from changetrack.operations._dossier import Dossier, dimensions

DIMENSIONS = ("team_id", "product", "segment", "region", "industry", "tier")
_MINE = (Standing.account_id == bindparam("account_id"), Standing.superseded_at.is_(None))
_BEFORE = select(func.max(Standing.effective_on)).where(*_MINE, Standing.effective_on < bindparam("since"))
_BELIEVED = (
    select(Standing.__table__)
    .where(*_MINE, Standing.effective_on >= func.coalesce(_BEFORE.scalar_subquery(), date.min))
    .order_by(Standing.effective_on, Standing.seq)
)


def restate_standings(dossier: Dossier, since: date, spans: Sequence[Span]) -> None:
    """Append the standings that differ from what is believed from `since` on, and tally their flows.

    Nearly always that is one row; a late record replaces the rows that it makes wrong.
    """
    believed = _believed(dossier, since)
    days = _days(dossier, since, spans, believed)
    change = restate(believed, lambda day: _desired(dossier, day, spans, believed), days=days)
    if not change.added and not change.superseded:
        return
    added = _append(dossier, change.added)
    gone = {s.seq for s in change.superseded}
    tally = dossier.writes.tally
    dossier.writes.superseded += [
        {"account_id": dossier.account.id, "seq": seq, "superseded_at": dossier.now} for seq in sorted(gone)
    ]
    kept = sorted([s for s in believed if s.seq not in gone] + added, key=lambda s: (s.effective_on, s.seq))
    is_whole = not believed or believed[0].effective_on >= since
    _tally_chain(dossier, believed, tally, -1, is_whole=is_whole)
    _tally_chain(dossier, kept, tally, 1, is_whole=is_whole)


def _believed(dossier: Dossier, since: date) -> list[Stand]:
    """The standings on record from `since` on, and the one in force just before."""
    if dossier.ahead is not None:
        ahead = dossier.ahead.believed
        before = max((row.effective_on for row in ahead if row.effective_on < since), default=since)
        return [stand_of(row) for row in ahead if row.effective_on >= before]
    rows = dossier.session.connection().execute(_BELIEVED, {"account_id": dossier.account.id, "since": since})
    return [stand_of(row) for row in rows]


def stand_of(row: Any) -> Stand:
    """A standing on record in the form that the rules take."""
    return Stand(
        row.effective_on,
        row.place,
        row.step,
        row.supported_step,
        row.stale,
        row.visit_seq,
        Dimensions(*(getattr(row, name) for name in DIMENSIONS)),
        row.seq,
    )


def _days(dossier: Dossier, since: date, spans: Sequence[Span], believed: Sequence[Stand]) -> list[date]:
    days = {since, dossier.today}
    days.update(breakpoints(dossier.facts()))
    days.update(s.first for s in spans)
    days.update(s.effective_on for s in believed)
    if dossier.journey.opened_on is not None:
        days.add(dossier.journey.opened_on)
    return sorted(d for d in days if since <= d <= dossier.today)


def _desired(dossier: Dossier, day: date, spans: Sequence[Span], believed: Sequence[Stand]) -> Stand | None:
    """Where the account should be on record to stand on `day`, by visits and evidence as known now."""
    was = next((s for s in reversed(believed) if s.effective_on <= day), None)
    span = next((s for s in reversed(spans) if s.first <= day), None)
    if span is None:
        if was is None:
            return None
        span = Span(day, was.place, was.step, was.visit_seq)
    is_now = day >= dossier.today
    same_visit = was is not None and was.visit_seq == span.visit_seq
    stale = dossier.account.stale if is_now else bool(was and same_visit and was.stale)
    return Stand(
        effective_on=day,
        place=span.place,
        step=span.step,
        supported_step=supported_step(span.step, is_opened=dossier.is_opened(day), judged=dossier.judged(day)),
        stale=stale and span.place in OPEN_PLACES,
        visit_seq=span.visit_seq,
        dimensions=dimensions(dossier.account) if is_now or was is None else was.dimensions,
    )


def _append(dossier: Dossier, added: Sequence[Stand]) -> list[Stand]:
    account, rows, numbered = dossier.account, [], []
    for stand in added:
        account.standing_seq += 1
        account.standing_on = max(account.standing_on, stand.effective_on)
        rows.append(standing_row(account.id, account.standing_seq, stand) | {"recorded_at": dossier.now})
        numbered.append(replace(stand, seq=account.standing_seq))
    dossier.writes.standings += rows
    return numbered


def standing_row(account_id: int, seq: int, stand: Stand) -> dict[str, object]:
    """A standing as a row to insert, but for the time at which it was recorded."""
    return {
        "account_id": account_id,
        "seq": seq,
        "effective_on": stand.effective_on,
        "visit_seq": stand.visit_seq,
        "place": stand.place,
        "step": stand.step,
        "supported_step": stand.supported_step,
        "stale": stand.stale,
        **{name: getattr(stand.dimensions, name) for name in DIMENSIONS},
    }


def _tally_chain(dossier: Dossier, chain: Sequence[Stand], tally: FunnelTally, sign: int, *, is_whole: bool) -> None:
    """Tally the flows along a chain of standings; the first of a `whole` chain is the account's very first."""
    previous = None
    for stand in chain:
        facts = standing_facts(dossier.account.id, stand, dossier.now)
        if previous is not None or is_whole:
            tally.flow(previous, facts, shard_of(stand.dimensions.team_id), sign)
        previous = facts
