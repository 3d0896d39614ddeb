"""The path as people see it: the state of each of the eight steps, and the control points that are slipping."""

from dataclasses import dataclass
from datetime import date, timedelta

from changetrack.domain.journey.evidence import PointState
from changetrack.domain.journey.gate import Judged
from changetrack.domain.journey.playbook import ControlPoint
from changetrack.domain.journey.steps import STEPS
from changetrack.domain.staleness import WARNING_DAYS, grace_days

STEP_STATES = ("held", "working", "slipping", "not_supported", "not_reached")
POINT_STATES = ("holds", "expiring", "slipping", "missing")


@dataclass(frozen=True, slots=True)
class Slip:
    """A required point that held and no longer does; from `grace_ends_on` on the team has to act."""

    point: ControlPoint
    ended_on: date
    grace_ends_on: date

    def is_in_grace(self, today: date) -> bool:
        """Whether there is still time to restore the evidence."""
        return today < self.grace_ends_on


def slip_of(point: ControlPoint, state: PointState) -> Slip | None:
    """Return how a point slips, None where it holds or never held. Source: DOMAIN section 3 (slipping)."""
    if state.holds or state.ended_on is None:
        return None
    return Slip(point, state.ended_on, state.ended_on + timedelta(days=grace_days(point.step)))


def slips(claimed: int, judged: Judged) -> list[Slip]:
    """Return the required points of the steps up to the claimed one that once held and do not now."""
    found = (slip_of(point, state) for point, state in judged.required(min(claimed, max(STEPS))))
    return [slip for slip in found if slip is not None]


def step_state(step: int, claimed: int, judged: Judged, today: date) -> str:
    """Return the state of a step, one of STEP_STATES, for an account that claims the step `claimed`.

    A step left behind is not supported when a point of it is missing that never held, or has been missing
    for longer than its grace; the claimed step itself is being worked on until its points hold.
    """
    if step > claimed:
        return "not_reached"
    missing = [(p, judged.states[p.key]) for p in judged.rules[step].required if not judged.states[p.key].holds]
    if not missing:
        return "held"
    in_grace = [(slip := slip_of(p, state)) is not None and slip.is_in_grace(today) for p, state in missing]
    if step == claimed:
        return "slipping" if any(in_grace) else "working"
    return "slipping" if all(in_grace) else "not_supported"


def point_condition(point: ControlPoint, state: PointState, today: date) -> str:
    """Return the state of a control point, one of POINT_STATES: expiring when it ends within 14 days."""
    if state.holds:
        is_near = state.ends_on is not None and state.ends_on <= today + timedelta(days=WARNING_DAYS)
        return "expiring" if is_near else "holds"
    slip = slip_of(point, state)
    return "slipping" if slip and slip.is_in_grace(today) else "missing"
