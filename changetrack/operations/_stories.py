"""Telling the stories of many accounts anew: what an import learned, worked into visits, holds and standings."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, delete, select

from changetrack.domain.calendar import WorkCalendar
from changetrack.domain.funnel import status_of
from changetrack.domain.journey.chronicle import Chronicle, Parking, Record, Stay, tell
from changetrack.models import Account, Hold, Journey, Visit
from changetrack.operations._bulk import insert_rows
from changetrack.operations._history import actor_label
from changetrack.operations._import_lookup import accounts_by_id
from changetrack.operations._import_terms import Scene
from changetrack.operations._standings import DIMENSIONS

REVIEW_DAYS = 90  # after which a hold that came without a review date is looked at
_COLUMNS = (
    "id", "place", "claimed_step", "supported_step", "stale", "status", "visit_seq", "standing_seq", "standing_on",
    "event_seq", "event_hash", "progress_on", "step_entered_on", "value", "customer_on", "commitment_due_on",
    "commitment_words", "calendar_id", "blackout_days", *DIMENSIONS,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Retold:
    """One account's story before and after; `is_plain` says that no evidence, opening or alert hangs on it."""

    account: Row[Any]
    before: Chronicle
    after: Chronicle
    visits: Mapping[int, Row[Any]]
    holds: Mapping[int, Row[Any]]
    judged_by: dict[str, int]
    is_plain: bool

    @property
    def since(self) -> date:
        """The first day about which the two differ."""
        old, new = self.before.spans(), self.after.spans()
        return min((span.first for span in set(old) ^ set(new)), default=new[-1].first)

    @property
    def current(self) -> Stay:
        """The visit in which the account is now."""
        return self.after.stays[-1]


def retell(scene: Scene, learned: Mapping[int, Sequence[Record]]) -> list[Retold]:
    """The stories that change by what was learned of each account, in order of account; the others are left out."""
    ids = sorted(learned)
    accounts = accounts_by_id(scene.session, ids, [getattr(Account, n) for n in _COLUMNS], lock=scene.writing)
    visits = _by_account(scene, Visit, ids)
    holds = _by_account(scene, Hold, ids)
    journeys = {j.account_id: j for j in scene.session.execute(
        select(Journey.account_id, Journey.judged_by, Journey.opened_on).where(Journey.account_id.in_(ids))
    )}  # fmt: skip
    found = []
    for id_ in ids:
        before = Chronicle(tuple(map(_stay, visits[id_])), tuple(map(_parking, holds[id_])))
        after = tell(before.stays, before.parkings, learned[id_])
        if after.says_the_same(before):
            continue
        journey = journeys.get(id_)
        found.append(Retold(
            accounts[id_], before, after, {v.seq: v for v in visits[id_]}, {h.seq: h for h in holds[id_]},
            dict(journey.judged_by) if journey else {},
            is_plain=(journey is None or journey.opened_on is None) and not accounts[id_].stale,
        ))  # fmt: skip
    return found


def rewrite_visits(scene: Scene, retold: Sequence[Retold]) -> None:
    """Put the visits and holds as they are now told in the place of those on record, numbered in order of time."""
    ids = [r.account.id for r in retold]
    for model in (Visit, Hold):
        scene.session.execute(delete(model).where(model.account_id.in_(ids)))
    by = actor_label(scene.actor)
    insert_rows(scene.session, Visit, [
        _visit_row(scene, r, seq, stay, by) for r in retold for seq, stay in enumerate(r.after.stays, 1)
    ])  # fmt: skip
    insert_rows(scene.session, Hold, [
        _hold_row(scene, r, seq, parking) for r in retold for seq, parking in enumerate(r.after.parkings, 1)
    ])  # fmt: skip


def clocks(retold: Retold, progress_on: date, calendar: WorkCalendar) -> dict[str, Any]:
    """The columns of an account that follow from its current visit and its holds, with `progress_on` given."""
    stay, seq = retold.current, len(retold.after.stays)
    over = [p for p in retold.after.parkings if p.resumed_on is not None and p.held_on >= stay.entered_on]
    open_hold = next((p for p in retold.after.parkings if p.resumed_on is None), None)
    known = retold.visits.get(stay.was)
    heard_on = retold.account.customer_on or stay.entered_on
    return {
        "visit_seq": seq,
        "step_entered_on": stay.entered_on,
        "self_attested": bool(known and known.self_attested),
        "progress_on": progress_on,
        "held_days": sum((p.resumed_on - p.held_on).days for p in over if p.resumed_on),
        "held_workdays": _held_workdays(over, progress_on, calendar),
        "customer_held_workdays": _held_workdays(over, heard_on, calendar),
        "review_on": _review_on(retold, open_hold) if open_hold else None,
    }


def _held_workdays(parkings: Sequence[Parking], since: date, calendar: WorkCalendar) -> int:
    """The business days of holds, now over, since a day."""
    return sum(calendar.elapsed(max(p.held_on, since), p.resumed_on) for p in parkings if p.resumed_on)


def place_columns(retold: Retold) -> dict[str, Any]:
    """Where the story puts the account now."""
    last = retold.after.spans()[-1]
    return {"place": last.place, "status": status_of(last.place), "claimed_step": last.step}


def outline(chronicle: Chronicle) -> list[str]:
    """A story in a few words, as the history keeps it: place and day of each span."""
    return [f"{span.place}@{span.first}" for span in chronicle.spans()]


def _by_account(scene: Scene, model: type[Visit] | type[Hold], ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    table = model.__table__
    for row in scene.session.execute(
        select(table).where(model.account_id.in_(ids)).order_by(model.account_id, model.seq)
    ):
        found[row.account_id].append(row)
    return found


def _stay(row: Row[Any]) -> Stay:
    return Stay(row.step, row.kind, row.entered_on, row.reason, row.note, row.left_on, row.left_kind, row.seq)


def _parking(row: Row[Any]) -> Parking:
    return Parking(row.held_on, row.reason, row.resumed_on, row.seq)


def _visit_row(scene: Scene, retold: Retold, seq: int, stay: Stay, by: str) -> dict[str, Any]:
    known = retold.visits.get(stay.was)
    return {
        "account_id": retold.account.id,
        "seq": seq,
        "step": stay.step,
        "kind": stay.kind,
        "entered_on": stay.entered_on,
        "left_on": stay.left_on,
        "left_kind": stay.left_kind,
        "reason": stay.reason,
        "note": stay.note,
        "self_attested": known.self_attested if known else False,
        "missing": known.missing if known else [],
        "exception_ends_on": known.exception_ends_on if known else None,
        "recorded_at": known.recorded_at if known else scene.now,
        "recorded_by": known.recorded_by if known else by,
    }


def _hold_row(scene: Scene, retold: Retold, seq: int, parking: Parking) -> dict[str, Any]:
    known = retold.holds.get(parking.was)
    return {
        "account_id": retold.account.id,
        "seq": seq,
        "held_on": parking.held_on,
        "review_on": _review_on(retold, parking),
        "reason": parking.reason or "Imported without a reason.",
        "resumed_on": parking.resumed_on,
        "recorded_at": known.recorded_at if known else scene.now,
    }


def _review_on(retold: Retold, parking: Parking) -> date:
    known = retold.holds.get(parking.was)
    reviewed: date = known.review_on if known else parking.held_on + timedelta(days=REVIEW_DAYS)
    return reviewed
