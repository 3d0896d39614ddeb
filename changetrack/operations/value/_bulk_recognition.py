"""Writing what was recognised of many accounts, a table at a time."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.falling_use import worst_fall
from changetrack.domain.journey.timeline import Dimensions
from changetrack.domain.people import Actor
from changetrack.models import Account, Event, Outcome
from changetrack.operations._bulk import insert_rows, table_of, update_rows
from changetrack.operations._cells import FunnelTally
from changetrack.operations._history import event_row
from changetrack.operations.value._account_value import Value, account_value_changed, add_flows, value_of
from changetrack.operations.value._ledger import by_key, falls, state_changes, write_entries
from changetrack.operations.value._recognised import FIGURES, Recognised

_DIMENSIONS = ("team_id", "product", "segment", "region", "industry", "tier")
_RECOGNISED = (
    "account_id", "seq", "state", "detail", "state_since", "confirmed_from", "valid_until", *FIGURES, "ledger_seq",
    "due_on", "touched_from", "recognised_on",
)  # fmt: skip
_KEPT = ("event_seq", "event_hash", "value", "falling_since", "falling_why", "progress_on")


@dataclass(slots=True)
class Holder:
    """What of an account changes when its outcomes are recognised, and by what it is summed up."""

    id: int
    place: int
    dimensions: Dimensions
    event_seq: int
    event_hash: str
    value: Value
    falling_since: date | None
    falling_why: str | None
    progress_on: date
    rests: bool  # its no-progress clock stood still at times: progress takes more than a date

    def kept(self) -> tuple[Any, ...]:
        """What is written back if it changed."""
        return tuple(getattr(self, name) for name in _KEPT)


def lock_holders(session: scoped_session[Session], account_ids: Sequence[int]) -> dict[int, Holder]:
    """Lock accounts and read what is needed of them; what somebody else has locked is left to them, or for later."""
    columns: list[Any] = [
        Account.id, Account.place, Account.event_seq, Account.event_hash, Account.value, Account.falling_since,
        Account.falling_why, Account.progress_on, Account.held_workdays,
        *(getattr(Account, name) for name in _DIMENSIONS),
    ]  # fmt: skip
    rows = select(*columns).where(Account.id.in_(account_ids)).order_by(Account.id).with_for_update(skip_locked=True)
    return {
        row.id: Holder(
            row.id,
            row.place,
            Dimensions(*(getattr(row, name) for name in _DIMENSIONS)),
            row.event_seq,
            row.event_hash,
            row.value,
            row.falling_since,
            row.falling_why,
            row.progress_on,
            bool(row.held_workdays),
        )
        for row in session.execute(rows)
    }


def outcomes_of(session: scoped_session[Session], account_ids: Collection[int]) -> Mapping[int, list[Any]]:
    """All outcomes of these accounts, by account, in order; their columns are looked at so often that a row is slow."""
    table = table_of(Outcome)
    names = table.c.keys()
    found: defaultdict[int, list[Any]] = defaultdict(list)
    rows = select(table).where(table.c.account_id.in_(account_ids)).order_by(table.c.account_id, table.c.seq)
    for row in session.execute(rows):
        outcome = SimpleNamespace(**dict(zip(names, row, strict=True)))
        found[outcome.account_id].append(outcome)
    return found


def write_all(
    session: scoped_session[Session],
    holders: Mapping[int, Holder],
    outcomes: Mapping[int, Sequence[Any]],
    recognised: Mapping[int, Sequence[Recognised]],
    *,
    actor: Actor,
    now: datetime,
    today: date,
) -> None:
    """Write ledger, outcomes, accounts, their history and the summaries of value.

    What is left to be settled stays due since the day of its change, which is before that of its recognition.
    """
    every = [each for found in recognised.values() for each in found]
    events: list[dict[str, Any]] = []
    rows, changed, tally = [], [], FunnelTally()
    for account_id, found in recognised.items():
        holder = holders[account_id]
        before, worth = holder.kept(), holder.value
        unsettled = _follow(holder, outcomes[account_id], found, events, actor=actor, now=now, today=today)
        rows += [_outcome_row(each, today, unsettled=unsettled) for each in found]
        if holder.value != worth:
            account_value_changed(tally, holder.place, holder.dimensions, worth, holder.value)
        if holder.kept() != before:
            changed.append({"id": holder.id, **dict(zip(_KEPT, holder.kept(), strict=True)), "updated_at": now})
    write_entries(session, every, now)
    update_rows(session, Outcome, ("account_id", "seq"), rows)
    insert_rows(session, Event, events)
    update_rows(session, Account, ("id",), changed)
    add_flows(session, ((holders[each.outcome.account_id].dimensions.team_id, each) for each in every), today)
    tally.flush(session)  # last, as in every operation, so that two writers never wait for each other


def write_outcomes(session: scoped_session[Session], outcomes: Iterable[Any]) -> None:
    """Write what recognition changes of outcomes, as they stand now."""
    rows = [{name: getattr(outcome, name) for name in _RECOGNISED} for outcome in outcomes]
    update_rows(session, Outcome, ("account_id", "seq"), rows)


def _follow(
    holder: Holder,
    outcomes: Sequence[Any],
    found: Sequence[Recognised],
    events: list[dict[str, Any]],
    *,
    actor: Actor,
    now: datetime,
    today: date,
) -> bool:
    """Bring the account in line and append its events; whether more follows than what is written here."""
    fall = worst_fall(falls(found))
    unsettled = fall != (holder.falling_since, holder.falling_why) or any(each.moves_points for each in found)
    holder.value = value_of(outcomes, by_key(found))
    holder.falling_since, holder.falling_why = fall
    for each in found:
        if each.event is not None:
            effective_on = each.changed_on(today)
            events.append(
                event_row(
                    holder,
                    each.event,
                    actor=actor,
                    effective_on=effective_on,
                    now=now,
                    changes=state_changes(each),
                    note=each.outcome.statement,
                    is_progress=each.is_up,
                )
            )
            if each.is_up:
                holder.progress_on = max(holder.progress_on, effective_on)
    return unsettled


def _outcome_row(each: Recognised, today: date, *, unsettled: bool) -> dict[str, Any]:
    """What an outcome's row becomes; it stays due if its account has still to be settled, since its state changed."""
    outcome = each.outcome
    changed = [today, *([each.changed_on(today)] if each.event else []), each.lost_on(today) or today]
    return {
        "account_id": outcome.account_id,
        "seq": outcome.seq,
        **each.columns,
        "due_on": min(changed) if unsettled else each.recognition.due_on,
        "touched_from": None,
        "recognised_on": today,
    }
