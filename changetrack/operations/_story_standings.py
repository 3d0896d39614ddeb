"""Writing stories told anew: thousands at once where nothing hangs on them, one by one where evidence does."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Row, select, update

from changetrack.domain.calendar import WorkCalendar
from changetrack.domain.funnel import OPEN_PLACES
from changetrack.domain.journey.timeline import Dimensions, Span, restate
from changetrack.domain.journey.timeline import Standing as Stand
from changetrack.domain.people import Action
from changetrack.models import Account, Alert, Event, Journey, Proposal, Standing
from changetrack.operations._bulk import insert_rows, update_rows
from changetrack.operations._cells import CellState, FunnelTally, shard_of, standing_facts, value_of
from changetrack.operations._dossier import open_dossier
from changetrack.operations._history import event_row
from changetrack.operations._import_due import DueDays
from changetrack.operations._import_terms import Scene
from changetrack.operations._settle import settle
from changetrack.operations._standings import DIMENSIONS, standing_row
from changetrack.operations._stories import Retold, clocks, outline, place_columns, rewrite_visits

KIND = "history_imported"


@dataclass(slots=True)
class Chain:
    """What the history needs of an account: its id, and where its chain of events ends."""

    id: int
    event_seq: int
    event_hash: str


def write_stories(scene: Scene, retold: Sequence[Retold], tally: FunnelTally, due: DueDays) -> None:
    """Write stories told anew, with standings, events and everything else that follows from them."""
    if not retold:
        return
    rewrite_visits(scene, retold)
    _write_plain(scene, [r for r in retold if r.is_plain], tally, due)
    for story in retold:
        if not story.is_plain:
            _settle(scene, story, due)


def _write_plain(scene: Scene, retold: Sequence[Retold], tally: FunnelTally, due: DueDays) -> None:
    """Without an opening no step is supported and nothing is stale, so the standings follow from the visits."""
    believed = _believed(scene, [r.account.id for r in retold])
    accounts, events, added, superseded, pins = [], [], [], [], []
    for story in retold:
        account, chain = story.account, Chain(story.account.id, story.account.event_seq, story.account.event_hash)
        events.append(event_row(
            chain, KIND, actor=scene.actor, effective_on=story.since, now=scene.now, changes=_changes(story)
        ))  # fmt: skip
        new, gone = _restate(scene, story, believed[account.id], tally)
        added += new
        superseded += [{"account_id": account.id, "seq": seq, "superseded_at": scene.now} for seq in gone]
        calendar = due.calendars.of(account.calendar_id, account.blackout_days)
        columns = place_columns(story) | clocks(story, story.current.entered_on, calendar)
        accounts.append({
            "id": account.id, **columns, "due_on": _due_on(account, columns, due, calendar), "supported_step": 0,
            "standing_seq": account.standing_seq + len(new),
            "standing_on": max([account.standing_on, *(row["effective_on"] for row in new)]),
            "event_seq": chain.event_seq, "event_hash": chain.event_hash, "updated_at": scene.now,
        })  # fmt: skip
        pins.append({"account_id": account.id, "judged_by": _pins(story, due)})
        value = value_of(account.value)
        tally.count(
            CellState(account.place, account.claimed_step > 0, False, _dimensions(account), value),
            CellState(columns["place"], columns["claimed_step"] > 0, False, _dimensions(account), value),
        )
    update_rows(scene.session, Standing, ["account_id", "seq"], superseded)
    insert_rows(scene.session, Standing, added)
    insert_rows(scene.session, Event, events)
    update_rows(scene.session, Account, ["id"], accounts)
    update_rows(scene.session, Journey, ["account_id"], pins)


def _restate(
    scene: Scene, story: Retold, believed: Sequence[Stand], tally: FunnelTally
) -> tuple[list[dict[str, Any]], set[int]]:
    """The standings to add, and the numbers of those that are no longer right; tallies what changes in the flows."""
    places = story.after.spans()
    kept_numbers = {stay.was: seq for seq, stay in enumerate(story.after.stays, 1) if stay.was}
    days = sorted({*(s.first for s in places), *(s.effective_on for s in believed)})
    change = restate(believed, lambda day: _desired(story, day, places, believed, kept_numbers), days=days)
    first = story.account.standing_seq + 1
    added = [replace(stand, seq=seq) for seq, stand in enumerate(change.added, first)]
    gone = {s.seq for s in change.superseded}
    kept = sorted([s for s in believed if s.seq not in gone] + added, key=lambda s: (s.effective_on, s.seq))
    for chain, sign in ((believed, -1), (kept, 1)):
        previous = None
        for stand in chain:
            facts = standing_facts(story.account.id, stand, scene.now)
            tally.flow(previous, facts, shard_of(stand.dimensions.team_id), sign)
            previous = facts
    rows = [standing_row(story.account.id, s.seq, s) | {"recorded_at": scene.now} for s in added]
    return rows, gone


def _desired(
    story: Retold, day: date, places: Sequence[Span], believed: Sequence[Stand], numbers: dict[int, int]
) -> Stand | None:
    span = next((s for s in reversed(places) if s.first <= day), None)
    was = next((s for s in reversed(believed) if s.effective_on <= day), None)
    if span is None:
        return None
    same_visit = was is not None and numbers.get(was.visit_seq) == span.visit_seq
    return Stand(
        effective_on=day,
        place=span.place,
        step=span.step,
        supported_step=0,
        stale=bool(was and same_visit and was.stale) and span.place in OPEN_PLACES,
        visit_seq=span.visit_seq,
        dimensions=was.dimensions if was else _dimensions(story.account),
    )


def _settle(scene: Scene, story: Retold, due: DueDays) -> None:
    """One account through the general course of an operation, since evidence, staleness or a proposal may turn."""
    dossier = open_dossier(
        scene.session, story.account.id, actor=scene.actor, action=Action.IMPORT, now=scene.now, today=scene.today
    )
    for old, new in ((stay.was, seq) for seq, stay in enumerate(story.after.stays, 1) if stay.was):
        for model in (Alert, Proposal):
            scene.session.execute(
                update(model)
                .where(model.account_id == story.account.id, model.visit_seq == old)
                .values(visit_seq=-new)  # numbers swap, so they go by way of negative ones
            )
    for model in (Alert, Proposal):
        mine = (model.account_id == story.account.id, model.visit_seq < 0)
        scene.session.execute(update(model).where(*mine).values(visit_seq=-model.visit_seq))
    account = dossier.account
    progress_on = max(account.progress_on, story.current.entered_on)
    for name, value in clocks(story, progress_on, dossier.calendar).items():
        setattr(account, name, value)
    dossier.journey.judged_by = _pins(story, due)
    since = story.since
    dossier.happened(KIND, effective_on=since, changes=_changes(story))
    settle(dossier, since=since, spans=story.after.spans(), cause="Its history was imported.", quiet=True)
    scene.session.flush()
    scene.session.expunge_all()


def _changes(story: Retold) -> dict[str, list[object]]:
    return {"places": [outline(story.before), outline(story.after)]}


def _pins(story: Retold, due: DueDays) -> dict[str, int]:
    """Steps come to now, and those before them, are judged by today's playbook; what was pinned stays so."""
    return due.pins(range(max(stay.step for stay in story.after.stays) + 1)) | story.judged_by


