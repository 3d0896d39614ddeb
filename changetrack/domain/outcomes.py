"""The terms of an outcome as people write them: which there are, what they begin with, what each may be."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from changetrack.domain.money import CURRENCIES, MAX_MINOR_UNITS
from changetrack.domain.refusal import Reason

MAIN_TERMS = (
    "beneficiary_seq", "statement", "metric_id", "baseline", "period", "threshold", "target", "rate", "currency",
    "plan_start", "plan_periods",
)  # fmt: skip
RULE_TERMS: Mapping[str, object] = {
    "accrual": "flat",
    "confirm_after": 4,
    "lapse_after": 2,
    "restore_after": 4,
    "min_hold": 4,
    "attestation_valid_days": 90,
    "settle_lag_days": 2,
    "requires_attestation": True,
}
"""The rules for recognising, with what they are unless somebody says otherwise. Source: DOMAIN section 5."""
GROUP_TERMS = ("overlap_group", "group_cap")
TERMS = (*MAIN_TERMS, *RULE_TERMS, *GROUP_TERMS)

STATEMENT_KINDS = ("agreed", "attested", "not_yet", "disputed", "withdrawn")
OF_THE_BENEFICIARY = frozenset({"agreed", "disputed", "withdrawn"})
"""What only the named beneficiary can say of an outcome; anybody of the customer's attests, or says "not yet"."""

PERIODS: Mapping[str, str] = {"week": "week", "month": "month"}
ACCRUALS: Mapping[str, str] = {
    "flat": "The same for every period that passes",
    "proportional": "In proportion to use, up to the target",
}
LONGEST_STATEMENT = 2000
LONGEST_GROUP = 60
LARGEST_USE = Decimal(10) ** 12
USE_DIGITS = 4  # decimals that are kept of a number of use
_COUNTS: Mapping[str, tuple[int, int]] = {
    "confirm_after": (1, 60),
    "lapse_after": (1, 60),
    "restore_after": (1, 60),
    "min_hold": (0, 60),
    "attestation_valid_days": (7, 730),
    "settle_lag_days": (0, 60),
}
_MOST_PERIODS = 520


def outcome_reasons(terms: Mapping[str, object]) -> list[Reason]:
    """Everything that is wrong with the terms of an outcome (keys of TERMS), empty when they can be proposed.

    `rate` and `group_cap` are minor units of `currency`, `threshold`, `target` and `baseline` Decimal.
    """
    reasons = [Reason(name, f"An outcome has no term “{name}”.") for name in sorted(set(terms).difference(TERMS))]
    reasons += _what_reasons(terms)
    reasons += _use_reasons(terms)
    reasons += _worth_reasons(terms)
    for name, (least, most) in _COUNTS.items():
        reasons += _count_reasons(name, terms.get(name), least, most)
    if {"confirm_after", "restore_after"}.isdisjoint(r.field for r in reasons) and not _may_restore(terms):
        longer = "Confirming again takes no longer than confirming; else less use could be worth more."
        reasons.append(Reason("restore_after", longer))
    if terms.get("plan_periods") is not None:
        reasons += _count_reasons("plan_periods", terms["plan_periods"], 1, _MOST_PERIODS)
    if not isinstance(terms.get("plan_start"), date | None):
        reasons.append(Reason("plan_start", "This has to be a date."))
    return reasons


def _may_restore(terms: Mapping[str, object]) -> bool:
    confirm, restore = terms.get("confirm_after"), terms.get("restore_after")
    return isinstance(confirm, int) and isinstance(restore, int) and restore <= confirm


def _what_reasons(terms: Mapping[str, object]) -> list[Reason]:
    reasons = []
    if not str(terms.get("statement") or "").strip():
        reasons.append(Reason("statement", "Say what will be different, in the customer's words."))
    if terms.get("metric_id") is None:
        reasons.append(Reason("metric_id", "Choose the metric that shows it."))
    if terms.get("period") not in PERIODS:
        reasons.append(Reason("period", "Choose week or month."))
    if terms.get("accrual") not in ACCRUALS:
        reasons.append(Reason("accrual", "Choose flat or proportional."))
    return reasons


def _use_reasons(terms: Mapping[str, object]) -> list[Reason]:
    threshold, target = terms.get("threshold"), terms.get("target")
    reasons = [fault for name in ("threshold", "target", "baseline") for fault in _number_reasons(name, terms)]
    if reasons:
        return reasons
    if threshold is None:
        reasons.append(Reason("threshold", "Say how much use is enough."))
    elif isinstance(threshold, Decimal) and threshold == 0:
        reasons.append(Reason("threshold", "With nothing as its threshold, no use at all would pass."))
    elif isinstance(target, Decimal) and isinstance(threshold, Decimal) and target < threshold:
        reasons.append(Reason("target", "The target cannot be less than what is enough."))
    if target is None and terms.get("accrual") == "proportional":
        reasons.append(Reason("target", "Worth in proportion to use needs a target."))
    return reasons


def _number_reasons(name: str, terms: Mapping[str, object]) -> list[Reason]:
    value = terms.get(name)
    if value is None:
        return []
    if not isinstance(value, Decimal) or not value.is_finite() or not 0 <= value <= LARGEST_USE:
        return [Reason(name, f"A number from 0 to {LARGEST_USE:,} is needed.")]
    if value != round(value, USE_DIGITS):
        return [Reason(name, f"At most {USE_DIGITS} decimals are kept.")]
    return []


def _worth_reasons(terms: Mapping[str, object]) -> list[Reason]:
    rate, cap, group = terms.get("rate"), terms.get("group_cap"), terms.get("overlap_group")
    reasons = []
    if not isinstance(rate, int) or not 0 < rate <= MAX_MINOR_UNITS:
        reasons.append(Reason("rate", "Say what a period of it is worth to the customer, more than nothing."))
    if terms.get("currency") not in CURRENCIES:
        reasons.append(Reason("currency", "Write the three letters of the currency, such as EUR."))
    if group is not None and cap is None:
        reasons.append(Reason("group_cap", "Say what the outcomes of the group are worth together, at most."))
    elif cap is not None and group is None:
        reasons.append(Reason("overlap_group", "Name the group that shares this limit."))
    elif cap is not None and (not isinstance(cap, int) or not 0 < cap <= MAX_MINOR_UNITS):
        reasons.append(Reason("group_cap", "The limit has to be more than nothing."))
    return reasons


def _count_reasons(name: str, value: object, least: int, most: int) -> list[Reason]:
    is_right = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
    return [] if is_right else [Reason(name, f"A whole number from {least} to {most} is needed.")]
