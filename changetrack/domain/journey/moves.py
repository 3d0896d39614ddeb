"""What may be asked of an account besides advancing: going back, exception, hold, resume, close, reopen."""

from collections.abc import Sequence
from datetime import date

from changetrack.domain.cells import EARLIEST
from changetrack.domain.journey.gate import Missing
from changetrack.domain.journey.steps import ANCHORED, CLOSE_OUTCOMES, NOT_OPENED, REGRESS_REASONS, step_name
from changetrack.domain.refusal import Reason


def day_reasons(field: str, day: date | None, *, today: date, not_before: date | None = None) -> list[Reason]:
    """Why a day cannot be the day on which something took effect at the customer."""
    if day is None:
        return [Reason(field, "A date is needed.")]
    if day > today:
        return [Reason(field, f"{day:%-d %b %Y} is in the future.")]
    if day < EARLIEST:
        return [Reason(field, f"{day.isoformat()} lies before {EARLIEST.year}.")]
    if not_before is not None and day < not_before:
        return [Reason(field, f"This account came to where it is on {not_before:%-d %b %Y}; this cannot be earlier.")]
    return []


def regress_reasons(status: str, claimed: int, to_step: int, reason: str) -> list[Reason]:
    """Why an account may not go back to that step for that reason. Going back is a normal event."""
    reasons = []
    if status not in ("active", "anchored"):
        reasons.append(Reason(None, "Only an account that is on its way can go back."))
    if not NOT_OPENED < to_step < ANCHORED:
        reasons.append(Reason("to_step", "Steps are numbered 1 to 8."))
    elif to_step >= claimed:
        reasons.append(
            Reason("to_step", f"Going back means an earlier step than {min(claimed, 8)}, {step_name(claimed)}.")
        )
    if reason not in REGRESS_REASONS:
        reasons.append(Reason("reason", "Say why, by one of: " + ", ".join(REGRESS_REASONS.values()) + "."))
    return reasons


def exception_reasons(
    status: str, missing: Sequence[Missing], reason: str, ends_on: date | None, today: date
) -> list[Reason]:
    """Why the value stream manager may not let an account go ahead without its evidence."""
    reasons = []
    if status != "active":
        reasons.append(Reason(None, "Only an account at a step can go ahead by exception."))
    elif not missing:
        reasons.append(Reason(None, "Nothing is missing: propose to advance instead."))
    reasons += [Reason(m.point, f"{m.sentence} It cannot be excepted.") for m in missing if not m.may_be_excepted]
    reasons += [Reason("opening", m.sentence) for m in missing if m.point is None]
    if not reason.strip():
        reasons.append(Reason("reason", "Write down why it goes ahead without its evidence."))
    if ends_on is None or ends_on <= today:
        reasons.append(Reason("ends_on", "Give the day by which the evidence is to be there, after today."))
    return reasons


def hold_reasons(status: str, reason: str, review_on: date | None, today: date) -> list[Reason]:
    """Why an account may not be put on hold."""
    reasons = []
    if status not in ("active", "anchored", "not_opened"):
        reasons.append(Reason(None, "Only an account on its way can be put on hold."))
    if not reason.strip():
        reasons.append(Reason("reason", "Give the customer's reason for waiting."))
    if review_on is None or review_on <= today:
        reasons.append(Reason("review_on", "Give the day on which you will look at it again, after today."))
    return reasons


def close_reasons(status: str, outcome: str) -> list[Reason]:
    """Why an account may not be closed with that outcome."""
    reasons = []
    if status == "closed":
        reasons.append(Reason(None, "The account is closed already."))
    if outcome not in CLOSE_OUTCOMES:
        reasons.append(Reason("outcome", "Say how it ended: " + ", ".join(CLOSE_OUTCOMES.values()) + "."))
    return reasons
