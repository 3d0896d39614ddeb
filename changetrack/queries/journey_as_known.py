"""An account's journey as it was known at the end of an earlier day: its claim and the evidence on record then."""

from dataclasses import dataclass
from datetime import date, datetime

from changetrack.domain.funnel import status_of
from changetrack.domain.journey.gate import Judged, judge
from changetrack.domain.journey.path import Slip, slips, step_state
from changetrack.domain.journey.steps import CATALOGUE, STEPS
from changetrack.domain.people import Actor
from changetrack.queries.journey_points import SegmentView, StepView, point_views, segment_views
from changetrack.queries.journey_rows import (
    Believed,
    account_rows,
    believed_on,
    believed_rules,
    evidence_fact,
    evidence_rows,
)


@dataclass(frozen=True, slots=True)
class KnownView:
    """Where an account stood on `day` and what carried it, by all that was recorded by then."""

    id: int
    name: str
    day: date
    status: str
    claimed: int
    supported: int
    is_stale: bool
    entered_on: date | None
    path: tuple[SegmentView, ...]
    slips: tuple[Slip, ...]
    selected: StepView


def get_journey_as_known(
    account_id: int, *, actor: Actor, day: date, known_until: datetime, step: int | None = None
) -> KnownView:
    """Return an account's journey on `day` as known before the moment `known_until`, by five statements.

    Raises NotFound if the account is absent, another team's, or was not yet on record.
    """
    account = account_rows(account_id, actor, day).account
    believed = believed_on(account_id, day, known_until)
    standing = believed.standing
    evidence = [row for row in evidence_rows(account_id) if row.recorded_at < known_until]
    facts = {row.seq: evidence_fact(row, known_until) for row in evidence}
    judged = judge(believed_rules(believed, known_until), facts.values(), day)
    opened = step if step is not None and step in STEPS else min(max(standing.step, 1), max(STEPS))
    return KnownView(
        id=account_id,
        name=account.name,
        day=day,
        status=status_of(standing.place),
        claimed=standing.step,
        supported=standing.supported_step,
        is_stale=standing.stale,
        entered_on=_entered_on(believed),
        path=segment_views(judged, _states(judged, standing.step, day)),
        slips=tuple(slips(standing.step, judged)),
        selected=StepView(
            step=CATALOGUE[opened],
            rules=judged.rules[opened],
            state=step_state(opened, standing.step, judged, day),
            points=point_views(judged.rules[opened], judged, evidence, facts, {}, day),
        ),
    )


def _states(judged: Judged, claimed: int, day: date) -> dict[int, str]:
    return {n: step_state(n, claimed, judged, day) for n in STEPS}


def _entered_on(believed: Believed) -> date | None:
    seq = believed.standing.visit_seq
    return next((visit.entered_on for visit in believed.visits if visit.seq == seq), None)
