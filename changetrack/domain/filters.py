"""The fields by which accounts are filtered and grouped, in lists and in the funnel."""

from collections.abc import Iterable, Mapping

CARRIED_FIELDS = ("team", "product", "segment", "region", "industry", "tier")
"""Fields that every standing carries: a picture of the past is filtered and grouped by what they were then."""
TODAY_FIELDS = ("organization", "owner")
"""Fields, like attributes, of which only today's value is known."""
ATTRIBUTE = "attr:"
NO_VALUE = "(none)"
"""In place of a value: accounts that have none in this field."""

_LONGEST_VALUE = 500
_LONGEST_KEY = 60
_LARGEST_ID = 2**63 - 1
_LABELS = {"organization": "Organization", "owner": "Owner"} | {f: f.capitalize() for f in CARRIED_FIELDS}


def is_filter_field(field: str) -> bool:
    """Whether accounts can be filtered by `field`: one of the eight fields, or `attr:` and an attribute's key."""
    key = field.removeprefix(ATTRIBUTE)
    is_attribute = key != field and 0 < len(key) <= _LONGEST_KEY and key.replace("_", "").isalnum()
    return field in CARRIED_FIELDS or field in TODAY_FIELDS or is_attribute


def is_known_then(field: str) -> bool:
    """Whether a picture of the past knows what this field was then, rather than what it is today."""
    return field in CARRIED_FIELDS


def field_label(field: str) -> str:
    """A filter field as people read it: “Segment”, or an attribute's key with blanks."""
    return _LABELS.get(field) or field.removeprefix(ATTRIBUTE).replace("_", " ").capitalize()


def filter_reasons(filters: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return (field, sentence) for every filter that cannot be applied; empty when all can.

    Teams and owners are named by their id. `NO_VALUE` stands for accounts without a value.
    """
    reasons = []
    for field, value in filters.items():
        if not is_filter_field(field):
            reasons.append((field, unknown_field(field)))
        elif field in ("team", "owner") and value != NO_VALUE and not _is_id(value):
            reasons.append((field, f"There is no {field} “{value[:40]}”."))
        elif len(value) > _LONGEST_VALUE:
            reasons.append((field, f"A filter's value has at most {_LONGEST_VALUE} characters."))
    return reasons


def group_reasons(field: str | None) -> list[tuple[str, str]]:
    """Return the reason not to group by `field`, if there is one. People are never a grouping: no league tables."""
    if field is None:
        return []
    if not is_filter_field(field):
        return [("by", unknown_field(field))]
    return [("by", "Accounts are not grouped by owner.")] if field == "owner" else []


def unknown_field(field: str) -> str:
    """The sentence that names the fields there are."""
    known: Iterable[str] = (*CARRIED_FIELDS, *TODAY_FIELDS, f"{ATTRIBUTE}<name>")
    return f"There is no field “{field[:60]}”. Use one of: {', '.join(known)}."


def _is_id(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value) <= 19 and 0 < int(value) <= _LARGEST_ID
