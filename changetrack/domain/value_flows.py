"""Value by the month: on which line of the chart a change of a figure stands, and when what was promised fell due."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from changetrack.domain.value import OutcomeTerms
from changetrack.domain.value.standing import promised

LINES = ("promised", "accrued", "corrected", "reversed", "probationary", "live", "lapsed")
CAUSES = {
    "realized": ("accrued", "corrected", "reversed", "capped"),
    "probationary": ("unconfirmed", "corrected", "capped"),
    "live": (
        "confirmed", "restored", "recovered", "measured", "at_risk", "unverifiable", "lapsed_use",
        "lapsed_attestation", "withdrawn", "disputed", "replaced", "corrected", "capped",
    ),
}  # fmt: skip
"""Every cause that an entry of a measure can have."""
_OF_REALIZED = {"accrued": "accrued", "reversed": "reversed"}
_LAPSES = CAUSES["live"][4:11]
_ONE_DAY, _MORE_THAN_A_MONTH = timedelta(days=1), timedelta(days=32)


def line_of(measure: str, cause: str) -> str:
    """Return the line that an entry of the ledger belongs to.

    What is realized has lines by its cause; what stopped being live stands apart from what went live.
    """
    if measure == "realized":
        return _OF_REALIZED.get(cause, "corrected")
    return "lapsed" if measure == "live" and cause in _LAPSES else measure


def causes_of(line: str) -> tuple[str, tuple[str, ...]]:
    """Return the measure and the causes of the entries on a line; of what was promised there are none."""
    for measure, causes in CAUSES.items():
        found = tuple(cause for cause in causes if line_of(measure, cause) == line)
        if found:
            return measure, found
    return "", ()


def promised_by_month(terms: OutcomeTerms, until: date, *, since: date | None = None) -> Iterator[tuple[date, int]]:
    """Yield (first day of a month, by how much more was promised at its end than before it) up to a day.

    With `since`, only what came after that day. Amounts in minor units; months without any are left out.
    """
    if terms.agreed_on is None:
        return
    before = 0 if since is None else promised(terms, since)
    month = (terms.agreed_on if since is None else since).replace(day=1)
    while month <= until:
        following = (month + _MORE_THAN_A_MONTH).replace(day=1)
        after = promised(terms, min(following - _ONE_DAY, until))
        if after != before:
            yield month, after - before
        month, before = following, after


def was_promised_by_month(terms: OutcomeTerms, until: date, amount: int) -> Iterator[tuple[date, int]]:
    """Yield the same for terms of which no more than `amount` had been counted by a day, whatever ended them then."""
    left = amount
    for month, part in promised_by_month(replace(terms, withdrawn_on=None, replaced_on=None), until):
        yield month, min(part, left)
        left -= min(part, left)
