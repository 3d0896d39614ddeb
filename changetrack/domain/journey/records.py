"""Control points that are computed from what is recorded: opening, gap, coalition, decision path, vision, use."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from changetrack.domain.coalition import ContactFacts, coalition_gaps, path_gaps
from changetrack.domain.journey.use_points import Use, use_points

VISION_WORDS = 650


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """What an account's journey record says; a None or blank is not recorded."""

    beneficiary: str | None = None
    value_statement: str | None = None
    stated_on: date | None = None
    gap: Mapping[str, object] | None = None  # metric, unit, from, to, by, evidence
    gap_on: date | None = None
    vision: str | None = None
    vision_on: date | None = None
    vision_author_is_active: bool = False
    contacts: Collection[ContactFacts] = ()
    roles_not_applicable: frozenset[str] = frozenset()
    use: Use | None = None  # None: not looked at, so nothing is said of the points that rest on it


@dataclass(frozen=True, slots=True)
class Computed:
    """What the record says of a control point: since when it holds (None: since noticed), or what it lacks.

    `until` is the first day on which it will hold no more if nothing new is learned.
    """

    key: str
    lacks: tuple[str, ...]
    since: date | None = None
    until: date | None = None

    @property
    def holds(self) -> bool:
        """Whether nothing is lacking."""
        return not self.lacks


def computed_points(facts: RecordFacts) -> list[Computed]:
    """The computed points of the default playbook, with all that each of them lacks."""
    of_use = use_points(facts.use) if facts.use else []
    return [
        Computed("1a", _opening_lacks(facts), facts.stated_on),
        Computed("1b", _gap_lacks(facts), facts.gap_on),
        Computed("2a", tuple(coalition_gaps(list(facts.contacts)))),
        Computed("2b", tuple(path_gaps(list(facts.contacts), facts.roles_not_applicable))),
        Computed("3a", _vision_lacks(facts), facts.vision_on),
        *(Computed(p.key, p.lacks, p.since, p.until) for p in of_use),
    ]


def _opening_lacks(facts: RecordFacts) -> tuple[str, ...]:
    lacks = []
    if not facts.beneficiary:
        lacks.append("who the customer is: a named beneficiary")
    if not facts.value_statement:
        lacks.append("what they value, in their words")
    return tuple(lacks)


def _gap_lacks(facts: RecordFacts) -> tuple[str, ...]:
    gap = facts.gap or {}
    labels = {
        "metric": "the metric",
        "unit": "its unit",
        "from": "where it stands",
        "to": "where it should be",
        "by": "by when",
        "evidence": "evidence for where it stands",
    }
    return tuple(label for key, label in labels.items() if not gap.get(key))


def _vision_lacks(facts: RecordFacts) -> tuple[str, ...]:
    if not facts.vision:
        return ("the vision",)
    lacks = []
    words = len(facts.vision.split())
    if words > VISION_WORDS:
        lacks.append(f"brevity: {words} words, at most {VISION_WORDS}")
    if not facts.vision_author_is_active:
        lacks.append("a co-author of the customer's")
    return tuple(lacks)
