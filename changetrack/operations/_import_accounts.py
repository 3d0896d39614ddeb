"""Loading accounts: new ones whole, changed ones field by field, and their step as a record of their history."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, update

from changetrack.domain.first_seen import FirstSeen
from changetrack.domain.funnel import CLOSED, HELD, OPEN_PLACES, status_of
from changetrack.domain.history import field_diff
from changetrack.domain.imports import Layout, ParsedRow, RowReason
from changetrack.domain.journey.chronicle import Record
from changetrack.domain.journey.steps import NOT_OPENED
from changetrack.domain.journey.timeline import Dimensions
from changetrack.domain.journey.timeline import Standing as Stand
from changetrack.domain.names import name_key
from changetrack.models import OPEN_ALERT, Account, Alert, Event, Hold, Journey, Standing, Visit
from changetrack.operations._bulk import insert_rows, update_rows
from changetrack.operations._cells import CellState, FunnelTally, value_of
from changetrack.operations._hands import hands_change
from changetrack.operations._history import event_row
from changetrack.operations._import_due import DueDays
from changetrack.operations._import_lookup import Directory, account_ids, accounts_by_id
from changetrack.operations._import_terms import Scene, Tried, Watch
from changetrack.operations._new_account import RECORD, NewAccount, Placement, new_account, reserve_ids
from changetrack.operations._standings import DIMENSIONS, standing_row
from changetrack.operations._stories import REVIEW_DAYS, retell
from changetrack.operations._story_standings import Chain, write_stories
from changetrack.operations.usage._match import count_waiting

_COLUMNS = (
    "id", *RECORD, "place", "claimed_step", "supported_step", "stale", "visit_seq", "step_entered_on",
    "standing_seq", "standing_on", "event_seq", "event_hash", "version", "value", "due_on",
)  # fmt: skip
_NOT_COMPARED = {"external_id", "step", "step_entered_on", "team", "owner_email", "calendar"}


@dataclass(slots=True)
class _Work:
    """What some rows come to: new records, edits as (account, changed record), and stories to be told anew."""

    new: list[dict[str, Any]] = field(default_factory=list)
    edits: list[tuple[Row[Any], dict[str, Any]]] = field(default_factory=list)
    stories: dict[int, list[Record]] = field(default_factory=dict)


@contextmanager
def accounts_loader(scene: Scene, layout: Layout) -> Iterator["AccountsLoader"]:
    """A loader for one reading of a file of accounts, known by their `external_id`.

    New ones are placed where the file says, present ones are edited. A step tells where the account has been since
    `step_entered_on`; it is claimed, and supported only when evidence exists.
    """
    yield AccountsLoader(scene, layout)


class AccountsLoader:
    """Compares rows with what is on record, some thousand at a time."""

    work_at_end = 0.0

    def __init__(self, scene: Scene, layout: Layout) -> None:
        self._scene = scene
        self._attribute_keys = [key for _, key in layout.attributes]
        self._directory = Directory(scene.session)
        self._seen = FirstSeen()
        self._due = DueDays(scene)
        self._tally = FunnelTally()

    def try_rows(self, rows: Sequence[ParsedRow]) -> Tried:
        """Look up what the rows name and see which accounts are new, changed, or as they were."""
        session = self._scene.session
        self._directory.learn_people(str(row.values["owner_email"]) for row in rows if row.values.get("owner_email"))
        ids = account_ids(session, (str(row.values["external_id"]) for row in rows))
        columns = [getattr(Account, name) for name in _COLUMNS]
        present = accounts_by_id(session, set(ids.values()), columns, lock=self._scene.writing)
        tried, work = Tried(), _Work()
        touched: set[int] = set()
        for row in rows:
            id_ = ids.get(str(row.values["external_id"]))
            if reasons := self._reasons(row, id_):
                tried.rejected.append(reasons)
            elif id_ is None:
                work.new.append(self._record(row.values) | {"attributes": row.attributes} | _step(row.values))
                tried.created += 1
            else:
                touched.update(self._compare(present[id_], row, work))
        stories = retell(self._scene, work.stories) if work.stories else []
        touched.update(story.account.id for story in stories)
        tried.updated = len(touched)
        tried.unchanged = len(rows) - tried.created - tried.updated - len(tried.rejected)
        tried.work = work
        return tried

    def write(self, work: _Work) -> None:
        """Insert the new accounts, save the edited ones, tell the changed stories."""
        self._write_new(work.new)
        moved = [account.id for account, after in work.edits if _is_handed_over(account, after)]
        with hands_change(self._scene.session, Account.id.in_(moved) if moved else None, self._scene.now):
            self._write_edits(work.edits)
        if work.stories:
            write_stories(self._scene, retell(self._scene, work.stories), self._tally, self._due)

    def finish(self, *, write: bool, count: bool, watch: Watch) -> Tried:
        """Bring the funnel's summaries into line, and count the use that waited for these accounts."""
        del count, watch
        if write:
            self._tally.flush(self._scene.session)
            count_waiting(self._scene.session, now=self._scene.now, today=self._scene.today)
        return Tried()

    def _reasons(self, row: ParsedRow, id_: int | None) -> list[RowReason]:
        values, reasons = row.values, []
        name = str(values["external_id"])
        earlier = self._seen.line_of(f"\0{id_}" if id_ is not None else name, row.line)
        if earlier is not None:
            reasons.append(RowReason(row.line, "external_id", f"“{name}” stands in line {earlier} already."))
        team, owner = values.get("team"), values.get("owner_email")
        if team and self._directory.team(str(team)) is None:
            reasons.append(RowReason(row.line, "team", f"There is no team “{team}”. Add it first."))
        if owner and self._directory.person(str(owner)) is None:
            reasons.append(RowReason(row.line, "owner_email", f"“{owner}” is not one of our people. Add them first."))
        if (calendar := values.get("calendar")) and self._directory.calendar(str(calendar)) is None:
            reasons.append(RowReason(row.line, "calendar", f"There is no calendar “{calendar}”. Add it first."))
        return reasons

    def _record(self, values: Mapping[str, object]) -> dict[str, Any]:
        """Of the values of a row those of the account record, with team and owner as ids."""
        record = {name: value for name, value in values.items() if name not in _NOT_COMPARED}
        record["external_id"] = values["external_id"]
        if "team" in values:
            record["team_id"] = self._directory.team(str(values["team"])) if values["team"] else None
        if "owner_email" in values:
            email = values["owner_email"]
            record["owner_id"] = self._directory.person(str(email)) if email else None
        if "calendar" in values:
            calendar = values["calendar"]
            record["calendar_id"] = self._directory.calendar(str(calendar)) if calendar else None
        return record

    def _compare(self, account: Row[Any], row: ParsedRow, work: _Work) -> list[int]:
        """Note what is to change of an account; returns its id if its record does."""
        after = self._record(row.values)
        del after["external_id"]
        if self._attribute_keys:
            kept = {k: v for k, v in account.attributes.items() if k not in self._attribute_keys}
            after["attributes"] = kept | row.attributes
        if record := _learned(account, row.values):
            work.stories[account.id] = [record]
        if all(getattr(account, name) == value for name, value in after.items()):
            return []
        work.edits.append((account, after))
        return [account.id]

    def _write_new(self, records: Sequence[dict[str, Any]]) -> None:
        if not records:
            return
        scene, made, holds = self._scene, [], []
        for id_, record in zip(reserve_ids(scene.session, len(records)), records, strict=True):
            placement, place = _placement(scene, record)
            new = new_account(
                id_, record, placement, kind="imported", playbook_version=self._due.playbook.version,
                actor=scene.actor, now=scene.now, today=scene.today, tally=self._tally,
            )  # fmt: skip
            day = placement.entered_on
            calendar = self._due.calendars.of(record.get("calendar_id"))
            new.account["due_on"] = self._due.due_on(
                place, placement.step, entered_on=day, progress_on=day, calendar=calendar
            )
            if place == HELD:
                holds.append(_hold(scene, new))
            new.visit["reason"] = "other" if place == CLOSED else None
            made.append(new)
        for model, name in ((Account, "account"), (Journey, "journey"), (Visit, "visit"), (Standing, "standing"),
                            (Event, "event")):  # fmt: skip
            insert_rows(scene.session, model, [getattr(new, name) for new in made])
        insert_rows(scene.session, Hold, holds)

    def _write_edits(self, edits: Sequence[tuple[Row[Any], dict[str, Any]]]) -> None:
        scene, rows, events, standings, moved = self._scene, [], [], [], []
        for account, after in edits:
            chain = Chain(account.id, account.event_seq, account.event_hash)
            before = {name: getattr(account, name) for name in after}
            events.append(event_row(
                chain, "account_edited", actor=scene.actor, effective_on=scene.today, now=scene.now,
                changes=field_diff(before, after),
            ))  # fmt: skip
            seq = account.standing_seq
            old, new = _dimensions(account, {}), _dimensions(account, after)
            if old != new:
                seq += 1
                standings.append(
                    standing_row(account.id, seq, _stand(scene, account, new)) | {"recorded_at": scene.now}
                )
                self._tally.count(_cell(account, old), _cell(account, new))
            if old.team_id != new.team_id:
                moved.append({"account_id": account.id, "team_id": new.team_id})
            rows.append({
                "id": account.id, **after, "name_key": name_key(after.get("name") or account.name),
                "standing_seq": seq, "standing_on": scene.today if old != new else account.standing_on,
                "event_seq": chain.event_seq, "event_hash": chain.event_hash, "version": account.version + 1,
                "updated_at": scene.now, "due_on": _due_on(scene, account, after),
            })  # fmt: skip
        update_rows(scene.session, Account, ["id"], rows)
        insert_rows(scene.session, Event, events)
        insert_rows(scene.session, Standing, standings)
        for row in moved:
            mine = (Alert.account_id == row["account_id"], OPEN_ALERT)
            scene.session.execute(update(Alert).where(*mine).values(team_id=row["team_id"]))


