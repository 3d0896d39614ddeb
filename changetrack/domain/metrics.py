"""The rules about metrics: what they are called, how they add up, and which events may feed them."""

import re
from collections.abc import Mapping

from changetrack.domain.refusal import Reason

AGGREGATIONS: Mapping[str, str] = {
    "sum": "added up",
    "max": "the highest",
    "last": "the last one",
    "distinct": "how many different ones",
}
"""How the numbers of a day, a week or a month become one."""

PURPOSES: Mapping[str, str] = {
    "active_users": "Who uses it at all: feeds control point 4c",
    "first_task": "Who finished a first real task: feeds control point 5b",
}
"""What a metric of people is for in the journey; one metric each."""

KEY_MAX = 60
NAME_MAX = 120
UNIT_MAX = 60
EVENT_MAX = 200

_KEY = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_NEEDS_PROPERTY = {
    "max": "To take the highest of a day, name the property of the event that holds the number.",
    "last": "To take the last of a day, name the property of the event that holds the number.",
}


def metric_reasons(*, key: str, name: str, unit: str, aggregation: str, purpose: str | None) -> list[Reason]:
    """Return everything that is wrong with a metric's own fields. Source of the aggregations: DOMAIN section 4."""
    reasons = []
    if not _KEY.fullmatch(key) or len(key) > KEY_MAX:
        reasons.append(
            Reason("key", f"A key has small letters, digits and _, begins with a letter, at most {KEY_MAX} of them.")
        )
    reasons += [*_line_reasons("name", name, NAME_MAX), *_line_reasons("unit", unit, UNIT_MAX)]
    if aggregation not in AGGREGATIONS:
        reasons.append(Reason("aggregation", f"Choose one of {', '.join(AGGREGATIONS)}."))
    if purpose is not None and purpose not in PURPOSES:
        reasons.append(Reason("purpose", f"Choose one of {', '.join(PURPOSES)}, or none."))
    elif purpose is not None and aggregation != "distinct":
        reasons.append(Reason("purpose", "Only a metric that counts different people can feed a control point."))
    return reasons


def rule_reasons(*, aggregation: str, event: str, property_name: str | None) -> list[Reason]:
    """Return everything that is wrong with a rule by which an event feeds a metric of this aggregation."""
    reasons = _line_reasons("event", event, EVENT_MAX)
    if property_name is None:
        if aggregation in _NEEDS_PROPERTY:
            reasons.append(Reason("property", _NEEDS_PROPERTY[aggregation]))
    else:
        reasons += _line_reasons("property", property_name, EVENT_MAX)
    return reasons


def rule_words(aggregation: str, property_name: str | None) -> str:
    """Say what a rule does with an event: what the aggregation of its metric makes of it."""
    match aggregation, property_name:
        case "sum", None:
            return "each event counts one"
        case "sum", _:
            return f"adds up its “{property_name}”"
        case "max", _:
            return f"takes the highest “{property_name}” of a day"
        case "last", _:
            return f"takes the last “{property_name}” of a day"
        case _, None:
            return "counts the different users who sent it"
    return f"counts the different values of its “{property_name}”"


def _line_reasons(field: str, text: str, most: int) -> list[Reason]:
    if not text:
        return [Reason(field, f"Give the {field}.")]
    if len(text) > most or not text.isprintable():
        return [Reason(field, f"At most {most} printable characters.")]
    return []
