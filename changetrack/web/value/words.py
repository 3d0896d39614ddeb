"""What the pages of value say in words: kinds of statements, terms side by side, what came of a word."""

from collections.abc import Mapping
from typing import Final

from changetrack.domain.outcomes import ACCRUALS
from changetrack.queries.outcomes import OutcomeView
from changetrack.web.formatting import exact_date, exact_money, number

KINDS: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "agreed": ("They agreed", "Agreed", "heart-handshake", "ok"),
    "attested": ("They attest that it is so", "Attests that it is so", "circle-check", "ok"),
    "not_yet": ("They say: not yet", "Not yet", "clock", "idle"),
    "disputed": ("They dispute it", "Disputes it", "message-2", "bad"),
    "withdrawn": ("They withdraw from it", "Withdrew from it", "circle-x", "idle"),
}
"""kind → what the button says, what a statement of it is called, its sign, its tone."""

SAID: Final[Mapping[str, str]] = {
    "agreed": "Their agreement is recorded: the terms are frozen now.",
    "attested": "Their word is recorded.",
    "not_yet": "Recorded: not yet.",
    "disputed": "Their dispute is recorded: nothing accrues from that day on.",
    "withdrawn": "Their withdrawal is recorded: nothing accrues from that day on.",
}

MEASURE_WORDS: Final[Mapping[str, str]] = {"realized": "Realized", "probationary": "Probationary", "live": "Live"}


def kinds_for(outcome: OutcomeView) -> tuple[str, ...]:
    """The kinds of words that can be recorded of an outcome as it stands, the likeliest first."""
    if outcome.has_ended or outcome.state == "disputed":
        return ()
    if outcome.agreed_on is None:
        return ("agreed", "not_yet", "disputed")
    return ("attested", "not_yet", "disputed", "withdrawn")


def main_terms(outcome: OutcomeView) -> list[tuple[str, str]]:
    """What was agreed, or is proposed, as (term, words)."""
    every = f"every {outcome.period}"
    pairs = [
        ("Who benefits", outcome.beneficiary),
        ("Measured by", outcome.metric),
        ("At least", f"{number(outcome.threshold, 4)} {outcome.unit} {every}"),
        ("Worth", f"{exact_money(outcome.rate, outcome.currency)} {every}"),
        ("Target", f"{number(outcome.target, 4)} {outcome.unit}" if outcome.target is not None else ""),
        ("Before the change", f"{number(outcome.baseline, 4)} {outcome.unit}" if outcome.baseline is not None else ""),
        ("Plan", _plan(outcome)),
        ("Agreed on", exact_date(outcome.agreed_on) if outcome.agreed_on else "not yet"),
    ]
    return [pair for pair in pairs if pair[1]]


def rule_terms(outcome: OutcomeView) -> list[tuple[str, str]]:
    """The rules for recognising, as (rule, words)."""
    many = f"{outcome.period}s"
    pairs = [
        ("Worth", ACCRUALS[outcome.accrual]),
        ("Confirmed after", f"{outcome.confirm_after} passing {many} in a row"),
        ("Lapsed after", f"{outcome.lapse_after} failing {many} in a row"),
        ("Confirmed again after", f"{outcome.restore_after} passing {many} in a row"),
        ("Has to hold for", f"{outcome.min_hold} {many}"),
        ("Their word", _word(outcome)),
        ("Late numbers", f"waited for {outcome.settle_lag_days} days"),
        ("Shares its worth with", outcome.overlap_group or ""),
        ("Together at most", exact_money(outcome.group_cap, outcome.currency) if outcome.group_cap else ""),
    ]
    return [pair for pair in pairs if pair[1]]


def agreed_words(outcome: OutcomeView) -> dict[str, str]:
    """The terms that hold now, by the name of their field, to stand beside what is typed."""
    many, money = f"{outcome.period}s", outcome.currency
    words = {
        "beneficiary_seq": outcome.beneficiary,
        "statement": f"“{outcome.statement}”",
        "metric_id": outcome.metric,
        "threshold": number(outcome.threshold, 4),
        "period": outcome.period,
        "rate": exact_money(outcome.rate, money),
        "currency": money,
        "target": number(outcome.target, 4),
        "baseline": number(outcome.baseline, 4),
        "plan_start": exact_date(outcome.plan_start),
        "plan_periods": "no end" if outcome.plan_periods is None else f"{outcome.plan_periods} {many}",
        "accrual": ACCRUALS[outcome.accrual].lower(),
        "requires_attestation": "yes" if outcome.requires_attestation else "no",
        "overlap_group": outcome.overlap_group or "nothing",
        "group_cap": exact_money(outcome.group_cap, money),
    }
    for name in ("confirm_after", "lapse_after", "restore_after", "min_hold"):
        words[name] = f"{getattr(outcome, name)} {many}"
    for name in ("attestation_valid_days", "settle_lag_days"):
        words[name] = f"{getattr(outcome, name)} days"
    return {name: f"Now: {text}" for name, text in words.items()}


def _plan(outcome: OutcomeView) -> str:
    start = f"from {exact_date(outcome.plan_start)}" if outcome.plan_start else f"from the first whole {outcome.period}"
    return f"{start}, " + (f"{outcome.plan_periods} {outcome.period}s" if outcome.plan_periods else "without an end")


def _word(outcome: OutcomeView) -> str:
    if not outcome.requires_attestation:
        return "is not needed"
    return f"is needed, and good for {outcome.attestation_valid_days} days"
