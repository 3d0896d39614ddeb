"""What the funnel can be filtered and grouped by, and how filters in use are said back."""

from collections.abc import Sequence
from typing import Any

from changetrack.domain.filters import (
    ATTRIBUTE,
    CARRIED_FIELDS,
    NO_VALUE,
    field_label,
    is_known_then,
)
from changetrack.queries.account_choices import Choices, get_choices
from changetrack.web.accounts.asked import MORE_PEOPLE
from changetrack.web.funnel.asked import Asked

Options = list[tuple[str, str]]


def grouping_choices(asked: Asked) -> Options:
    """The fields to group by, with an attribute if that is what is asked for."""
    fields = [*CARRIED_FIELDS, "organization"]
    if asked.by is not None and asked.by not in fields:
        fields.append(asked.by)
    return [(field, field_label(field)) for field in fields]


def chips(asked: Asked) -> list[dict[str, str]]:
    """The filters in use, each with the address of the funnel without it."""
    if not asked.filters:
        return []
    choices = get_choices(actor=asked.question["actor"]) if {"team", "owner"} & asked.filters.keys() else None
    return [
        {
            "label": field_label(field) + (" today" if asked.is_past and not is_known_then(field) else ""),
            "value": _words(field, value, choices),
            "remove": asked.page("funnel.index", {field: None}),
        }
        for field, value in asked.filters.items()
    ]


def filter_fields(asked: Asked) -> list[dict[str, Any]]:
    """The fields of the page of filters: those with a choice of values, each with its options."""
    choices = get_choices(actor=asked.question["actor"])
    options: dict[str, Sequence[tuple[Any, str]]] = {"team": choices.teams}
    options |= {name: [(value, value) for value in values] for name, values in choices.values.items()}
    options["owner"] = choices.people
    more = {"owner": MORE_PEOPLE} if choices.has_more_people else {}
    return [_field(n, asked.filters.get(n, ""), listed) | {"help": more.get(n, "")} for n, listed in options.items()]


def typed_fields(asked: Asked) -> dict[str, str]:
    """What stands in the fields of the page of filters into which a value is typed."""
    attributes = {name: value for name, value in asked.filters.items() if name.startswith(ATTRIBUTE)}
    name, value = next(iter(attributes.items()), ("", ""))
    return {
        "organization": asked.filters.get("organization", ""),
        "attr": f"{name.removeprefix(ATTRIBUTE)}={value}" if name else "",
    }


def _field(name: str, value: str, options: Sequence[tuple[Any, str]]) -> dict[str, Any]:
    listed = [(str(key), words) for key, words in options] + [(NO_VALUE, f"No {field_label(name).lower()}")]
    if value and all(key != value for key, _ in listed):
        listed.append((value, value))
    return {"name": name, "label": field_label(name), "options": listed, "value": value}


def _words(field: str, value: str, choices: Choices | None) -> str:
    if value == NO_VALUE:
        return "none"
    return choices.name_of(field, value) if choices else value
