"""Which terms may be proposed: every reason against them at once."""

from collections.abc import Iterator
from decimal import Decimal

from changetrack.domain.money import CURRENCIES, MAX_MINOR_UNITS
from changetrack.domain.refusal import Reason
from changetrack.domain.value.periods import PERIODS
from changetrack.domain.value.terms import OutcomeTerms

ACCRUALS = ("flat", "proportional")
MOST_PERIODS = 52
LONGEST_LAG = 31
LONGEST_VALIDITY = 730
LONGEST_PLAN = 520
LARGEST_USE = Decimal(10) ** 14
"""What a usage number, kept in ten-thousandths, can hold."""

_COUNTS = {
    "confirm_after": "Passing periods until it is confirmed",
    "lapse_after": "Failing periods until it lapses",
    "restore_after": "Passing periods until it is confirmed again",
    "min_hold": "Periods to hold before value stays",
}


def outcome_reasons(
    terms: OutcomeTerms,
    *,
    currency: str,
    attestation_valid_days: int = 90,
    overlap_group: str | None = None,
    group_cap: int | None = None,
) -> list[Reason]:
    """Return every reason why these terms cannot be proposed, at the fields of an outcome; none if they can."""
    return [
        *_of_use(terms),
        *_of_worth(terms, currency),
        *_of_counts(terms, attestation_valid_days),
        *_of_plan(terms),
        *_of_group(overlap_group, group_cap),
    ]


def _of_use(terms: OutcomeTerms) -> Iterator[Reason]:
    if terms.period not in PERIODS:
        yield Reason("period", "Use is measured by the week or by the month.")
    if not terms.threshold > 0:
        yield Reason("threshold", "The threshold is more than 0; no use cannot be worth anything.")
    elif terms.threshold > LARGEST_USE:
        yield Reason("threshold", "The threshold is larger than can be kept.")
    if terms.target is not None and terms.target > LARGEST_USE:
        yield Reason("target", "The target is larger than can be kept.")
    elif terms.accrual == "proportional" and terms.target is None:
        yield Reason("target", "Proportional worth needs a target: the use at which all of it is due.")
    elif terms.target is not None and terms.target < terms.threshold:
        yield Reason("target", "The target is not below the threshold.")


def _of_worth(terms: OutcomeTerms, currency: str) -> Iterator[Reason]:
    if terms.accrual not in ACCRUALS:
        yield Reason("accrual", "Worth is flat or proportional.")
    if terms.rate < 0:
        yield Reason("rate", "The worth of a period is not below 0.")
    elif terms.rate > MAX_MINOR_UNITS:
        yield Reason("rate", "The worth of a period is more than can be kept.")
    if currency not in CURRENCIES:
        yield Reason("currency", f"“{currency}” is not a currency; write its three-letter code, such as EUR or USD.")


def _of_counts(terms: OutcomeTerms, valid_days: int) -> Iterator[Reason]:
    for name, label in _COUNTS.items():
        least = 0 if name == "min_hold" else 1
        if not least <= getattr(terms, name) <= MOST_PERIODS:
            yield Reason(name, f"{label}: between {least} and {MOST_PERIODS}.")
    if terms.restore_after > terms.confirm_after:
        yield Reason(
            "restore_after", "Confirming again takes no longer than confirming; else less use could be worth more."
        )
    if not 0 <= terms.settle_lag_days <= LONGEST_LAG:
        yield Reason("settle_lag_days", f"Days to wait for late usage: between 0 and {LONGEST_LAG}.")
    if not 1 <= valid_days <= LONGEST_VALIDITY:
        yield Reason("attestation_valid_days", f"An attestation is valid for 1 to {LONGEST_VALIDITY} days.")


def _of_plan(terms: OutcomeTerms) -> Iterator[Reason]:
    if terms.plan_periods is not None and not 1 <= terms.plan_periods <= LONGEST_PLAN:
        yield Reason("plan_periods", f"A plan has 1 to {LONGEST_PLAN} periods.")


def _of_group(group: str | None, cap: int | None) -> Iterator[Reason]:
    if group and (cap is None or cap < 1):
        yield Reason(
            "group_cap", "An overlap group needs a cap of at least 1: what a period of it may come to together."
        )
    elif group and cap is not None and cap > MAX_MINOR_UNITS:
        yield Reason("group_cap", "The cap is more than can be kept.")
    elif not group and cap is not None:
        yield Reason("overlap_group", "A cap is for an overlap group; name the group, or leave the cap out.")
