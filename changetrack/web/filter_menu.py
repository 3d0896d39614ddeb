"""The menu by which lists are filtered: the fields that every account carries, and their values in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from changetrack.domain.filters import CARRIED_FIELDS, NO_VALUE, field_label
from changetrack.queries.account_choices import Choices


def filter_fields(filters: Mapping[str, str], choices: Choices) -> list[dict[str, Any]]:
    """The fields of the filter menu with their options: what every account carries."""
    options: dict[str, Sequence[tuple[Any, str]]] = {"team": choices.teams}
    options |= {name: [(value, value) for value in values] for name, values in choices.values.items() if values}
    return [
        {
            "name": name,
            "label": field_label(name),
            "options": [*listed, (NO_VALUE, f"No {field_label(name).lower()}")],
            "value": filters.get(name, ""),
        }
        for name, listed in options.items()
        if name in CARRIED_FIELDS
    ]


def words_of(field: str, value: str, choices: Choices) -> str:
    """A filter's value as people read it."""
    return "none" if value == NO_VALUE else choices.name_of(field, value)