def _is_handed_over(account: Row[Any], after: Mapping[str, Any]) -> bool:
    return any(after.get(name, getattr(account, name)) != getattr(account, name) for name in ("team_id", "owner_id"))


def _due_on(scene: Scene, account: Row[Any], after: Mapping[str, Any]) -> date | None:
    """When the night looks at an edited account: with another calendar in the next, for its clocks run otherwise."""
    is_open = account.place in OPEN_PLACES and account.place != NOT_OPENED
    due_on: date | None = account.due_on
    if is_open and after.get("calendar_id", account.calendar_id) != account.calendar_id:
        return min(due_on or scene.today, scene.today)
    return due_on


def _step(values: Mapping[str, object]) -> dict[str, object]:
    return {name: values.get(name) for name in ("step", "step_entered_on")}


def _placement(scene: Scene, record: dict[str, Any]) -> tuple[Placement, int]:
    place = record.get("step") or NOT_OPENED
    entered = record.get("step_entered_on") or record.get("started_on") or scene.today
    step = NOT_OPENED if place in (HELD, CLOSED) else place
    return Placement(step, entered, status_of(place)), place


def _learned(account: Row[Any], values: Mapping[str, object]) -> Record | None:
    """What a row tells of where the account is, unless it is just what is on record."""
    place, day = values.get("step"), values.get("step_entered_on")
    if not isinstance(place, int) or not isinstance(day, date):
        return None
    is_there = place == account.place and (place not in OPEN_PLACES or day == account.step_entered_on)
    return None if is_there else Record(day, place)


def _hold(scene: Scene, new: NewAccount) -> dict[str, Any]:
    held_on = new.visit["entered_on"]
    review_on = held_on + timedelta(days=REVIEW_DAYS)
    new.account["review_on"] = review_on
    return {
        "account_id": new.account["id"], "seq": 1, "held_on": held_on, "review_on": review_on,
        "reason": "Imported without a reason.", "resumed_on": None, "recorded_at": scene.now,
    }  # fmt: skip


def _dimensions(account: Row[Any], changed: Mapping[str, Any]) -> Dimensions:
    return Dimensions(*(changed.get(name, getattr(account, name)) for name in DIMENSIONS))


def _cell(account: Row[Any], dimensions: Dimensions) -> CellState:
    unsupported = account.supported_step < account.claimed_step
    return CellState(account.place, unsupported, account.stale, dimensions, value_of(account.value))


def _stand(scene: Scene, account: Row[Any], dimensions: Dimensions) -> Stand:
    return Stand(
        scene.today, account.place, account.claimed_step, account.supported_step, account.stale, account.visit_seq,
        dimensions,
    )  # fmt: skip
