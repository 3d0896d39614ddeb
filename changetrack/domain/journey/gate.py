"""The gate: one for every way in. What carries a claim, what is missing, and who has to sign."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from changetrack.domain.calendar import WorkCalendar
from changetrack.domain.journey.evidence import EvidenceFact, PointState, point_state
from changetrack.domain.journey.playbook import ControlPoint, StepRules
from changetrack.domain.journey.steps import ANCHORED, NOT_OPENED
from changetrack.domain.refusal import Reason

PROPOSAL_DAYS = 10  # business days


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that stands between an account and its next step."""

    point: str | None
    step: int
    sentence: str
    can_record: bool = False
    may_be_excepted: bool = True


@dataclass(frozen=True, slots=True)
class Judged:
    """All control points of an account on one day, each by the rules in force when its step was entered."""

    rules: Mapping[int, StepRules]
    states: Mapping[str, PointState]

    def required(self, upto: int) -> Iterator[tuple[ControlPoint, PointState]]:
        """The required points of steps 1 to `upto`, in order, with their states."""
        rules, states = self.rules, self.states
        return ((p, states[p.key]) for n in sorted(rules) if n <= upto for p in rules[n].points if p.required)


@dataclass(frozen=True, slots=True)
class SignOffNeed:
    """Whether enough people stand behind a proposal: what is still needed, in words."""

    needed: tuple[str, ...]
    self_attested: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether nobody's word is missing."""
        return not self.needed


@dataclass(frozen=True, slots=True)
class ProposalFacts:
    """A proposal with those who signed it so far, and the team as it is now ({user id: team role})."""

    proposed_by: int
    fingerprint: str
    lapses_on: date
    team: Mapping[int, str]
    customer_signs: bool
    signed_users: frozenset[int] = field(default_factory=frozenset)
    signed_contacts: frozenset[int] = field(default_factory=frozenset)


def judge(rules: Mapping[int, StepRules], facts: Iterable[EvidenceFact], day: date) -> Judged:
    """The state of every control point on `day`, from all evidence of the account."""
    by_point: dict[str, list[EvidenceFact]] = {}
    for fact in facts:
        by_point.setdefault(fact.point, []).append(fact)
    states = {p.key: point_state(p, by_point.get(p.key, []), day) for s in rules.values() for p in s.points}
    return Judged(rules, states)


def supported_step(claimed: int, *, is_opened: bool, judged: Judged) -> int:
    """Where current evidence carries a claim: the lowest step whose required points do not all hold."""
    if not is_opened:
        return NOT_OPENED
    lowest = next((p.step for p, state in judged.required(8) if not state.holds), ANCHORED)
    return min(claimed, lowest)


def missing_points(step: int, *, is_opened: bool, judged: Judged) -> list[Missing]:
    """Everything, not only the first, that keeps an account from leaving `step`."""
    found = []
    if not is_opened:
        found.append(Missing(None, 0, "Say who the customer is and what they value.", can_record=True))
    for point, state in judged.required(step):
        if not state.holds:
            found.append(
                Missing(point.key, point.step, _why_not(point, state), point.is_recordable, point.may_be_excepted)
            )
    return found


def _why_not(point: ControlPoint, state: PointState) -> str:
    if point.waits_for:
        return f"{point.key} {point.title}: nothing recorded yet."
    if state.ended_on:
        return f"{point.key} {point.title}: its evidence ended on {state.ended_on:%-d %b %Y}."
    return f"{point.key} {point.title}: {point.condition}"


def fingerprint(step: int, judged: Judged) -> str:
    """A digest of exactly the evidence that carries the required points of steps 1 to `step`."""
    lines = [f"{p.key}:{','.join(map(str, s.evidence))}" for p, s in judged.required(step)]
    return hashlib.sha256("\n".join([str(step), *lines]).encode()).hexdigest()


def propose_reasons(status: str, missing: Sequence[Missing]) -> list[Reason]:
    """Why an account may not be proposed to leave its step now."""
    if status == "not_opened":
        return [Reason("opening", "Answer the two opening questions first: who is the customer, what do they value?")]
    if status != "active":
        words = {"anchored": "is anchored already", "held": "is on hold", "closed": "is closed"}[status]
        return [Reason(None, f"The account {words}.")]
    return [Reason(m.point, m.sentence) for m in missing]


def lapse_date(proposed_on: date, calendar: WorkCalendar) -> date:
    """The first day on which a proposal no longer stands: after ten business days."""
    return calendar.add(proposed_on, PROPOSAL_DAYS + 1)


def sign_off_need(proposal: ProposalFacts) -> SignOffNeed:
    """Who still has to sign: one more of the team, the coordinator among them, and at some steps the customer."""
    team = proposal.team
    if proposal.proposed_by not in team:
        return SignOffNeed(("a proposal by somebody of the team",))
    signers = {u for u in proposal.signed_users if team.get(u, "vsm") != "vsm"} - {proposal.proposed_by}
    alone = set(team) == {proposal.proposed_by}
    needed = []
    if not signers and not alone:
        needed.append("one other person of the team")
    together = signers | {proposal.proposed_by}
    if not alone and not any(team.get(u) == "coordinator" for u in together):
        needed = ["the team coordinator"]
    if proposal.customer_signs and not proposal.signed_contacts:
        needed.append("a named person of the customer")
    return SignOffNeed(tuple(needed), self_attested=alone)


def overtaken_reasons(proposal: ProposalFacts, *, today: date, evidence_now: str) -> list[Reason]:
    """All reasons why nobody's word can carry this proposal any more."""
    reasons = []
    if today >= proposal.lapses_on:
        reasons.append(Reason("proposal", f"The proposal lapsed on {proposal.lapses_on:%-d %b %Y}. Propose again."))
    if evidence_now != proposal.fingerprint:
        reasons.append(
            Reason("proposal", "The evidence has changed since it was proposed. Look at it and propose again.")
        )
    if proposal.proposed_by not in proposal.team:
        reasons.append(Reason("proposal", "Who proposed it is no longer of the team. Propose again."))
    return reasons


def sign_off_reasons(proposal: ProposalFacts, *, user_id: int, today: date, evidence_now: str) -> list[Reason]:
    """All reasons why this user may not sign this proposal now."""
    reasons = overtaken_reasons(proposal, today=today, evidence_now=evidence_now)
    if user_id == proposal.proposed_by:
        reasons.append(Reason("user", "Who proposes does not sign off: it takes another person."))
    if proposal.team.get(user_id) == "vsm":
        reasons.append(Reason("user", "The value stream manager proposes, but does not sign off."))
    if user_id in proposal.signed_users:
        reasons.append(Reason("user", "You have signed already: one person counts once."))
    return reasons
