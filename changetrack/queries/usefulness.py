"""How often progress followed an alert, step by step, over the last year."""

from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy import func, select

from changetrack.domain.journey.playbook import Playbook
from changetrack.domain.journey.steps import ANCHORED, STEPS
from changetrack.domain.people import Actor, visible_teams
from changetrack.domain.usefulness import Proposal, Usefulness, proposal
from changetrack.models import Alert, db

YEAR = timedelta(days=365)
PLACES = (*STEPS, ANCHORED)


def get_usefulness(*, actor: Actor, today: date) -> Mapping[int, Usefulness]:
    """Return, by step, how useful the alerts of 365 days were, of the teams that `actor` sees; one statement.

    Only alerts that somebody was told of are counted, and those whose ten business days are over: of the younger ones
    only what helped is known, which would flatter them.
    """
    teams = visible_teams(actor)
    counts = select(Alert.step, func.count(), func.count().filter(Alert.useful.is_(True))).where(
        Alert.raised_on > today - YEAR, Alert.useful.is_not(None), Alert.useful_until < today
    )
    if teams is not None:
        counts = counts.where(Alert.team_id.in_(sorted(teams)))
    found = {step: (alerts, followed) for step, alerts, followed in db.session.execute(counts.group_by(Alert.step))}
    return {step: Usefulness(step, *found.get(step, (0, 0))) for step in PLACES}


def propose_wider(playbook: Playbook, useful: Mapping[int, Usefulness]) -> Mapping[int, Proposal]:
    """Return, by step, the wider limit that its alerts speak for; only those steps where they do."""
    found = {number: proposal(useful[number], rules) for number, rules in playbook.steps.items()}
    return {number: one for number, one in found.items() if one is not None}
