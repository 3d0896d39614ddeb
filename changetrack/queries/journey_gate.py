"""The gate as the account page shows it: what stands in the way, the proposal, and whose word is still needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from changetrack.domain.journey.gate import (
    Judged,
    Missing,
    ProposalFacts,
    fingerprint,
    missing_points,
    sign_off_need,
    sign_off_reasons,
)
from changetrack.domain.people import Actor
from changetrack.queries.coalition import ContactView
from changetrack.queries.journey_rows import ProposalRows, TeamMate


@dataclass(frozen=True, slots=True)
class SignatureView:
    """Whose word stands behind a proposal: the proposer's, a team mate's, or a customer's as reported."""

    name: str
    part: str  # 'proposer', 'vsm', 'coordinator', 'member' or 'customer'
    title: str | None
    hand: str | None
    said_how: str | None
    note: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class NeedView:
    """Whose word is still needed, in words, with the names of those of our team who could give it."""

    words: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProposalView:
    """An open proposal. `refusals` says why the person who looks may not sign it; empty when they may."""

    seq: int
    from_step: int
    proposed_on: date
    note: str | None
    lapses_on: date
    signatures: tuple[SignatureView, ...]
    needs: tuple[NeedView, ...]
    needs_customer: bool
    refusals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GateView:
    """What stands between an account and the step after `step` (0 to 8); `missing` is empty when the gate is open.

    `last_ended` is how the newest proposal of this visit came to its end, when it was not accepted.
    """

    step: int
    missing: tuple[Missing, ...]
    customer_signs: bool
    proposal: ProposalView | None
    last_ended: str | None


def gate_view(
    step: int,
    *,
    is_opened: bool,
    judged: Judged,
    rows: ProposalRows | None,
    visit_seq: int,
    team: Sequence[TeamMate],
    people: Sequence[ContactView],
    actor: Actor,
    today: date,
) -> GateView:
    """The gate out of `step` on `today`, as `actor` sees it; `people` are the customer's."""
    proposal = None
    if rows and rows.proposal.state == "open":
        proposal = _proposal_view(rows, _facts(rows, judged, team, people), judged, team, actor, today)
    rules = judged.rules.get(step)
    return GateView(
        step=step,
        missing=tuple(missing_points(step, is_opened=is_opened, judged=judged)),
        customer_signs=rules.customer_signs if rules else False,
        proposal=proposal,
        last_ended=_last_ended(rows, visit_seq),
    )


def _last_ended(rows: ProposalRows | None, visit_seq: int) -> str | None:
    if rows is None or rows.proposal.visit_seq != visit_seq or rows.proposal.state in ("open", "accepted"):
        return None
    return rows.proposal.ended_because


def _proposal_view(
    rows: ProposalRows, facts: ProposalFacts, judged: Judged, team: Sequence[TeamMate], actor: Actor, today: date
) -> ProposalView:
    row, need = rows.proposal, sign_off_need(facts)
    evidence = fingerprint(row.from_step, judged)
    refusals = sign_off_reasons(facts, user_id=actor.user_id or 0, today=today, evidence_now=evidence)
    return ProposalView(
        seq=row.seq,
        from_step=row.from_step,
        proposed_on=row.proposed_on,
        note=row.note,
        lapses_on=row.lapses_on,
        signatures=_signatures(rows, team),
        needs=tuple(NeedView(words, _who(words, facts, team)) for words in need.needed),
        needs_customer=facts.customer_signs and not facts.signed_contacts,
        refusals=tuple(reason.message for reason in refusals),
    )


def _facts(
    rows: ProposalRows, judged: Judged, team: Sequence[TeamMate], people: Sequence[ContactView]
) -> ProposalFacts:
    """The proposal as the gate takes it: the word of a customer's person who has left counts no more."""
    row, still_there = rows.proposal, {person.seq for person in people if person.left_on is None}
    return ProposalFacts(
        proposed_by=row.proposed_by,
        fingerprint=row.fingerprint,
        lapses_on=row.lapses_on,
        team={mate.user_id: mate.role for mate in team},
        customer_signs=judged.rules[row.from_step].customer_signs,
        signed_users=frozenset(s.row.user_id for s in rows.signatures if s.row.user_id is not None),
        signed_contacts=frozenset(s.row.contact_seq for s in rows.signatures if s.row.contact_seq in still_there),
    )


def _who(words: str, facts: ProposalFacts, team: Sequence[TeamMate]) -> tuple[str, ...]:
    """Those of the team whose word would do; nobody is named for the customer."""
    if "customer" in words:
        return ()
    free = [m for m in team if m.user_id != facts.proposed_by and m.user_id not in facts.signed_users]
    return tuple(m.name for m in free if m.role == "coordinator" or (m.role == "member" and "coordinator" not in words))


def _signatures(rows: ProposalRows, team: Sequence[TeamMate]) -> tuple[SignatureView, ...]:
    roles = {mate.user_id: mate.role for mate in team}
    first = SignatureView(rows.proposer, "proposer", None, None, None, rows.proposal.note, rows.proposal.proposed_at)
    others = [
        SignatureView(
            name=signature.name,
            part="customer" if signature.row.user_id is None else roles.get(signature.row.user_id, "member"),
            title=signature.title,
            hand=signature.row.hand,
            said_how=signature.row.said_how,
            note=signature.row.note,
            at=signature.row.signed_at,
        )
        for signature in rows.signatures
    ]
    return (first, *others)
