"""Evidence: what a recorded fact proves, and whether a control point holds on a day."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from changetrack.domain.journey.playbook import LARGEST_NUMBER, ControlPoint, NumberRule
from changetrack.domain.refusal import Reason

SAID_HOW = {"call": "on a call", "mail": "by mail", "meeting": "in a meeting"}


@dataclass(frozen=True, slots=True)
class EvidenceFact:
    """One recorded piece of evidence. `expires_on` and `retracted_on` are the first day it no longer counts."""

    seq: int
    point: str
    passes: bool
    effective_on: date
    expires_on: date | None = None
    retracted_on: date | None = None
    contact_seq: int | None = None
    hand: str | None = None

    def is_live(self, day: date) -> bool:
        """Whether it is in effect on that day, neither ended nor taken back."""
        ended = self.expires_on is not None and day >= self.expires_on
        return self.effective_on <= day and not ended and not self._is_retracted(day)

    def _is_retracted(self, day: date) -> bool:
        return self.retracted_on is not None and day >= self.retracted_on


@dataclass(frozen=True, slots=True)
class PointState:
    """Whether a control point holds on a day, by which evidence, until when."""

    key: str
    holds: bool
    evidence: tuple[int, ...] = ()
    ends_on: date | None = None  # first day on which today's evidence no longer carries it
    ended_on: date | None = None  # when it last stopped holding, if it once held and does not now


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a rule makes of numbers: whether they pass, and the rule in words."""

    passes: bool
    explanation: str


def number_reasons(rule: NumberRule, numbers: Mapping[str, float]) -> list[Reason]:
    """What cannot be: a missing, negative or endless number, one not asked for, a part greater than its whole."""
    labels = {f.key: f.label for f in rule.fields}
    reasons = [
        Reason(key, f"A number from 0 to {LARGEST_NUMBER:,} is needed." if key in numbers else "Write a number.")
        for key in labels
        if not _can_be_counted(numbers.get(key))
    ]
    reasons += [Reason(key, f"No number “{key}” is asked for.") for key in sorted(set(numbers) - set(labels))]
    if reasons:
        return reasons
    return [
        Reason(part, f"This cannot be more than {labels[whole].lower()}.")
        for part, whole, _ in (*rule.shares, *rule.samples)
        if numbers[part] > numbers[whole]
    ]


def _can_be_counted(number: object) -> bool:
    return isinstance(number, int | float) and not isinstance(number, bool) and 0 <= number <= LARGEST_NUMBER


def judge_numbers(rule: NumberRule, numbers: Mapping[str, float]) -> Judgement:
    """Apply a control point's rule to its numbers; every condition must be met."""
    labels = {f.key: f.label.lower() for f in rule.fields}
    met: list[tuple[bool, str]] = [
        (numbers[key] >= floor, f"{labels[key]} {numbers[key]:g} (at least {floor:g})")
        for key, floor in rule.minimums.items()
    ]
    for part, whole, floor in rule.shares:
        share = numbers[part] / numbers[whole] if numbers[whole] else 0.0
        met.append((share >= floor, f"{labels[part]} {share:.0%} of {numbers[whole]:g} (at least {floor:.0%})"))
    for part, whole, floor in rule.samples:
        needed = numbers[whole] * floor
        met.append(
            (
                numbers[part] >= needed,
                f"{labels[part]} {numbers[part]:g} (at least {floor:.0%} of {numbers[whole]:g})",
            )
        )
    return Judgement(all(ok for ok, _ in met), "; ".join(text for _, text in met))


def expiry(point: ControlPoint, effective_on: date) -> date | None:
    """The first day on which evidence of that effective date no longer counts, None if it never ends."""
    return effective_on + timedelta(days=point.expires_days) if point.expires_days else None


def _latest_per_person(facts: Iterable[EvidenceFact], day: date) -> list[EvidenceFact]:
    """Of everybody's statements in effect that day the newest; a newer one replaces an older of the same person."""
    newest: dict[int | None, EvidenceFact] = {}
    for fact in sorted(facts, key=lambda f: (f.effective_on, f.seq)):
        if fact.effective_on <= day and not (fact.retracted_on and day >= fact.retracted_on):
            newest[fact.contact_seq] = fact
    return list(newest.values())


def _carrying(point: ControlPoint, facts: Sequence[EvidenceFact], day: date) -> list[EvidenceFact]:
    if point.persons > 1:
        spoken = _latest_per_person((f for f in facts if f.contact_seq is not None), day)
        return [f for f in spoken if f.passes and f.is_live(day)]
    in_effect = [f for f in facts if f.effective_on <= day and not (f.retracted_on and day >= f.retracted_on)]
    newest = max(in_effect, key=lambda f: (f.effective_on, f.seq), default=None)
    return [newest] if newest and newest.passes and newest.is_live(day) else []


def point_state(point: ControlPoint, facts: Sequence[EvidenceFact], day: date) -> PointState:
    """Whether `point` holds on `day` by those of its facts; the newest word counts, not the kindest.

    `facts` are of this point only, in any order. Where the playbook asks for the customer's own hand, what was merely
    reported does not count, neither for nor against. Source: DOMAIN section 3 (whose hand).
    """
    if point.own_hand:
        facts = [f for f in facts if f.hand != "reported"]
    if not facts:
        return _unproven(point.key)
    carrying = _carrying(point, facts, day)
    if len(carrying) < point.persons:
        return PointState(point.key, False, ended_on=_ended_on(point, facts, day))
    ends = sorted((f.expires_on or date.max for f in carrying), reverse=True)[point.persons - 1]
    seqs = tuple(sorted(f.seq for f in carrying))
    return PointState(point.key, True, seqs, ends_on=None if ends == date.max else ends)


@cache
def _unproven(key: str) -> PointState:
    """The state of a point on which nobody ever said a word: that of nearly all points of nearly all accounts."""
    return PointState(key, False)


def breakpoints(facts: Iterable[EvidenceFact]) -> set[date]:
    """The days on which any of the facts begins or stops to count."""
    days: set[date] = set()
    for fact in facts:
        days.update(d for d in (fact.effective_on, fact.expires_on, fact.retracted_on) if d is not None)
    return days


def _ended_on(point: ControlPoint, facts: Sequence[EvidenceFact], day: date) -> date | None:
    """The last day of change at which the point stopped to hold, None if it never held until `day`."""
    days = sorted(d for d in breakpoints(facts) if d <= day)
    held = [len(_carrying(point, facts, d)) >= point.persons for d in days]
    return next((d for i, d in reversed(list(enumerate(days))) if i and not held[i] and held[i - 1]), None)
