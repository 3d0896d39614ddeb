"""Outcomes as a file has them: its columns, and what its cells say together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from changetrack.domain.accounts import Field
from changetrack.domain.money import in_minor_units
from changetrack.domain.outcomes import LONGEST_GROUP, LONGEST_STATEMENT, RULE_TERMS

SAID_HOW = ("call", "mail", "meeting")
HEARD = "mail"
"""How a word was heard, where a file does not say: the file itself stands for it in writing."""

FIELDS: tuple[Field, ...] = (
    Field("statement", "What will be different", "note", LONGEST_STATEMENT, required=True),
    Field("beneficiary", "Who benefits", max_length=254, required=True, hint="A name or an e-mail address."),
    Field("metric", "Metric", max_length=60, required=True, hint="The key of a metric."),
    Field("threshold", "At least", "amount", required=True, hint="Units of the metric a period."),
    Field("period", "Period", max_length=5, hint="week or month; week where it is blank."),
    Field("rate", "Worth a period", "amount", required=True, hint="Digits with a point, such as 2500.50."),
    Field("currency", "Currency", "currency", 3, required=True),
    Field("target", "Target", "amount"),
    Field("baseline", "Before the change", "amount"),
    Field("plan_start", "Planned from", "day"),
    Field("plan_periods", "Planned periods", "whole"),
    Field("accrual", "Accrual", max_length=12, hint="flat or proportional."),
    Field("confirm_after", "Confirmed after", "whole"),
    Field("lapse_after", "Lapsed after", "whole"),
    Field("restore_after", "Confirmed again after", "whole"),
    Field("min_hold", "Has to hold for", "whole"),
    Field("attestation_valid_days", "Their word is good for", "whole", hint="Days."),
    Field("settle_lag_days", "Wait for late numbers", "whole", hint="Days."),
    Field("requires_attestation", "Needs their word", "flag"),
    Field("overlap_group", "Group", max_length=LONGEST_GROUP),
    Field("group_cap", "Together at most", "amount"),
    Field("agreed_on", "Agreed on", "date", hint="The day on which the beneficiary agreed."),
    Field("attested_on", "Attested on", "dates", hint="One day or more, parted by semicolons."),
    Field("attested_by", "Attested by", max_length=2000, hint="Of each day a name or an address; else who benefits."),
    Field("disputed_on", "Disputed on", "date"),
    Field("withdrawn_on", "Withdrawn on", "date"),
    Field("said_how", "Heard by", max_length=10, hint=f"call, mail or meeting; {HEARD} where it is blank."),
)
_OF_THE_ROW = frozenset({"beneficiary", "metric", "agreed_on", "attested_on", "attested_by", "disputed_on",
                         "withdrawn_on", "said_how", "external_id"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class FileWord:
    """What somebody said by a row: `by` is their name or address, "" for who benefits."""

    kind: str
    on: date
    by: str = ""


def row_reasons(values: dict[str, Any]) -> list[tuple[str, str]]:
    """What is wrong between the cells of one outcome: (field, sentence) pairs, empty when all is well.

    Turns `rate` and `group_cap` into minor units, and a blank rule into what it is unless somebody says otherwise.
    """
    reasons = _money_reasons(values)
    for name, usual in {**RULE_TERMS, "period": "week"}.items():
        if name in values and values[name] is None:
            values[name] = usual
    how = values.get("said_how")
    if how is not None and str(how).lower() not in SAID_HOW:
        reasons.append(("said_how", f"“{how}” is not one of {', '.join(SAID_HOW)}."))
    return reasons + _word_reasons(values)


def row_terms(values: Mapping[str, Any]) -> dict[str, Any]:
    """The terms that a row gives, but for metric and beneficiary, whose names it has."""
    return {name: value for name, value in values.items() if name not in _OF_THE_ROW}


def row_words(values: Mapping[str, Any]) -> tuple[FileWord, ...]:
    """What the customer's people said by a row, in the order in which it counts."""
    words = [FileWord("agreed", values["agreed_on"])] if values.get("agreed_on") else []
    days, names = values.get("attested_on") or [], _names(values)
    words += [FileWord("attested", day, names[min(n, len(names) - 1)] if names else "") for n, day in enumerate(days)]
    words += [FileWord(kind, values[f"{kind}_on"]) for kind in ("disputed", "withdrawn") if values.get(f"{kind}_on")]
    return tuple(words)


def row_heard(values: Mapping[str, Any]) -> str:
    """How the words of a row were heard."""
    return str(values.get("said_how") or HEARD).lower()


def _money_reasons(values: dict[str, Any]) -> list[tuple[str, str]]:
    currency, reasons = values.get("currency"), []
    for name in ("rate", "group_cap"):
        amount = values.get(name)
        if isinstance(amount, Decimal) and isinstance(currency, str):
            try:
                values[name] = in_minor_units(amount, currency)
            except ValueError as problem:
                reasons.append((name, str(problem)))
    return reasons


def _word_reasons(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    agreed, reasons = values.get("agreed_on"), []
    days = values.get("attested_on") or []
    if len(_names(values)) not in (0, 1, len(days)):
        reasons.append(("attested_by", "Name one person, or as many as there are days."))
    if agreed is None:
        for name in ("attested_on", "withdrawn_on"):
            if values.get(name):
                reasons.append((name, "Nobody can say so of what was never agreed: agreed_on is blank."))
        return reasons
    said = [("attested_on", day) for day in days] + [(n, values.get(n)) for n in ("disputed_on", "withdrawn_on")]
    reasons += [
        (name, f"It was agreed on {agreed}; this cannot be earlier.") for name, day in said if day and day < agreed
    ]
    if values.get("disputed_on") and values.get("withdrawn_on"):
        reasons.append(("withdrawn_on", "It ended once: by a dispute or by a withdrawal."))
    return reasons


def _names(values: Mapping[str, Any]) -> list[str]:
    return [name for part in str(values.get("attested_by") or "").split(";") if (name := part.strip())]
