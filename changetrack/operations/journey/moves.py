"""The moves that need no gate: exception, going back, hold, resume, close, reopen."""

from datetime import date, datetime

from changetrack.domain.funnel import status_of
from changetrack.domain.journey.gate import missing_points
from changetrack.domain.journey.moves import day_reasons, exception_reasons, regress_reasons
from changetrack.domain.journey.steps import REGRESS_REASONS, step_name
from changetrack.domain.journey.timeline import Span
from changetrack.domain.people import Action, Actor
from changetrack.domain.refusal import OperationRefused, Reason, refuse_if
from changetrack.operations._dossier import open_dossier
from changetrack.operations._settle import settle
from changetrack.operations._texts import NOTE, text_reasons
from changetrack.operations._transaction import transaction
from changetrack.operations.journey._stops import end_hold, end_journey, put_on_hold
from changetrack.operations.journey._visits import Move, earliest_day, enter_step, last_hold, move_of, open_place


def advance_by_exception(
    *,
    account_id: int,
    reason: str,
    ends_on: date | None,
    effective_on: date,
    actor: Actor,
    now: datetime,
    today: date,
) -> Move:
    """Let an account go ahead although points are missing: the claimed step moves, the supported does not.

    Only the value stream manager may. Refuses without a written reason and an end, and where a missing point
    cannot be excepted.
    """
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.EXCEPT, now=now, today=today)
        account, step = dossier.account, dossier.account.claimed_step
        missing = missing_points(step, is_opened=dossier.is_opened(today), judged=dossier.judged(today))
        refuse_if(
            exception_reasons(account.status, missing, reason, ends_on, today)
            + day_reasons("effective_on", effective_on, today=today, not_before=earliest_day(dossier))
            + text_reasons({"reason": reason}, {"reason": NOTE})
        )
        points = [m.point for m in missing]
        spans = enter_step(
            dossier,
            step + 1,
            kind="excepted",
            on=effective_on,
            note=reason.strip(),
            missing=points,
            exception_ends_on=ends_on,
        )
        dossier.happened(
            "account_excepted",
            effective_on=effective_on,
            note=reason.strip(),
            changes={"claimed_step": [step, step + 1], "missing": [[], points]},
        )
        settle(dossier, since=effective_on, spans=spans, cause=f"The account moved to {step_name(step + 1)}.")
        return move_of(dossier)


def move_back(
    *,
    account_id: int,
    to_step: int,
    reason: str,
    note: str = "",
    effective_on: date,
    actor: Actor,
    now: datetime,
    today: date,
) -> Move:
    """Take an account back to an earlier step: a normal event with a reason, which opens a new visit."""
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        account, step = dossier.account, dossier.account.claimed_step
        refuse_if(
            regress_reasons(account.status, step, to_step, reason)
            + day_reasons("effective_on", effective_on, today=today, not_before=earliest_day(dossier))
            + text_reasons({"note": note}, {"note": NOTE})
        )
        spans = enter_step(
            dossier, to_step, kind="regressed", on=effective_on, reason=reason, note=note.strip() or None
        )
        dossier.happened(
            "account_regressed",
            effective_on=effective_on,
            note=note.strip() or REGRESS_REASONS[reason],
            changes={"claimed_step": [step, to_step], "reason": [None, reason]},
        )
        settle(dossier, since=effective_on, spans=spans, cause=f"The account went back to {step_name(to_step)}.")
        return move_of(dossier)


def hold_account(
    *,
    account_id: int,
    reason: str,
    review_on: date | None,
    effective_on: date,
    actor: Actor,
    now: datetime,
    today: date,
) -> Move:
    """Park an account for a reason of the customer's, until a review: its clocks stand still."""
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        spans = put_on_hold(dossier, reason, review_on, effective_on)
        settle(dossier, since=effective_on, spans=spans, cause="The account was put on hold.")
        return move_of(dossier)


def resume_account(*, account_id: int, effective_on: date, actor: Actor, now: datetime, today: date) -> Move:
    """Take an account off hold: its clocks go on where they stood."""
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        account = dossier.account
        hold = last_hold(dossier)
        if account.status != "held" or hold is None:
            raise OperationRefused([Reason(None, "The account is not on hold.")])
        refuse_if(day_reasons("effective_on", effective_on, today=today, not_before=hold.held_on))
        end_hold(dossier, hold, effective_on)
        step = account.claimed_step
        place = open_place(step)
        dossier.happened("account_resumed", effective_on=effective_on, changes={"status": ["held", status_of(place)]})
        spans = [Span(effective_on, place, step, account.visit_seq)]
        settle(dossier, since=effective_on, spans=spans, cause="The account was taken off hold.")
        return move_of(dossier)


def close_account(
    *,
    account_id: int,
    outcome: str,
    note: str = "",
    effective_on: date,
    actor: Actor,
    now: datetime,
    today: date,
) -> Move:
    """End an account's journey with an outcome: churned, merged, never started, other."""
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        spans = end_journey(dossier, outcome, note, effective_on)
        settle(dossier, since=effective_on, spans=spans, cause="The account was closed.")
        return move_of(dossier)


def reopen_account(*, account_id: int, effective_on: date, actor: Actor, now: datetime, today: date) -> Move:
    """Take a closed account back into its journey, at the step where it was closed, as a new visit."""
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        account = dossier.account
        reasons = [] if account.status == "closed" else [Reason(None, "The account is not closed.")]
        not_before = dossier.visit.left_on
        refuse_if(reasons + day_reasons("effective_on", effective_on, today=today, not_before=not_before))
        spans = enter_step(dossier, account.claimed_step, kind="reopened", on=effective_on, leaves=False)
        status = status_of(open_place(account.claimed_step))
        dossier.happened("account_reopened", effective_on=effective_on, changes={"status": ["closed", status]})
        settle(dossier, since=effective_on, spans=spans, cause="The account was reopened.")
        return move_of(dossier)
