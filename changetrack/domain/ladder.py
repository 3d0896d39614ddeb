"""The ladder: who hears of an alert that nobody takes up, when, and what the last of them decides."""

from dataclasses import dataclass
from datetime import date

from changetrack.domain.calendar import WorkCalendar
from changetrack.domain.refusal import Reason


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung: `number` is its place from 0, `after` the business days from the firing, `who` is told, in words."""

    number: int
    name: str
    after: int
    who: str


RUNGS = (
    Rung(0, "owner", 0, "the account’s owner"),
    Rung(1, "reminder", 2, "the account’s owner again"),
    Rung(2, "coordinator", 5, "the team coordinator"),
    Rung(3, "vsm", 10, "the value stream manager"),
    Rung(4, "executive", 20, "the executives, who decide"),
)
"""From the first to the last; the days are those since the alert fired. Source: DOMAIN section 6."""

OWNER, REMINDER, COORDINATOR, VSM, TOP = (rung.number for rung in RUNGS)

DECISIONS = {
    "revive": "Revive it with a changed plan",
    "park": "Park it until a date",
    "close": "Close it with a reason",
}
"""What an executive decides about an alert that came to the top."""

WORDS_MAX = 2000


def rung_on(fired_on: date, day: date, calendar: WorkCalendar) -> int:
    """Return the number of the highest rung that is due on `day` for an alert that fired on `fired_on`."""
    passed = calendar.elapsed(fired_on, day)
    return max(rung.number for rung in RUNGS if rung.after <= passed)


def next_rung_day(fired_on: date, rung: int, calendar: WorkCalendar) -> date | None:
    """Return the first day on which the rung above `rung` is due; None at the top."""
    return None if rung >= TOP else calendar.add(fired_on, RUNGS[rung + 1].after)


def decision_reasons(
    decision: str, *, status: str, rung: int, decided: str | None, words: str, until: date | None, today: date
) -> list[Reason]:
    """Return every reason to refuse an executive's decision about an alert; empty when it may be made.

    `status` and `rung` are the alert's, `decided` what was decided about it before. `words` is the changed plan, or
    why it is parked or closed; `until` the day on which a parked account is looked at again, of no meaning otherwise.
    Source: DOMAIN section 6 (ladder).
    """
    reasons = _untimely(status, rung, decided)
    if decision not in DECISIONS:
        reasons.append(Reason("decision", "Decide: revive it, park it or close it."))
        return reasons
    if not words.strip():
        reasons.append(Reason("words", _ASKED[decision]))
    elif len(words) > WORDS_MAX:
        reasons.append(Reason("words", f"Say it in at most {WORDS_MAX:,} characters."))
    if decision == "park":
        if until is None:
            reasons.append(Reason("until", "Give the day on which you look at it again."))
        elif until <= today:
            reasons.append(Reason("until", "The day on which you look at it again lies ahead."))
    return reasons


_ASKED = {
    "revive": "Say what changes in the plan.",
    "park": "Say why it is parked, from the customer’s side.",
    "close": "Say why it is closed.",
}


def _untimely(status: str, rung: int, decided: str | None) -> list[Reason]:
    if status == "resolved":
        return [Reason(None, "This alert is resolved; there is nothing left to decide.")]
    if decided is not None:
        return [Reason(None, "This has been decided already.")]
    if status != "firing":
        return [Reason(None, "Somebody has taken this alert up; there is nothing left to decide.")]
    if rung < TOP:
        return [Reason(None, "This alert has not come up to the executives: its team is at it.")]
    return []
