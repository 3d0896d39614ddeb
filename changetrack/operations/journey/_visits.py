"""Leaving one step and entering another, the same way for every move."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from changetrack.domain.funnel import place_of
from changetrack.domain.journey.steps import ANCHORED, NOT_OPENED, STEPS
from changetrack.domain.journey.timeline import Span
from changetrack.models import Hold, Visit
from changetrack.operations._dossier import Dossier


@dataclass(frozen=True, slots=True)
class Move:
    """What a move did: the account, the step it is claimed at now, and where evidence carries it."""

    account_id: int
    claimed_step: int
    supported_step: int
    self_attested: bool = False


def last_hold(dossier: Dossier) -> Hold | None:
    """The newest hold of the account, None if it never was on hold."""
    query = select(Hold).where(Hold.account_id == dossier.account.id).order_by(Hold.seq.desc()).limit(1)
    return dossier.session.scalar(query)


def earliest_day(dossier: Dossier) -> date:
    """The first day on which the account can be moved: since it came to its step, and to its hold or off it."""
    entered_on, hold = dossier.account.step_entered_on, last_hold(dossier)
    return entered_on if hold is None else max(entered_on, hold.resumed_on or hold.held_on)


def leave_visit(dossier: Dossier, *, on: date, kind: str, reason: str | None = None, note: str | None = None) -> Visit:
    """End the current visit of the account."""
    visit = dossier.visit
    visit.left_on, visit.left_kind = on, kind
    if reason is not None:
        visit.reason = reason
    if note is not None:
        visit.note = note
    return visit


def enter_step(dossier: Dossier, to_step: int, *, kind: str, on: date, leaves: bool = True, **visit: Any) -> list[Span]:
    """Leave the current visit for a new one at `to_step`; its clocks start, and today's playbook judges it."""
    account = dossier.account
    if leaves:
        leave_visit(dossier, on=on, kind=kind)
    seq = account.visit_seq + 1
    dossier.visit = Visit(
        account_id=account.id,
        seq=seq,
        step=to_step,
        kind=kind,
        entered_on=on,
        recorded_at=dossier.now,
        recorded_by=dossier.actor.email or dossier.actor.name,
        **visit,
    )
    dossier.session.add(dossier.visit)
    account.visit_seq, account.step_entered_on = seq, on
    account.self_attested = bool(visit.get("self_attested"))
    account.held_days = account.held_workdays = 0
    if account.customer_on is None:  # their silence then counts from here
        account.customer_held_workdays = 0
    account.progress_on = max(account.progress_on, on)
    if to_step in STEPS:
        dossier.journey.judged_by = dossier.journey.judged_by | {str(to_step): dossier.current.version}
    return [Span(on, open_place(to_step), to_step, seq)]


def open_place(step: int) -> int:
    """The place of an account that is on its way at a step: the step's own number."""
    return place_of({NOT_OPENED: "not_opened", ANCHORED: "anchored"}.get(step, "active"), step)


def move_of(dossier: Dossier) -> Move:
    """What came of the operation, for whoever asked for it."""
    account = dossier.account
    return Move(account.id, account.claimed_step, account.supported_step, account.self_attested)
