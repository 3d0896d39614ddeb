"""What the clocks of staleness say, as sentences that go on from day to day."""

from collections.abc import Iterable
from datetime import date

from changetrack.domain.calendar import WorkCalendar
from changetrack.domain.day_words import counted, month_in_words

_LAST_STEP = 8


def why_on(
    day: date, reason: str, *, since: date, step: int, limit: int, calendar: WorkCalendar, words: str = ""
) -> str:
    """Return the sentence of a clock's reason (all but `usage_falling`, `evidence_expiring`) as it reads on `day`.

    `since` is the first day on which it was true, so its clock then stood one past the `limit`; `words` are those of
    the reason. A `day` before it reads as that first day.
    """
    passed = (day - since).days if reason == "over_age" else calendar.elapsed(since, day)
    return _clock_words(reason, limit + 1 + max(passed, 0), step, limit, words)


def _clock_words(reason: str, count: int, step: int, limit: int, words: str) -> str:
    is_step = step <= _LAST_STEP
    where = f"in step {step}" if is_step else "while anchored"
    if reason == "overdue_commitment":
        return f"{words}, {counted(count, 'business day')} ago."
    if reason == "over_age":
        told = f", {words}" if words else ""
        return f"{counted(count, 'day')} {f'in step {step}' if is_step else 'anchored'}; the limit is {limit}{told}."
    lack = "progress" if reason == "no_progress" else "a word from the customer"
    return f"{counted(count, 'business day')} without {lack} {where}; the limit is {limit}."


def learned_for(month: date) -> str:
    """Return “learned for Nov 2026”, said of a limit, by any day of the month for which it holds."""
    return f"learned for {month_in_words(month)}"


def rules_once(rules: Iterable[str]) -> str:
    """Return by which rules something was judged: each once, and none that another names with more beside it."""
    all_ = tuple(dict.fromkeys(rules))
    return "; ".join(rule for rule in all_ if not any(other.startswith(f"{rule}, ") for other in all_))
