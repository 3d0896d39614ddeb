"""The open proposal of an account: finding it, ending it, and the team that decides about it."""

from sqlalchemy import bindparam, select

from changetrack.domain.journey.gate import ProposalFacts
from changetrack.models import Proposal, SignOff
from changetrack.operations._dossier import Dossier

_SIGN_OFFS = (
    select(SignOff)
    .where(SignOff.account_id == bindparam("account_id"), SignOff.proposal_seq == bindparam("proposal_seq"))
    .order_by(SignOff.seq)
)


def open_proposal(dossier: Dossier) -> Proposal | None:
    """The proposal that waits for sign-offs, None if there is none."""
    proposal = dossier.proposal
    return proposal if proposal is not None and proposal.state == "open" else None


def last_proposal(dossier: Dossier) -> Proposal | None:
    """The newest proposal of the account's present visit, whatever became of it."""
    query = (
        select(Proposal)
        .where(Proposal.account_id == dossier.account.id, Proposal.visit_seq == dossier.account.visit_seq)
        .order_by(Proposal.seq.desc())
        .limit(1)
    )
    return dossier.session.scalar(query)


def end_proposal(dossier: Dossier, proposal: Proposal, state: str, because: str) -> None:
    """Close a proposal with a state and a reason, and say so in the history."""
    proposal.state, proposal.ended_at, proposal.ended_because = state, dossier.now, because
    dossier.happened(
        f"proposal_{state}", effective_on=dossier.today, changes={"proposal": ["open", state]}, note=because
    )


def active_team(dossier: Dossier) -> dict[int, str]:
    """The people of the account's team who can sign in, with their team roles."""
    return people_of(dossier, dossier.account.team_id)


def people_of(dossier: Dossier, team_id: int | None) -> dict[int, str]:
    """The people of a team who can sign in, with their team roles."""
    return dict(dossier.audience.of_team(team_id))


def proposal_facts(dossier: Dossier, proposal: Proposal, sign_offs: list[SignOff]) -> ProposalFacts:
    """A proposal with its sign-offs in the form that the gate takes."""
    return ProposalFacts(
        proposed_by=proposal.proposed_by,
        fingerprint=proposal.fingerprint,
        lapses_on=proposal.lapses_on,
        team=active_team(dossier),
        customer_signs=dossier.rules()[proposal.from_step].customer_signs,
        signed_users=frozenset(s.user_id for s in sign_offs if s.user_id is not None),
        signed_contacts=_still_there(dossier, sign_offs),
    )


def _still_there(dossier: Dossier, sign_offs: list[SignOff]) -> frozenset[int]:
    """The customer's people among those who signed, but for who has left since."""
    signed = {s.contact_seq for s in sign_offs if s.contact_seq is not None}
    people = dossier.contacts() if signed else ()
    return frozenset(c.seq for c in people if c.seq in signed and c.left_on is None)


def sign_offs_of(dossier: Dossier, proposal: Proposal) -> list[SignOff]:
    """The sign-offs that a proposal has so far, in order."""
    which = {"account_id": proposal.account_id, "proposal_seq": proposal.seq}
    return list(dossier.session.scalars(_SIGN_OFFS, which))
