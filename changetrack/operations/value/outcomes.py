"""Outcomes and their terms: proposing, editing while nobody has agreed, withdrawing, asking for other terms."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from changetrack.domain.history import field_diff
from changetrack.domain.people import Action, Actor
from changetrack.domain.refusal import Reason, StaleVersion, refuse_if
from changetrack.models import Outcome
from changetrack.operations._dossier import Dossier, open_dossier
from changetrack.operations._settle import settle
from changetrack.operations._texts import text_reasons
from changetrack.operations._transaction import transaction
from changetrack.operations.value._ledger import recognise_outcomes
from changetrack.operations.value._terms import (
    add_outcome,
    cleaned,
    named_beneficiary,
    outcome_row,
    rewrite_terms,
    terms_of,
    terms_reasons,
    was_ever_agreed,
)

_LONGEST_REASON = 500
_CLOSED = "The account is closed."


def propose_outcome(
    *,
    account_id: int,
    terms: Mapping[str, Any],
    beneficiary_name: str = "",
    beneficiary_title: str = "",
    actor: Actor,
    now: datetime,
    today: date,
) -> int:
    """Write down what the customer is to gain and how it will show; `terms` are named as in `domain.outcomes.TERMS`.

    Terms that are left out get their defaults. Without `beneficiary_seq` the beneficiary is somebody of that name,
    who joins the customer's people if they are new. It is a proposal, worth nothing, until they agree. Returns its
    number in the account. Raises OperationRefused with everything that is wrong with it.
    """
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        given = cleaned(terms)
        who = (beneficiary_name, beneficiary_title)
        refuse_if(_account_reasons(dossier) + terms_reasons(dossier, given, *who))
        given["beneficiary_seq"] = named_beneficiary(dossier, given["beneficiary_seq"], *who)
        outcome = add_outcome(dossier, given)
        _tell(dossier, "outcome_proposed", outcome, field_diff({}, given))
        recognise_outcomes(dossier, [outcome], today=today)
        settle(dossier, since=today, cause="An outcome was proposed.")
        return outcome.seq


def edit_outcome(
    *,
    account_id: int,
    seq: int,
    terms: Mapping[str, Any],
    version: int,
    beneficiary_name: str = "",
    beneficiary_title: str = "",
    actor: Actor,
    now: datetime,
    today: date,
) -> None:
    """Save edited terms of an outcome that nobody has agreed to; `version` is the one that was shown.

    Raises StaleVersion, NotFound, and OperationRefused, also for an outcome whose terms an agreement has frozen.
    """
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        outcome = outcome_row(dossier, seq)
        before = terms_of(outcome)
        after = {**before, **cleaned({**before, **terms})}
        if outcome.version != version:
            raise StaleVersion(current=before | {"version": outcome.version}, typed=after)
        who = (beneficiary_name, beneficiary_title)
        reasons = _account_reasons(dossier) + _frozen_reasons(dossier, outcome)
        refuse_if(reasons or terms_reasons(dossier, after, *who, instead_of=outcome))
        after["beneficiary_seq"] = named_beneficiary(dossier, after["beneficiary_seq"], *who)
        changes = field_diff(before, after)
        if not changes:
            return
        rewrite_terms(dossier, outcome, after, changes)
        _tell(dossier, "outcome_edited", outcome, changes)
        recognise_outcomes(dossier, [outcome], today=today)
        settle(dossier, since=today, cause="A proposed outcome was edited.")


def withdraw_proposal(*, account_id: int, seq: int, because: str, actor: Actor, now: datetime, today: date) -> None:
    """Take back an outcome that nobody has agreed to, with a reason; the history keeps it.

    Raises NotFound, and OperationRefused for an agreed outcome: only its beneficiary withdraws from that.
    """
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        outcome = outcome_row(dossier, seq)
        reasons = [] if because.strip() else [Reason("because", "Say why it is taken back.")]
        reasons += text_reasons({"because": because}, {"because": _LONGEST_REASON})
        if outcome.replaced_on is not None:
            reasons.append(Reason(None, "It has been taken back already."))
        elif outcome.agreed_on is not None:
            reasons.append(Reason(None, "It is agreed: only its beneficiary can withdraw from it."))
        refuse_if(reasons)
        outcome.replaced_on, outcome.replaced_at = today, now
        outcome.state, outcome.detail, outcome.state_since = "withdrawn", "replaced", today
        outcome.version += 1
        outcome.due_on = today
        _tell(dossier, "outcome_taken_back", outcome, {"state": ["proposed", "withdrawn"]}, because.strip())
        recognise_outcomes(dossier, [outcome], today=today)
        settle(dossier, since=today, cause="A proposed outcome was taken back.")


def renegotiate_outcome(
    *,
    account_id: int,
    seq: int,
    terms: Mapping[str, Any],
    beneficiary_name: str = "",
    beneficiary_title: str = "",
    actor: Actor,
    now: datetime,
    today: date,
) -> int:
    """Propose other terms for an agreed or disputed outcome; `terms` are those that differ.

    The agreed ones hold, frozen, until the beneficiary agrees to these; then they end on that day. Returns the
    number of the new proposal. Raises NotFound, and OperationRefused with everything that is wrong.
    """
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        old = outcome_row(dossier, seq)
        before = terms_of(old)
        given = {**before, **cleaned({**before, **terms})}
        who = (beneficiary_name, beneficiary_title)
        reasons = _account_reasons(dossier) + _change_reasons(dossier, old)
        refuse_if(reasons or terms_reasons(dossier, given, *who, instead_of=old))
        given["beneficiary_seq"] = named_beneficiary(dossier, given["beneficiary_seq"], *who)
        changes = field_diff(before, given)
        refuse_if([] if changes else [Reason(None, "These are the terms that hold already.")])
        outcome = add_outcome(dossier, given, replaces=old.seq)
        _tell(dossier, "outcome_change_proposed", outcome, changes)
        recognise_outcomes(dossier, [outcome], today=today)
        settle(dossier, since=today, cause="Other terms were proposed for an outcome.")
        return outcome.seq


def _account_reasons(dossier: Dossier) -> list[Reason]:
    return [Reason(None, _CLOSED)] if dossier.account.status == "closed" else []


def _frozen_reasons(dossier: Dossier, outcome: Outcome) -> list[Reason]:
    if outcome.replaced_on is not None and outcome.agreed_on is None:
        return [Reason(None, "It has been taken back.")]
    if outcome.state == "disputed" or was_ever_agreed(dossier, outcome):
        return [Reason(None, "Its terms were agreed or disputed, and stay as they were: propose other terms instead.")]
    return []


def _change_reasons(dossier: Dossier, old: Outcome) -> list[Reason]:
    if old.replaced_on is not None:
        return [Reason(None, "It has ended; propose a new outcome.")]
    if old.state == "withdrawn":
        return [Reason(None, "Its beneficiary withdrew from it; propose a new outcome.")]
    if old.state != "disputed" and not was_ever_agreed(dossier, old):
        return [Reason(None, "Nobody has agreed to it yet: edit it instead.")]
    mine = (Outcome.account_id == old.account_id, Outcome.replaces == old.seq, Outcome.replaced_on.is_(None))
    waiting = dossier.session.scalar(select(Outcome.seq).where(*mine, Outcome.agreed_on.is_(None)).limit(1))
    if waiting is not None:
        return [Reason(None, "Other terms wait for an answer already: edit those, or take them back.")]
    return []


def _tell(
    dossier: Dossier, kind: str, outcome: Outcome, changes: Mapping[str, Any], because: str | None = None
) -> None:
    told = {"outcome_seq": [None, outcome.seq], **changes}
    dossier.happened(kind, effective_on=dossier.today, changes=told, note=because or outcome.statement)
