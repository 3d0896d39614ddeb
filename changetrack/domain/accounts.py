"""The account record: its fields and what each may hold, as forms, imports, exports and history know them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from changetrack.domain.money import in_minor_units

Kind = Literal[
    "text", "email", "date", "day", "dates", "amount", "currency", "place", "flag", "roles", "note", "count", "whole",
    "number",
]  # fmt: skip

MAX_ATTRIBUTES = 60
MAX_ATTRIBUTE_KEY = 60
MAX_ATTRIBUTE_VALUE = 500
_NOT_OF_A_KEY = re.compile(r"[^\w]+")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record: its name in files and history, its label for people, and what it may hold."""

    name: str
    label: str
    kind: Kind = "text"
    max_length: int = 120
    required: bool = False
    hint: str = ""


FIELDS: tuple[Field, ...] = (
    Field("external_id", "Id", max_length=200, required=True, hint="The id that your other systems know it by."),
    Field("name", "Name", max_length=200, required=True),
    Field(
        "organization",
        "Organization",
        max_length=200,
        hint="The customer. The name counts where it is blank.",
    ),
    Field("product", "Product", hint="What this customer adopts."),
    Field("segment", "Segment"),
    Field("region", "Region"),
    Field("industry", "Industry"),
    Field("tier", "Tier"),
    Field("team", "Team", hint="The engagement team, by its name."),
    Field("owner_email", "Owner", kind="email", max_length=254, hint="The e-mail address of one of our people."),
    Field("started_on", "Started on", kind="date"),
    Field("step", "Step", kind="place", hint="not_opened, 1 to 8, anchored, held or closed."),
    Field("step_entered_on", "At this step since", kind="date"),
    Field("annual_value", "Annual value", kind="amount", hint="Digits with a point, such as 12500.50."),
    Field("currency", "Currency", kind="currency", max_length=3, hint="Three letters, such as EUR."),
    Field("planned_users", "Planned users", kind="count", hint="How many people are to use the product."),
    Field("calendar", "Calendar", hint="A work calendar, by its name; blank is the house's."),
)
FIELD: Mapping[str, Field] = {field.name: field for field in FIELDS}

RECORD_FIELDS = tuple(field for field in FIELDS if field.name not in ("step", "step_entered_on"))
"""What may be edited as a record; where an account stands only changes through the journey."""


def attribute_key(header: str) -> str:
    """The key under which an extra column is kept: small letters, words joined by _; "" if none is left."""
    return _NOT_OF_A_KEY.sub("_", header.strip().lower()).strip("_")[:MAX_ATTRIBUTE_KEY]


def account_reasons(values: dict[str, object]) -> list[tuple[str, str]]:
    """What is wrong between the fields of one account: (field, sentence) pairs, empty when all is well.

    Turns `annual_value` from the Decimal that was read into integer minor units of `currency`.
    """
    return [*_money_reasons(values), *_date_reasons(values)]


def _money_reasons(values: dict[str, object]) -> list[tuple[str, str]]:
    amount, currency = values.get("annual_value"), values.get("currency")
    if amount is None:
        if "annual_value" in values or "currency" in values:
            values["annual_value"] = values["currency"] = None
        return []
    if not isinstance(amount, Decimal) or not isinstance(currency, str):
        return [("currency", "An annual value needs its currency, such as EUR.")]
    try:
        values["annual_value"] = in_minor_units(amount, currency)
    except ValueError as problem:
        return [("annual_value", str(problem))]
    return []


def _date_reasons(values: Mapping[str, object]) -> list[tuple[str, str]]:
    step, started, entered = values.get("step"), values.get("started_on"), values.get("step_entered_on")
    if step and not entered:
        return [("step_entered_on", "Say since when the account has been at this step.")]
    if entered and step is None:
        return [("step", "A date at a step needs the step.")]
    if isinstance(started, date) and isinstance(entered, date) and entered < started:
        return [("step_entered_on", f"{entered} lies before the account started on {started}.")]
    return []
