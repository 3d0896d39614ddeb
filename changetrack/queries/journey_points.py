"""Control points as the account page shows them: their state, the evidence of today, and what came before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from changetrack.domain.journey.evidence import EvidenceFact, PointState
from changetrack.domain.journey.gate import Judged
from changetrack.domain.journey.path import Slip, point_condition, slip_of
from changetrack.domain.journey.playbook import ControlPoint, StepRules
from changetrack.domain.journey.steps import CATALOGUE, Step
from changetrack.models import Evidence

EARLIER = 20
"""How many earlier pieces of evidence a point shows; the history has them all."""


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """One recorded piece of evidence. `expires_on` is the first day on which it no longer counts."""

    seq: int
    kind: str
    side: str
    hand: str | None
    said_how: str | None
    person: str | None
    title: str | None
    url: str | None
    note: str | None
    passes: bool
    explanation: str
    effective_on: date
    expires_on: date | None
    recorded_at: datetime
    recorded_by: str
    retracted_on: date | None
    retracted_because: str | None

    @property
    def is_retractable(self) -> bool:
        """Whether the team can take it back: not what was computed, or said by the customer's own hand."""
        return self.kind != "record" and self.hand != "own" and self.retracted_on is None


@dataclass(frozen=True, slots=True)
class PointView:
    """A control point on a day; `state` is one of POINT_STATES.

    `current` is the evidence that carries it, or else the newest that does not; `lacks` says what the record is
    missing for a computed point.
    """

    point: ControlPoint
    state: str
    ends_on: date | None
    slip: Slip | None
    current: tuple[EvidenceView, ...]
    earlier: tuple[EvidenceView, ...]
    lacks: tuple[str, ...]

    @property
    def key(self) -> str:
        """The point's key, such as `1c`."""
        return self.point.key

    @property
    def holds(self) -> bool:
        """Whether evidence carries it."""
        return self.state in ("holds", "expiring")

    @property
    def may_be_recorded(self) -> bool:
        """Whether the team can record evidence for it by hand."""
        return self.point.is_recordable and not self.point.own_hand


@dataclass(frozen=True, slots=True)
class SegmentView:
    """One of the eight steps on the path: its state (of STEP_STATES) and how many required points hold."""

    step: int
    name: str
    short: str
    state: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class StepView:
    """The step that is open below the path: what it is for, and its control points as a checklist."""

    step: Step
    rules: StepRules
    state: str
    points: tuple[PointView, ...]


def point_views(
    rules: StepRules,
    judged: Judged,
    evidence: Sequence[Evidence],
    facts: Mapping[int, EvidenceFact],
    lacks: Mapping[str, tuple[str, ...]],
    day: date,
) -> tuple[PointView, ...]:
    """The control points of one step on `day`; `facts` are the evidence's rows by number as the rules see them."""
    by_point: dict[str, list[Evidence]] = {}
    for row in evidence:
        by_point.setdefault(row.point, []).append(row)
    return tuple(
        _point_view(point, judged.states[point.key], by_point.get(point.key, []), facts, lacks.get(point.key, ()), day)
        for point in rules.points
    )


def segment_views(judged: Judged, states: Mapping[int, str]) -> tuple[SegmentView, ...]:
    """The eight segments of the path."""
    return tuple(
        SegmentView(n, CATALOGUE[n].name, CATALOGUE[n].short, states[n], _done(rules, judged), len(rules.required))
        for n, rules in sorted(judged.rules.items())
    )


def _done(rules: StepRules, judged: Judged) -> int:
    return sum(1 for point in rules.required if judged.states[point.key].holds)


def _point_view(
    point: ControlPoint,
    state: PointState,
    rows: Sequence[Evidence],
    facts: Mapping[int, EvidenceFact],
    lacks: tuple[str, ...],
    day: date,
) -> PointView:
    newest = sorted(rows, key=lambda row: (row.effective_on, row.seq), reverse=True)
    shown = state.evidence if state.holds else _last_words(point, newest, facts, day)
    return PointView(
        point=point,
        state=point_condition(point, state, day),
        ends_on=state.ends_on,
        slip=slip_of(point, state),
        current=tuple(_evidence_view(row, facts[row.seq]) for row in newest if row.seq in shown),
        earlier=tuple(_evidence_view(row, facts[row.seq]) for row in newest if row.seq not in shown)[:EARLIER],
        lacks=lacks,
    )


def _last_words(
    point: ControlPoint, newest: Iterable[Evidence], facts: Mapping[int, EvidenceFact], day: date
) -> tuple[int, ...]:
    """The newest evidence that was not taken back: one piece, or one of each of the persons who have to speak."""
    standing = [row for row in newest if row.effective_on <= day and not _is_taken_back(facts[row.seq], day)]
    if point.persons == 1:
        return tuple(row.seq for row in standing[:1])
    last: dict[int | None, int] = {}
    for row in standing:
        last.setdefault(row.contact_seq, row.seq)
    return tuple(last.values())


def _is_taken_back(fact: EvidenceFact, day: date) -> bool:
    return fact.retracted_on is not None and fact.retracted_on <= day


def _evidence_view(row: Evidence, fact: EvidenceFact) -> EvidenceView:
    return EvidenceView(
        seq=row.seq,
        kind=row.kind,
        side=row.side,
        hand=row.hand,
        said_how=row.said_how,
        person=row.person_name,
        title=row.person_role,
        url=row.url,
        note=row.note,
        passes=row.passes,
        explanation=row.explanation,
        effective_on=row.effective_on,
        expires_on=row.expires_on,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        retracted_on=fact.retracted_on,
        retracted_because=row.retracted_because if fact.retracted_on else None,
    )
