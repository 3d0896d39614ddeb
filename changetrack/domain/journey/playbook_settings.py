"""What an administrator may set in a step of the playbook, as named settings, and how they are put back."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["days", "yes_no", "share", "count"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing to set: `name` is its field in forms and refusals, `point` the control point it belongs to."""

    name: str
    label: str
    kind: Kind
    value: object
    point: str | None = None


def step_settings(step: Mapping[str, Any]) -> list[Setting]:
    """Everything that can be set in a step of a stored playbook body, in the order in which it is shown."""
    number = step["number"]
    settings = [
        Setting(f"step{number}_age_days", "Stale after days in the step", "days", step["age_days"]),
        Setting(
            f"step{number}_progress_days", "Stale after business days without progress", "days", step["progress_days"]
        ),
        Setting(
            f"step{number}_silent_days",
            "Stale after business days without a word from the customer (empty: as without progress)",
            "days",
            step.get("silent_days"),
        ),
        Setting(
            f"step{number}_customer_signs", "A named customer person signs off too", "yes_no", step["customer_signs"]
        ),
    ]
    for point in step["points"]:
        settings += _point_settings(point)
    return settings


def _point_settings(point: Mapping[str, Any]) -> Iterator[Setting]:
    key, name = point["key"], f"point{point['key']}"
    yield Setting(f"{name}_required", "Required by the gate", "yes_no", point.get("required", True), key)
    yield Setting(f"{name}_expires_days", "Evidence lasts, in days", "days", point.get("expires_days"), key)
    if point["by"] == "customer":
        yield Setting(
            f"{name}_own_hand", "Only in the customer's own hand", "yes_no", point.get("own_hand", False), key
        )
    if point["kind"] == "attested":
        yield Setting(f"{name}_persons", "How many people have to say so", "count", point.get("persons", 1), key)
    rule = point.get("rule") or {}
    labels = {f["key"]: f["label"] for f in rule.get("fields", [])}
    for field, least in rule.get("minimums", {}).items():
        yield Setting(f"{name}_least_{field}", f"{labels[field]}: at least", "count", least, key)
    for i, (part, whole, share) in enumerate(rule.get("shares", [])):
        label = f"{labels[part]} of {labels[whole].lower()}: at least"
        yield Setting(f"{name}_share_{i}", label, "share", round(share * 100, 2), key)


def with_settings(body: Mapping[str, Any], number: int, values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a playbook body in which the settings of one step, by name, have these values; shares in per cent."""
    changed = deepcopy(dict(body))
    step = next(s for s in changed["steps"] if s["number"] == number)
    for name in ("age_days", "progress_days", "customer_signs"):
        step[name] = values.get(f"step{number}_{name}", step[name])
    silent_days = values.get(f"step{number}_silent_days", step.get("silent_days"))
    if silent_days is not None or "silent_days" in step:
        step["silent_days"] = silent_days
    for point in step["points"]:
        _set_point(point, values)
    return changed


def _set_point(point: dict[str, Any], values: Mapping[str, Any]) -> None:
    prefix = f"point{point['key']}_"
    mine = {name.removeprefix(prefix): value for name, value in values.items() if name.startswith(prefix)}
    for name in ("required", "expires_days", "own_hand", "persons"):
        if name in mine:
            point[name] = mine[name]
    rule = point.get("rule") or {}
    for field in rule.get("minimums", {}):
        rule["minimums"][field] = mine.get(f"least_{field}", rule["minimums"][field])
    for i, share in enumerate(rule.get("shares", [])):
        given = mine.get(f"share_{i}")
        if given is not None and round(share[2] * 100, 2) != float(given):
            share[2] = float(given) / 100
