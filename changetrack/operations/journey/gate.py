"""The gate's operations: proposing that an account advances, signing it off, withdrawing."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from changetrack.domain.journey.gate import (
    fingerprint,
    lapse_date,
    missing_points,
    overtaken_reasons,
    propose_reasons,
    sign_off_need,
    sign_off_reasons,
)
from changetrack.domain.journey.moves import day_reasons
from changetrack.domain.journey.steps import step_name
from changetrack.domain.people import Action, Actor
from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused, Reason, refuse_if
from changetrack.models import Proposal, SignOff
from changetrack.operations._dossier import CALENDAR, Dossier, open_dossier
from changetrack.operations._proposals import end_proposal, last_proposal, open_proposal, proposal_facts, sign_offs_of
from changetrack.operations._settle import settle
from changetrack.operations._texts import NOTE, text_reasons
from changetrack.operations._transaction import transaction
from changetrack.operations.journey._visits import earliest_day, enter_step


@dataclass(frozen=True, slots=True)
class GateResult:
    """What came of a proposal or a sign-off: whether the account advanced, or whose word is still needed."""

    advanced: bool
    claimed_step: int
    needed: tuple[str, ...]
    self_attested: bool = False


def propose_advance(
    *, account_id: int, effective_on: date, note: str = "", actor: Actor, now: datetime, today: date
) -> GateResult:
    """Propose that an account leaves its step; refuses with everything that the gate misses.

    In a team of one the proposer's word suffices and the account advances at once, labelled self-attested.
    """
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        account, step, judged = dossier.account, dossier.account.claimed_step, dossier.judged(today)
        missing = missing_points(step, is_opened=dossier.is_opened(today), judged=judged)
        if actor.user_id is None:
            raise Forbidden("A proposal is a person's word.")
        refuse_if(
            propose_reasons(account.status, missing)
            + day_reasons("effective_on", effective_on, today=today, not_before=earliest_day(dossier))
            + ([] if missing else _too_early_reasons(dossier, step, effective_on))
            + _note_reasons(note)
            + _open_reasons(dossier)
        )
        proposal = Proposal(
            account_id=account_id,
            seq=_next_seq(dossier),
            from_step=step,
            visit_seq=account.visit_seq,
            proposed_by=actor.user_id,
            proposed_on=effective_on,
            proposed_at=now,
            lapses_on=lapse_date(today, CALENDAR),
            fingerprint=fingerprint(step, judged),
            note=note.strip() or None,
            state="open",
        )
        session.add(proposal)
        dossier.proposal = proposal
        dossier.happened(
            "advance_proposed",
            effective_on=effective_on,
            note=note.strip() or None,
            changes={"proposal": [None, f"{step} {step_name(step)}"]},
        )
        return _advance_if_complete(dossier, proposal, [])


def sign_off(
    *, account_id: int, proposal_seq: int | None = None, note: str = "", actor: Actor, now: datetime, today: date
) -> GateResult:
    """Sign the account's open proposal as a member of the team; the last word needed moves the account.

    `proposal_seq` is the proposal that was shown: another one is on other evidence. Refuses the proposer, the value
    stream manager, a second signature of one person, changed evidence, a lapsed or ended proposal: with all reasons
    that apply. Raises NotFound if nobody ever proposed.
    """
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        if actor.user_id is None or dossier.account.team_id not in actor.teams:
            raise Forbidden("A sign-off is the word of a person of the team.")
        proposal, signed = _waiting(dossier, proposal_seq)
        facts = proposal_facts(dossier, proposal, signed)
        evidence = fingerprint(proposal.from_step, dossier.judged(today))
        reasons = sign_off_reasons(facts, user_id=actor.user_id, today=today, evidence_now=evidence)
        refuse_if(reasons + _note_reasons(note))
        signed.append(_sign(dossier, proposal, len(signed) + 1, user_id=actor.user_id, note=note.strip() or None))
        return _advance_if_complete(dossier, proposal, signed)


def record_customer_sign_off(
    *,
    account_id: int,
    contact_seq: int | None,
    said_how: str | None,
    proposal_seq: int | None = None,
    note: str = "",
    actor: Actor,
    now: datetime,
    today: date,
) -> GateResult:
    """Record that a named person of the customer agrees with the open proposal, as reported by the team.

    `proposal_seq` is the proposal that was shown. Raises OperationRefused with all reasons.
    """
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        proposal, signed = _waiting(dossier, proposal_seq)
        evidence = fingerprint(proposal.from_step, dossier.judged(today))
        facts = proposal_facts(dossier, proposal, signed)
        reasons = overtaken_reasons(facts, today=today, evidence_now=evidence) + _note_reasons(note)
        if all(c.seq != contact_seq or c.left_on for c in dossier.contacts()):
            reasons.append(Reason("contact_seq", "That person is not among the customer's people."))
        if said_how not in ("call", "mail", "meeting"):
            reasons.append(Reason("said_how", "Say how you heard it: call, mail or meeting."))
        if any(s.contact_seq == contact_seq for s in signed):
            reasons.append(Reason("contact_seq", "They have signed already: one person counts once."))
        refuse_if(reasons)
        signed.append(
            _sign(
                dossier,
                proposal,
                len(signed) + 1,
                contact_seq=contact_seq,
                hand="reported",
                said_how=said_how,
                note=note.strip() or None,
            )
        )
        return _advance_if_complete(dossier, proposal, signed)


def withdraw_proposal(
    *, account_id: int, proposal_seq: int | None = None, actor: Actor, now: datetime, today: date
) -> None:
    """Take the open proposal back; `proposal_seq` is the one that was shown. Raises NotFound, OperationRefused."""
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        proposal, _ = _waiting(dossier, proposal_seq)
        end_proposal(dossier, proposal, "withdrawn", f"Withdrawn by {actor.name}.")
        settle(dossier, since=today, cause="The proposal was withdrawn.")


def _note_reasons(note: str) -> list[Reason]:
    return text_reasons({"note": note}, {"note": NOTE})


def _too_early_reasons(dossier: Dossier, step: int, on: date) -> list[Reason]:
    """An account leaves a step on a day on which its points held, not before."""
    lacking = missing_points(step, is_opened=dossier.is_opened(on), judged=dossier.judged(on))
    if not lacking:
        return []
    names = ", ".join(m.point or "the opening" for m in lacking)
    words = f"On {on:%-d %b %Y} this did not hold yet: {names}. Give the day since when it does."
    return [Reason("effective_on", words)]


def _open_reasons(dossier: Dossier) -> list[Reason]:
    proposal = open_proposal(dossier)
    if proposal is None:
        return []
    if dossier.today >= proposal.lapses_on:
        end_proposal(dossier, proposal, "lapsed", "Its ten business days passed.")
        dossier.session.flush()  # one open proposal an account: this one ends before the next begins
        return []
    return [Reason("proposal", "A proposal waits for sign-offs already.")]


def _next_seq(dossier: Dossier) -> int:
    query = select(func.max(Proposal.seq)).where(Proposal.account_id == dossier.account.id)
    return (dossier.session.scalar(query) or 0) + 1


def _waiting(dossier: Dossier, shown: int | None = None) -> tuple[Proposal, list[SignOff]]:
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


def _sign(dossier: Dossier, proposal: Proposal, seq: int, **who: object) -> SignOff:
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
    dossier.happened("proposal_signed", effective_on=dossier.today, changes={"sign_off": [None, seq]}, progress=True)
    return row


def _advance_if_complete(dossier: Dossier, proposal: Proposal, signed: list[SignOff]) -> GateResult:
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
