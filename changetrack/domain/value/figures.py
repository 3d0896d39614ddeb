"""The figures of an overlap group on any day, as known at any day, straight from its history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from changetrack.domain.value.caps import capped
from changetrack.domain.value.course import Change
from changetrack.domain.value.knowledge import OutcomeHistory
from changetrack.domain.value.recognition import recognise

MEASURES = ("realized", "probationary", "live")


@dataclass(frozen=True, slots=True)
class Figures:
    """What an outcome came to, in minor units, under the cap of its group."""

    realized: int = 0
    probationary: int = 0
    live: int = 0


def figures(histories: Sequence[OutcomeHistory], *, as_of: date, known_at: date) -> dict[int, Figures]:
    """Return the figures of every outcome of a group, under its cap if it has one."""
    ordered = sorted(histories, key=_outcome)
    found = [_changes(history, as_of, known_at) for history in ordered]
    cut = capped(found, [history.cap for history in ordered])
    return {history.outcome: _sums(changes) for history, changes in zip(ordered, cut, strict=True)}


def _changes(history: OutcomeHistory, as_of: date, known_at: date) -> list[Change]:
    terms = history.terms_at(known_at)
    if terms is None:
        return []
    found = recognise(terms, history.readings, history.attestations, as_of=as_of, known_at=known_at)
    return found.course.changes if found.course else []


def _sums(changes: Sequence[Change]) -> Figures:
    return Figures(*(sum(c.amount for c in changes if c.measure == measure) for measure in MEASURES))


def _outcome(history: OutcomeHistory) -> int:
    return history.outcome
