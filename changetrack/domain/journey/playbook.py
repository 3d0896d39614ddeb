"""The playbook: each step's control points and limits as data, how it is read, and what a valid one looks like."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from changetrack.domain.journey.steps import STEPS
from changetrack.domain.refusal import Reason

KINDS = ("attested", "numbers", "link", "record")
SIDES = ("ours", "customer", "machine")
MAX_REQUIRED = 5  # control points a step
MAX_PERSONS = 20
MAX_DAYS = 3650
LARGEST_NUMBER = 10**12  # that anybody counts to


@dataclass(frozen=True, slots=True)
class NumberField:
    """One number that a person fills in."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class NumberRule:
    """What numbers must satisfy: floors, shares (part ÷ whole ≥ floor), and samples (≥ share of another number)."""

    fields: tuple[NumberField, ...]
    minimums: Mapping[str, float]
    shares: tuple[tuple[str, str, float], ...]
    samples: tuple[tuple[str, str, float], ...]


@dataclass(frozen=True, slots=True)
class ControlPoint:
    """A yes/no condition on evidence that belongs to a step."""

    key: str
    title: str
    condition: str
    kind: str
    by: str
    expires_days: int | None = None
    required: bool = True
    may_be_excepted: bool = True
    own_hand: bool = False
    persons: int = 1
    waits_for: str | None = None
    rule: NumberRule | None = None

    @property
    def step(self) -> int:
        """The step the point belongs to."""
        return int(self.key[0])

    @property
    def is_recordable(self) -> bool:
        """Whether a person can record evidence for it, rather than a computation."""
        return self.by != "machine" and self.waits_for is None


@dataclass(frozen=True, slots=True)
class StepRules:
    """The control points and limits of one step; days are calendar (age) and business (progress, silent) days.

    `silent_days` is the limit without a word from the customer: where the playbook names none, as in every version
    from before it could, it is that without progress.
    """

    number: int
    points: tuple[ControlPoint, ...]
    age_days: int | None
    progress_days: int | None
    customer_signs: bool = False
    silent_days: int | None = None

    @property
    def required(self) -> tuple[ControlPoint, ...]:
        """The points that the gate asks for."""
        return tuple(p for p in self.points if p.required)


@dataclass(frozen=True, slots=True)
class Playbook:
    """One version of the rules for all eight steps."""

    version: int
    steps: Mapping[int, StepRules] = field(default_factory=dict)

    def point(self, key: str) -> ControlPoint | None:
        """The control point of that key, None if this version has none."""
        rules = self.steps.get(int(key[0])) if key[:1].isdigit() else None
        return next((p for p in rules.points if p.key == key), None) if rules else None


def _parse_rule(body: Mapping[str, Any] | None) -> NumberRule | None:
    if not body:
        return None
    return NumberRule(
        fields=tuple(NumberField(f["key"], f["label"]) for f in body["fields"]),
        minimums=dict(body.get("minimums", {})),
        shares=tuple((a, b, float(c)) for a, b, c in body.get("shares", [])),
        samples=tuple((a, b, float(c)) for a, b, c in body.get("samples", [])),
    )


def _parse_point(body: Mapping[str, Any]) -> ControlPoint:
    return ControlPoint(**{**body, "rule": _parse_rule(body.get("rule"))})


def _parse_step(body: Mapping[str, Any]) -> StepRules:
    silent_days = body.get("silent_days")
    return StepRules(
        body["number"],
        tuple(_parse_point(p) for p in body["points"]),
        body["age_days"],
        body["progress_days"],
        body.get("customer_signs", False),
        body["progress_days"] if silent_days is None else silent_days,
    )


def parse_playbook(version: int, body: Mapping[str, Any]) -> Playbook:
    """Read a stored playbook body, {"steps": [{number, points, age_days, progress_days, …}]}."""
    return Playbook(version, {step["number"]: _parse_step(step) for step in body["steps"]})


@lru_cache(maxsize=64)
def read_playbook(version: int, body: str) -> Playbook:
    """Read a stored playbook body from its JSON text; the same text of the same version is read once."""
    return parse_playbook(version, json.loads(body))


def playbook_reasons(body: Mapping[str, Any]) -> list[Reason]:
    """Everything that is wrong with an edited playbook body; empty when it may be stored."""
    reasons: list[Reason] = []
    for step in body["steps"]:
        reasons += _step_reasons(step)
    numbers = [s["number"] for s in body["steps"]]
    if numbers != list(STEPS):
        reasons.append(Reason(None, "A playbook has the steps 1 to 8, each once and in order."))
    return reasons


_LIMITS = (
    ("age_days", "days in step"),
    ("progress_days", "days without progress"),
    ("silent_days", "days without a word from the customer"),
)


def _step_reasons(step: Mapping[str, Any]) -> list[Reason]:
    number, points = step["number"], step["points"]
    reasons = []
    if sum(p.get("required", True) for p in points) > MAX_REQUIRED:
        reasons.append(Reason(f"step{number}", f"Step {number} may require at most {MAX_REQUIRED} control points."))
    for limit, label in _LIMITS:
        value = step.get(limit)
        if value is not None and not _is_whole(value, MAX_DAYS):
            words = f"Step {number}: {label} must be 1 to {MAX_DAYS}, or empty."
            reasons.append(Reason(f"step{number}_{limit}", words))
    for point in points:
        reasons += _point_reasons(point)
    return reasons


def _point_reasons(point: Mapping[str, Any]) -> list[Reason]:
    key = point["key"]
    reasons = []
    expiry = point.get("expires_days")
    if expiry is not None and not _is_whole(expiry, MAX_DAYS):
        reasons.append(Reason(f"point{key}_expires_days", f"{key}: expiry must be 1 to {MAX_DAYS} days, or empty."))
    if point["kind"] not in KINDS or point["by"] not in SIDES:
        reasons.append(Reason(f"point{key}", f"{key}: unknown kind of evidence or side."))
    if not _is_whole(point.get("persons", 1), MAX_PERSONS):
        reasons.append(Reason(f"point{key}_persons", f"{key}: it takes 1 to {MAX_PERSONS} people."))
    return reasons + _rule_reasons(key, point.get("rule") or {})


def _rule_reasons(key: str, rule: Mapping[str, Any]) -> list[Reason]:
    reasons = [
        Reason(f"point{key}_least_{name}", f"{key}: a least number lies between 0 and {LARGEST_NUMBER:,}.")
        for name, least in rule.get("minimums", {}).items()
        if not _is_number(least, LARGEST_NUMBER)
    ]
    reasons += [
        Reason(f"point{key}_share_{i}", f"{key}: a share lies above 0 and at most 1.")
        for i, (_, _, share) in enumerate(rule.get("shares", []))
        if not _is_number(share, 1) or not share
    ]
    return reasons


def _is_whole(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def _is_number(value: object, most: int) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most


def changed_steps(old: Playbook, new: Playbook) -> Sequence[int]:
    """The steps whose rules differ between two versions."""
    return [n for n in STEPS if old.steps.get(n) != new.steps.get(n)]