def _due_on(account: Row[Any], columns: dict[str, Any], due: DueDays, calendar: WorkCalendar) -> date | None:
    return due.due_on(
        columns["place"],
        columns["claimed_step"],
        entered_on=columns["step_entered_on"],
        progress_on=columns["progress_on"],
        held_days=columns["held_days"],
        calendar=calendar,
        held_workdays=columns["held_workdays"],
        customer_on=account.customer_on,
        customer_held_workdays=columns["customer_held_workdays"],
        commitment_due_on=account.commitment_due_on,
        commitment_words=account.commitment_words or "",
    )


def _dimensions(account: Row[Any]) -> Dimensions:
    return Dimensions(*(getattr(account, name) for name in DIMENSIONS))


def _believed(scene: Scene, ids: Sequence[int]) -> dict[int, list[Stand]]:
    found: dict[int, list[Stand]] = defaultdict(list)
    query = (
        select(Standing.__table__)
        .where(Standing.account_id.in_(ids), Standing.superseded_at.is_(None))
        .order_by(Standing.account_id, Standing.effective_on, Standing.seq)
    )
    for row in scene.session.execute(query):
        found[row.account_id].append(Stand(
            row.effective_on, row.place, row.step, row.supported_step, row.stale, row.visit_seq,
            Dimensions(row.team_id, row.product, row.segment, row.region, row.industry, row.tier), row.seq,
        ))  # fmt: skip
    return found
