"""The rows with which an account enters the record, one by hand or a hundred thousand from a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.funnel import OPEN_PLACES, place_of
from changetrack.domain.history import GENESIS, field_diff
from changetrack.domain.journey.steps import STEPS
from changetrack.domain.journey.timeline import Dimensions
from changetrack.domain.journey.timeline import Standing as Stand
from changetrack.domain.names import name_key
from changetrack.domain.people import Actor
from changetrack.models import Account
from changetrack.operations._cells import CellState, FunnelTally, shard_of, standing_facts
from changetrack.operations._history import actor_label, event_row
from changetrack.operations._standings import DIMENSIONS, standing_row

RECORD = (
    "external_id",
    "name",
    "organization",
    "product",
    "segment",
    "region",
    "industry",
    "tier",
    "team_id",
    "owner_id",
    "started_on",
    "annual_value",
    "currency",
    "planned_users",
    "calendar_id",
    "blackout_days",
    "attributes",
)


def reserve_ids(session: scoped_session[Session] | Session, count: int) -> list[int]:
    """Numbers for that many new accounts, which no other transaction will get."""
    if session.get_bind().dialect.name == "postgresql":
        draw = "select nextval(pg_get_serial_sequence('accounts', 'id')) from generate_series(1, :n)"
        return list(session.scalars(text(draw), {"n": count}))
    last = session.scalar(select(func.max(Account.id))) or 0  # SQLite has one writer, and this is it
    return list(range(last + 1, last + 1 + count))


@dataclass(slots=True)
class _Chain:
    """What the history needs of an account that is not yet a row."""

    id: int
    event_seq: int = 0
    event_hash: str = GENESIS


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a new account begins: its step and since when, or held or closed at that step."""

    step: int
    entered_on: date
    status: str  # 'not_opened', 'active', 'anchored', 'held' or 'closed'


@dataclass(frozen=True, slots=True)
class NewAccount:
    """The rows of a new account, by table; insert them in the order of the fields."""

    account: dict[str, Any]
    journey: dict[str, Any]
    visit: dict[str, Any]
    standing: dict[str, Any]
    event: dict[str, Any]


def new_account(
    account_id: int,
    record: Mapping[str, Any],
    placement: Placement,
    *,
    kind: str,
    playbook_version: int,
    actor: Actor,
    now: datetime,
    today: date,
    tally: FunnelTally,
) -> NewAccount:
    """Make the rows of one new account and tally it; `record` has the fields of RECORD, `kind` is of its visit.

    Placed at a step, an account is claimed there and supported nowhere until evidence exists. Its first due day is
    today, so that the night looks at it.
    """
    values = {name: record.get(name) for name in RECORD} | {"attributes": dict(record.get("attributes") or {})}
    values["blackout_days"] = list(values["blackout_days"] or ())
    place = place_of(placement.status, placement.step)
    fields = Dimensions(*(values[name] for name in DIMENSIONS))
    stand = Stand(placement.entered_on, place, placement.step, 0, False, 1, fields, 1)
    is_watched = place in OPEN_PLACES and placement.step > 0
    chain = _Chain(account_id)
    shown = {name: value for name, value in values.items() if value not in (None, {}, [], "")}
    event = event_row(
        chain,
        f"account_{kind}",
        actor=actor,
        effective_on=placement.entered_on,
        now=now,
        changes=field_diff({}, shown | {"claimed_step": placement.step, "status": placement.status}),
    )
    tally.count(None, CellState(place, placement.step > 0, False, fields))
    tally.flow(None, standing_facts(account_id, stand, now), shard_of(fields.team_id))
    state = _untouched(placement, place, now) | {
        "due_on": today if is_watched else None,
        "event_seq": chain.event_seq,
        "event_hash": chain.event_hash,
    }
    pins = {str(n): playbook_version for n in STEPS if n <= placement.step}
    return NewAccount(
        account=values | state | {"id": account_id, "name_key": name_key(str(values["name"]))},
        journey={"account_id": account_id, "judged_by": pins, "roles_not_applicable": [], "version": 1},
        visit=_first_visit(account_id, placement, kind, now, actor),
        standing=standing_row(account_id, 1, stand) | {"recorded_at": now},
        event=event,
    )


def _untouched(placement: Placement, place: int, now: datetime) -> dict[str, Any]:
    """The derived columns of an account about which nothing more is known than where it was placed."""
    return {
        "status": placement.status,
        "place": place,
        "claimed_step": placement.step,
        "supported_step": 0,
        "visit_seq": 1,
        "step_entered_on": placement.entered_on,
        "self_attested": False,
        "progress_on": placement.entered_on,
        "held_days": 0,
        "held_workdays": 0,
        "stale": False,
        "severity": None,
        "review_on": None,
        "standing_seq": 1,
        "standing_on": placement.entered_on,
        "created_at": now,
        "updated_at": now,
        "version": 1,
    }


def _first_visit(account_id: int, placement: Placement, kind: str, now: datetime, actor: Actor) -> dict[str, Any]:
    closed = placement.entered_on if placement.status == "closed" else None
    return {
        "account_id": account_id,
        "seq": 1,
        "step": placement.step,
        "kind": kind,
        "entered_on": placement.entered_on,
        "left_on": closed,
        "left_kind": "closed" if closed else None,
        "self_attested": False,
        "missing": [],
        "recorded_at": now,
        "recorded_by": actor_label(actor),
    }
