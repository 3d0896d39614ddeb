"""What recognition is given: the terms of an outcome, readings of use, and the customer's attestations."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class OutcomeTerms:
    """What was proposed, or agreed, of one outcome, and the days on which the beneficiary spoke.

    `rate` is the worth of a period in minor units. From `withdrawn_on`, `disputed_on` and
    `replaced_on` (other terms were agreed in its place) nothing accrues. `confirm_after`,
    `lapse_after`, `restore_after` and `min_hold` count periods. Without `plan_start` the plan begins
    with the first whole period after the agreement. Source: DOMAIN section 5.
    """

    period: str
    threshold: Decimal
    rate: int
    agreed_on: date | None
    accrual: str = "flat"
    target: Decimal | None = None
    confirm_after: int = 4
    lapse_after: int = 2
    restore_after: int = 4
    min_hold: int = 4
    settle_lag_days: int = 2
    requires_attestation: bool = True
    plan_start: date | None = None
    plan_periods: int | None = None
    withdrawn_on: date | None = None
    disputed_on: date | None = None
    replaced_on: date | None = None
    proposed_on: date | None = None


class Reading(NamedTuple):
    """The use of one period as known at the end of `recorded_on`; `value` is None for no data."""

    period_start: date
    value: Decimal | None
    recorded_on: date


@dataclass(frozen=True, slots=True)
class Attestation:
    """A customer's word that the use is real: valid from `given_on` for `valid_days` days.

    A retraction voids it wholly for whoever asks as known on `retracted_on` or later.
    """

    given_on: date
    recorded_on: date
    valid_days: int = 90
    retracted_on: date | None = None


def worth(terms: OutcomeTerms, value: Decimal) -> int:
    """Return what a passing period with this use is worth, in minor units; a proportion is rounded down.

    Raises ValueError for proportional terms without a target above 0.
    """
    if terms.accrual == "flat":
        return terms.rate
    if terms.target is None or terms.target <= 0:
        raise ValueError("Proportional worth needs a target above 0.")
    if value >= terms.target:
        return terms.rate
    used, whole = value.as_integer_ratio()
    target, part = terms.target.as_integer_ratio()
    return terms.rate * used * part // (whole * target)
