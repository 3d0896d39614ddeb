"""Recognition in plain English: why a figure changed, and what a falling use has been since when."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache

from changetrack.domain.value.course import Change, Course
from changetrack.domain.value.periods import first_day
from changetrack.domain.value.terms import OutcomeTerms

Values = Mapping[int, Decimal | None]

_ENDED = {"withdrawn": "The beneficiary withdrew", "disputed": "The beneficiary disputed"}


def why(change: Change, terms: OutcomeTerms, values: Values) -> str:
    """Return the reason for a change of a figure, as one or two sentences."""
    of_use = _OF_USE.get(change.cause)
    return _WORDS[change.cause](change, terms, values) if of_use is None else _measured(change, terms, values) + of_use


def falling(course: Course, kind: str) -> tuple[date, str] | tuple[None, None]:
    """Return since which day use has been falling, and how; nothing while it is confirmed or never was."""
    if course.stopped:
        return None, None
    if course.phase == "lapsed":
        since = date.fromordinal(course.since)
        how = "Use lapsed, from" if course.detail == "use" else "The customer’s attestation ran out on"
        return since, f"{how} {in_words(since)}."
    if course.phase != "confirmed" or not (course.silent or course.fails):
        return None, None
    since = first_day(course.last + 1 if course.silent else course.first_fail, kind)
    how = "No data" if course.silent else "Use below the threshold"
    return since, f"{how} since {in_words(since)}."


@lru_cache(maxsize=4096)
def period_in_words(number: int, kind: str) -> str:
    """Return “week from 2 Feb 2026” or “Feb 2026”."""
    start = first_day(number, kind)
    return f"{_MONTHS[start.month - 1]} {start.year}" if kind == "month" else f"week from {in_words(start)}"


@lru_cache(maxsize=4096)
def number_in_words(value: Decimal) -> str:
    """Return a number of use without idle zeros: 45, 12.5."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@lru_cache(maxsize=4096)
def in_words(day: date) -> str:
    """Return a day as “2 Feb 2026”, in English on every machine."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _day(ordinal: int) -> str:
    return in_words(date.fromordinal(ordinal))


def _measured(change: Change, terms: OutcomeTerms, values: Values) -> str:
    number = change.about[0] if change.number is None else change.number
    value = values.get(number)
    seen = "no data" if value is None else number_in_words(value)
    return f"{_at_the_start(number, terms.period)}: {seen}, threshold {number_in_words(terms.threshold)}"


@lru_cache(maxsize=4096)
def _at_the_start(number: int, kind: str) -> str:
    text = period_in_words(number, kind)
    return f"{text[0].upper()}{text[1:]}"


def _reversed(change: Change, terms: OutcomeTerms, _values: Values) -> str:
    ended, start = change.about[:2]
    return (
        f"Confirmed from {_day(start)}, over from {_day(ended)}: fewer than {terms.min_hold} whole"
        f" {terms.period}s, so what accrued is taken back."
    )


def _confirmed(change: Change, _terms: OutcomeTerms, _values: Values) -> str:
    again = " again" if change.cause == "restored" else ""
    return f"Confirmed{again} from {_day(change.about[0])}."


def _unverifiable(change: Change, terms: OutcomeTerms, _values: Values) -> str:
    return f"No data since {in_words(first_day(change.about[0], terms.period))}."


def _lapsed_use(change: Change, terms: OutcomeTerms, _values: Values) -> str:
    return f"Use lapsed: below the threshold since {in_words(first_day(change.about[0], terms.period))}."


def _lapsed_attestation(change: Change, _terms: OutcomeTerms, _values: Values) -> str:
    return f"The customer’s attestation ran out on {_day(change.about[0])}."


def _ended(change: Change, _terms: OutcomeTerms, _values: Values) -> str:
    how = _ENDED.get(change.cause, "Other terms were agreed")
    return f"{how} on {_day(change.about[0])}."


def _capped(_change: Change, _terms: OutcomeTerms, _values: Values) -> str:
    return "Its share under the cap of its group, after what the others came to."


_OF_USE = {
    "accrued": "; use is confirmed.",
    "unconfirmed": "; not confirmed throughout, so nothing accrues.",
    "recovered": ".",
    "measured": ".",
    "at_risk": ".",
}
"""How the reasons go on that begin with the use of a period."""

_WORDS: dict[str, Callable[[Change, OutcomeTerms, Values], str]] = {
    "reversed": _reversed,
    "confirmed": _confirmed,
    "restored": _confirmed,
    "unverifiable": _unverifiable,
    "lapsed_use": _lapsed_use,
    "lapsed_attestation": _lapsed_attestation,
    "withdrawn": _ended,
    "disputed": _ended,
    "replaced": _ended,
    "capped": _capped,
}
