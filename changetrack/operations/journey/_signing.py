"""Signing a proposal, whoever does it: the one that waits, a person's word on it, what the last word needed brings."""

from dataclasses import dataclass

from changetrack.domain.journey.gate import fingerprint, missing_points, overtaken_reasons, sign_off_need
from changetrack.domain.journey.steps import step_name
from changetrack.domain.refusal import NotFound, OperationRefused, Reason
from changetrack.models import Proposal, SignOff
from changetrack.operations._dossier import Dossier
from changetrack.operations._proposals import last_proposal, open_proposal, proposal_facts, sign_offs_of
from changetrack.operations._settle import settle
from changetrack.operations._texts import NOTE, text_reasons
from changetrack.operations.journey._visits import enter_step

_SAID_HOW = ("call", "mail", "meeting")


@dataclass(frozen=True, slots=True)
class GateResult:
    """What came of a proposal or a sign-off: whether the account advanced, or whose word is still needed."""

    advanced: bool
    claimed_step: int
    needed: tuple[str, ...]
    self_attested: bool = False


def waiting_proposal(dossier: Dossier, shown: int | None = None) -> tuple[Proposal, list[SignOff]]:
    """The proposal that waits for sign-offs, with those it has; `shown` is the number of the one that was seen.

    Raises NotFound if nobody ever proposed, OperationRefused if it is another one, or waits no longer.
    """
    proposal = open_proposal(dossier)
    if proposal is not None and shown in (None, proposal.seq):
        return proposal, sign_offs_of(dossier, proposal)
    if proposal is not None:
        raise OperationRefused(
            [Reason("proposal", "A newer proposal has taken its place. Look at its evidence first.")]
        )
    last = last_proposal(dossier)
    if last is None and shown is not None:
        raise OperationRefused([Reason("proposal", "It waits for nobody any more: the account has moved on.")])
    if last is None:
        raise NotFound("open proposal")
    if last.ended_because is None:
        raise OperationRefused([Reason("proposal", "It was signed off already: the account has moved on.")])
    raise OperationRefused([Reason("proposal", f"{last.ended_because} Propose again.")])


def customer_reasons(
    dossier: Dossier,
    proposal: Proposal,
    signed: list[SignOff],
    *,
    contact_seq: int | None,
    hand: str,
    said_how: str | None,
    note: str,
) -> list[Reason]:
    """Everything that forbids a customer's word on a proposal, 'reported' or given by their 'own' hand."""
    evidence = fingerprint(proposal.from_step, dossier.judged(dossier.today))
    facts = proposal_facts(dossier, proposal, signed)
    reasons = overtaken_reasons(facts, today=dossier.today, evidence_now=evidence)
    reasons += text_reasons({"note": note}, {"note": NOTE})
    if all(c.seq != contact_seq or c.left_on for c in dossier.contacts()):
        reasons.append(Reason("contact_seq", "That person is not among the customer's people."))
    if hand == "reported" and said_how not in _SAID_HOW:
        reasons.append(Reason("said_how", "Say how you heard it: call, mail or meeting."))
    if any(s.contact_seq == contact_seq for s in signed):
        reasons.append(Reason("contact_seq", "They have signed already: one person counts once."))
    return reasons


def sign(dossier: Dossier, proposal: Proposal, seq: int, **who: object) -> SignOff:
    """Append a person's word on a proposal, on the evidence that it was made on."""
    row = SignOff(
        account_id=proposal.account_id,
        proposal_seq=proposal.seq,
        seq=seq,
        fingerprint=proposal.fingerprint,
        signed_at=dossier.now,
        recorded_by=dossier.actor.email or dossier.actor.name,
        **who,
    )
    dossier.session.add(row)
    is_theirs = who.get("contact_seq") is not None
    dossier.happened(
        "proposal_signed",
        effective_on=dossier.today,
        changes={"sign_off": [None, seq]},
        progress=True,
        customer=is_theirs,
    )
    return row


def advance_if_complete(dossier: Dossier, proposal: Proposal, signed: list[SignOff]) -> GateResult:
    """Move the account if nobody's word is missing, and settle it in any case."""
    need = sign_off_need(proposal_facts(dossier, proposal, signed))
    account, since = dossier.account, dossier.today
    spans, cause = [], f"{proposal.from_step + 1} {step_name(proposal.from_step + 1)} is being signed off."
    if need.is_complete:
        _refuse_if_gate_shut(dossier, proposal.from_step)
        since, step = proposal.proposed_on, proposal.from_step + 1
        proposal.state, proposal.ended_at = "accepted", dossier.now
        cause = f"The account moved to {step_name(step)}."
        spans = enter_step(dossier, step, kind="advanced", on=since, self_attested=need.self_attested)
        dossier.happened(
            "account_advanced", effective_on=since, progress=True, changes={"claimed_step": [proposal.from_step, step]}
        )
    settle(dossier, since=since, spans=spans, cause=cause)
    return GateResult(need.is_complete, account.claimed_step, need.needed, account.self_attested)


def _refuse_if_gate_shut(dossier: Dossier, step: int) -> None:
    opened = dossier.is_opened(dossier.today)
    missing = missing_points(step, is_opened=opened, judged=dossier.judged(dossier.today))
    if missing:
        raise OperationRefused([Reason(m.point, m.sentence) for m in missing])
