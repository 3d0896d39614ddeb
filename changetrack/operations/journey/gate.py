"""The gate's operations: proposing that an account advances, signing it off, withdrawing."""

from datetime import date, datetime

from sqlalchemy import func, select

from changetrack.domain.journey.gate import (
    fingerprint,
    lapse_date,
    missing_points,
    propose_reasons,
    sign_off_reasons,
)
from changetrack.domain.journey.moves import day_reasons
from changetrack.domain.journey.steps import step_name
from changetrack.domain.people import Action, Actor
from changetrack.domain.refusal import Forbidden, Reason, refuse_if
from changetrack.models import Proposal
from changetrack.operations._dossier import Dossier, open_dossier
from changetrack.operations._proposals import end_proposal, open_proposal, proposal_facts
from changetrack.operations._settle import settle
from changetrack.operations._texts import NOTE, text_reasons
from changetrack.operations._transaction import transaction
from changetrack.operations.journey._signing import GateResult as GateResult
from changetrack.operations.journey._signing import advance_if_complete, customer_reasons, sign, waiting_proposal
from changetrack.operations.journey._visits import earliest_day


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
            lapses_on=lapse_date(today, dossier.calendar),
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
        return advance_if_complete(dossier, proposal, [])


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
        proposal, signed = waiting_proposal(dossier, proposal_seq)
        facts = proposal_facts(dossier, proposal, signed)
        evidence = fingerprint(proposal.from_step, dossier.judged(today))
        reasons = sign_off_reasons(facts, user_id=actor.user_id, today=today, evidence_now=evidence)
        refuse_if(reasons + _note_reasons(note))
        signed.append(sign(dossier, proposal, len(signed) + 1, user_id=actor.user_id, note=note.strip() or None))
        return advance_if_complete(dossier, proposal, signed)


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
        proposal, signed = waiting_proposal(dossier, proposal_seq)
        refuse_if(
            customer_reasons(
                dossier, proposal, signed, contact_seq=contact_seq, hand="reported", said_how=said_how, note=note
            )
        )
        signed.append(
            sign(
                dossier,
                proposal,
                len(signed) + 1,
                contact_seq=contact_seq,
                hand="reported",
                said_how=said_how,
                note=note.strip() or None,
            )
        )
        return advance_if_complete(dossier, proposal, signed)


def withdraw_proposal(
    *, account_id: int, proposal_seq: int | None = None, actor: Actor, now: datetime, today: date
) -> None:
    """Take the open proposal back; `proposal_seq` is the one that was shown. Raises NotFound, OperationRefused."""
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        proposal, _ = waiting_proposal(dossier, proposal_seq)
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
