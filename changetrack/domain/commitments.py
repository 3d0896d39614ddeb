"""The rules of commitments: somebody's word to do something by a day, met, renegotiated in time, or withdrawn."""

from datetime import date, datetime

from changetrack.domain.calendar import WorkCalendar
from changetrack.domain.refusal import Reason

STATES = ("open", "met", "withdrawn")
ACTION_MAX = 500
RESULT_MAX = 2000
FARTHEST_DAYS = 3650
_WORDS_MAX = 300

_ENDED = {
    "met": "This commitment is met already.",
    "withdrawn": "This commitment is withdrawn; there is nothing left to do.",
}


def make_reasons(action: str, due_on: date | None, owner: str, *, made_on: date, today: date) -> list[Reason]:
    """Return every reason to refuse a new commitment, by its field; empty when it stands.

    `owner` is whose word it is, by name, of either side. It may be told later than it was made: then it may be due in
    the past, but never before it was made. Source: DOMAIN section 8.
    """
    reasons = []
    if not action.strip():
        reasons.append(Reason("action", "Say what is to be done."))
    elif len(action) > ACTION_MAX:
        reasons.append(Reason("action", f"Say it in at most {ACTION_MAX} characters."))
    if not owner.strip():
        reasons.append(Reason("owner", "Say whose word it is: one person, of ours or of the customer's."))
    if made_on > today:
        reasons.append(Reason("made_on", "It cannot have been made in the future."))
    return reasons + _due_reasons("due_on", due_on, made_on)


def meet_reasons(state: str, *, made_on: date, met_on: date | None, result: str, today: date) -> list[Reason]:
    """Return every reason to refuse that a commitment was met, with what `result`; empty when it was."""
    reasons = _ended_reasons(state)
    if met_on is None:
        reasons.append(Reason("met_on", "Give the day on which it was done."))
    elif met_on > today:
        reasons.append(Reason("met_on", "It cannot have been done in the future."))
    elif met_on < made_on:
        reasons.append(Reason("met_on", "It cannot have been done before it was promised."))
    if len(result) > RESULT_MAX:
        reasons.append(Reason("result", f"Say it in at most {RESULT_MAX:,} characters."))
    return reasons


def renegotiate_reasons(state: str, due_on: date, new_due_on: date | None, *, today: date) -> list[Reason]:
    """Return every reason to refuse another due day; empty when it may be agreed.

    Up to and including the day on which it is due: later it is overdue, and only meeting or withdrawing it ends that.
    Source: DOMAIN section 6 (`overdue_commitment`).
    """
    reasons = _ended_reasons(state)
    if not reasons and today > due_on:
        reasons.append(Reason(None, "It was due already: another day is agreed before that, not after."))
    if new_due_on == due_on:
        reasons.append(Reason("due_on", "It is due on that day already."))
        return reasons
    return reasons + _due_reasons("due_on", new_due_on, today)


def withdraw_reasons(state: str, reason: str) -> list[Reason]:
    """Return every reason to refuse taking a commitment back; empty when it may be, for a `reason`."""
    reasons = _ended_reasons(state)
    if not reason.strip():
        reasons.append(Reason("reason", "Say why it is taken back."))
    elif len(reason) > RESULT_MAX:
        reasons.append(Reason("reason", f"Say it in at most {RESULT_MAX:,} characters."))
    return reasons


def reopen_reasons(state: str, *, ended_at: datetime | None, moved_at: datetime, is_closed: bool) -> list[Reason]:
    """Return every reason to refuse that a commitment was met by mistake and is open again; empty when it may be.

    Only while the account is where it was: what was met before it `moved_at` a moment to another step stands.
    """
    if state != "met" or ended_at is None:
        return [Reason(None, "Only a commitment that is met can be opened again.")]
    reasons = [Reason(None, "The account is closed.")] if is_closed else []
    if moved_at > ended_at:
        reasons.append(Reason(None, "The account has moved since: what was met before stands."))
    return reasons


def is_overdue(due_on: date, today: date, calendar: WorkCalendar) -> bool:
    """Say whether an open commitment is overdue: at least one business day went by since it was due."""
    return calendar.elapsed(due_on, today) >= 1


def is_progress(made_on: date, met_on: date) -> bool:
    """Say whether a commitment that was met is progress: not on the very day on which it was made.

    Nobody waited for such a word; two clicks would end any alert. Source: decision 0016, on DOMAIN section 6.
    """
    return met_on > made_on


def is_waste(outcome: int | None) -> bool:
    """Say whether a commitment is waste: no agreed outcome asks for it. Source: DOMAIN sections 2 and 8."""
    return outcome is None


def commitment_words(action: str, owner: str) -> str:
    """Return what was promised and by whom, in a few words: “Send the plan” (Olu); at most 300 characters."""
    room = _WORDS_MAX - len(owner) - 5
    line = " ".join(action.split())
    return f"“{line if len(line) <= room else f'{line[: room - 1]}…'}” ({owner})"


def _ended_reasons(state: str) -> list[Reason]:
    return [Reason(None, _ENDED[state])] if state in _ENDED else []


def _due_reasons(field: str, due_on: date | None, first: date) -> list[Reason]:
    if due_on is None:
        return [Reason(field, "Give the day by which it is to be done.")]
    if due_on < first:
        return [Reason(field, "The day by which it is to be done is in the past.")]
    if (due_on - first).days > FARTHEST_DAYS:
        return [Reason(field, "Nobody can promise that far ahead: choose a day within ten years.")]
    return []
