"""Reads of one account's journey: everything its page shows, in a constant number of statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from changetrack.domain.journey.evidence import EvidenceFact
from changetrack.domain.journey.gate import Judged, judge
from changetrack.domain.journey.path import Slip, slips, step_state
from changetrack.domain.journey.playbook import StepRules
from changetrack.domain.journey.records import RecordFacts, computed_points
from changetrack.domain.journey.steps import CATALOGUE, STEPS
from changetrack.domain.people import Action, Actor, may
from changetrack.models import Evidence, Journey
from changetrack.queries.account_record import list_aliases
from changetrack.queries.coalition import CoalitionView, ContactView, coalition_of, load_contacts
from changetrack.queries.journey_gate import GateView, gate_view
from changetrack.queries.journey_points import SegmentView, StepView, point_views, segment_views
from changetrack.queries.journey_rows import (
    AccountRows,
    TeamMate,
    account_rows,
    evidence_fact,
    evidence_rows,
    proposal_rows,
    step_rules,
    team_mates,
)
from changetrack.queries.journey_standing import StandingView, standing_view


@dataclass(frozen=True, slots=True)
class Rights:
    """What the person who looks may do with the account."""

    work: bool
    edit: bool
    sign: bool
    exempt: bool


@dataclass(frozen=True, slots=True)
class SubjectView:
    """What the change is about: the two opening answers, the gap, the vision; `version` is that of what is shown."""

    beneficiary: str | None
    value_statement: str | None
    opened_on: date | None
    stated_on: date | None
    gap_metric: str | None
    gap_unit: str | None
    gap_from: str | None
    gap_to: str | None
    gap_by: date | None
    gap_evidence: str | None
    gap_on: date | None
    vision: str | None
    vision_contact_seq: int | None
    vision_on: date | None
    roles_not_applicable: tuple[str, ...]
    version: int


@dataclass(frozen=True, slots=True)
class JourneyView:
    """One account on its way, as of today, with one of its steps opened.

    `steps` are the rules of all steps, each in the version that judges it; `slips` the required points that held
    and no longer do; `selected` the opened step; `aliases` the account's names in other systems. Days of the standing
    are calendar days without those on hold.
    """

    id: int
    name: str
    standing: StandingView
    rights: Rights
    team: tuple[TeamMate, ...]
    subject: SubjectView
    coalition: CoalitionView
    path: tuple[SegmentView, ...]
    slips: tuple[Slip, ...]
    gate: GateView
    steps: Mapping[int, StepRules]
    selected: StepView
    aliases: tuple[str, ...]


def get_journey(account_id: int, *, actor: Actor, today: date, step: int | None = None) -> JourneyView:
    """Return an account's journey by seven statements; `step` is the one to open, else the one claimed.

    Raises NotFound if the account is absent, or another team's.
    """
    rows = account_rows(account_id, actor, today)
    account = rows.account
    rules, _ = step_rules(rows.journey.judged_by)
    evidence = evidence_rows(account_id)
    facts = {row.seq: evidence_fact(row) for row in evidence}
    judged = judge(rules, facts.values(), today)
    people, team = load_contacts(account_id, today=today), team_mates(account.team_id)
    opened_on, proposal = rows.journey.opened_on, proposal_rows(account_id)
    gate = gate_view(
        account.claimed_step,
        is_opened=opened_on is not None and opened_on <= today,
        judged=judged,
        rows=proposal,
        visit_seq=account.visit_seq,
        team=team,
        people=people,
        actor=actor,
        today=today,
    )
    return JourneyView(
        id=account_id,
        name=account.name,
        standing=standing_view(rows, rules, today),
        rights=_rights(actor, account.team_id),
        team=team,
        subject=_subject(rows.journey),
        coalition=coalition_of(people, rows.journey.roles_not_applicable),
        path=segment_views(judged, {n: step_state(n, account.claimed_step, judged, today) for n in STEPS}),
        slips=tuple(slips(account.claimed_step, judged)),
        gate=gate,
        steps=rules,
        selected=_selected(step, rows, judged, evidence, facts, people, today),
        aliases=list_aliases(account_id),
    )


def _selected(
    step: int | None,
    rows: AccountRows,
    judged: Judged,
    evidence: Sequence[Evidence],
    facts: Mapping[int, EvidenceFact],
    people: Sequence[ContactView],
    today: date,
) -> StepView:
    claimed = rows.account.claimed_step
    n = step if step is not None and step in STEPS else min(max(claimed, 1), max(STEPS))
    lacks = {computed.key: computed.lacks for computed in computed_points(_record_facts(rows.journey, people))}
    return StepView(
        step=CATALOGUE[n],
        rules=judged.rules[n],
        state=step_state(n, claimed, judged, today),
        points=point_views(judged.rules[n], judged, evidence, facts, lacks, today),
    )


def _rights(actor: Actor, team_id: int | None) -> Rights:
    return Rights(*(may(actor, a, team_id) for a in (Action.WORK, Action.EDIT_RECORD, Action.SIGN_OFF, Action.EXCEPT)))


def _subject(row: Journey) -> SubjectView:
    plain = {name: getattr(row, name) for name in SubjectView.__slots__ if name != "roles_not_applicable"}
    return SubjectView(**plain, roles_not_applicable=tuple(row.roles_not_applicable))


def _record_facts(row: Journey, people: Sequence[ContactView]) -> RecordFacts:
    gap = {name: getattr(row, f"gap_{name}") for name in ("metric", "unit", "from", "to", "by", "evidence")}
    return RecordFacts(
        beneficiary=row.beneficiary,
        value_statement=row.value_statement,
        stated_on=row.stated_on,
        gap=gap,
        gap_on=row.gap_on,
        vision=row.vision,
        vision_on=row.vision_on,
        vision_author_is_active=any(p.seq == row.vision_contact_seq and p.is_active for p in people),
        contacts=[person.facts for person in people],
        roles_not_applicable=frozenset(row.roles_not_applicable),
    )
