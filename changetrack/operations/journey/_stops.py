"""Putting an account on hold, taking it off, closing it: the same whoever decides it."""

from datetime import date

from changetrack.domain.funnel import CLOSED, HELD
from changetrack.domain.journey.moves import close_reasons, day_reasons, hold_reasons
from changetrack.domain.journey.steps import CLOSE_OUTCOMES
from changetrack.domain.journey.timeline import Span
from changetrack.domain.refusal import refuse_if
from changetrack.models import Hold
from changetrack.operations._dossier import Dossier
from changetrack.operations._texts import NOTE, text_reasons
from changetrack.operations.journey._visits import earliest_day, last_hold, leave_visit


def put_on_hold(dossier: Dossier, reason: str, review_on: date | None, on: date) -> list[Span]:
    """Park an account from a day on, until a review; returns its places from then on, and the caller settles.

    Raises OperationRefused with everything that forbids it.
    """
    account = dossier.account
    refuse_if(
        hold_reasons(account.status, reason, review_on, dossier.today)
        + day_reasons("effective_on", on, today=dossier.today, not_before=earliest_day(dossier))
        + text_reasons({"reason": reason}, {"reason": NOTE})
    )
    last = last_hold(dossier)
    hold = Hold(
        account_id=account.id,
        seq=last.seq + 1 if last else 1,
        held_on=on,
        review_on=review_on,
        reason=reason.strip(),
        recorded_at=dossier.now,
    )
    dossier.session.add(hold)
    account.review_on = review_on
    changes = {"status": [account.status, "held"], "review_on": [None, str(review_on)]}
    dossier.happened("account_held", effective_on=on, note=reason.strip(), changes=changes)
    return [Span(on, HELD, account.claimed_step, account.visit_seq)]


def end_journey(dossier: Dossier, outcome: str, note: str, on: date) -> list[Span]:
    """Close an account from a day on; returns its places from then on, and the caller settles.

    Raises OperationRefused with everything that forbids it.
    """
    account = dossier.account
    hold = last_hold(dossier) if account.status == "held" else None
    refuse_if(
        close_reasons(account.status, outcome)
        + day_reasons("effective_on", on, today=dossier.today, not_before=earliest_day(dossier))
        + text_reasons({"note": note}, {"note": NOTE})
    )
    if hold is not None:
        end_hold(dossier, hold, on)
    leave_visit(dossier, on=on, kind="closed", reason=outcome, note=note.strip() or None)
    changes = {"status": [account.status, "closed"], "outcome": [None, outcome]}
    dossier.happened("account_closed", effective_on=on, note=note.strip() or CLOSE_OUTCOMES[outcome], changes=changes)
    return [Span(on, CLOSED, account.claimed_step, account.visit_seq)]


def end_hold(dossier: Dossier, hold: Hold, on: date) -> None:
    """End a hold: the days that it took do not count on any clock."""
    account, calendar = dossier.account, dossier.calendar
    hold.resumed_on = on
    account.held_days += (on - hold.held_on).days
    account.held_workdays += calendar.elapsed(max(hold.held_on, account.progress_on), on)
    heard_on = account.customer_on or account.step_entered_on
    account.customer_held_workdays += calendar.elapsed(max(hold.held_on, heard_on), on)
    account.review_on = None
