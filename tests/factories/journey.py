"""The playbook, and what happens on an account's way through it."""

from datetime import timedelta
from typing import Any

from changetrack.models import (
    Account,
    Evidence,
    Hold,
    Journey,
    PlaybookVersion,
    Proposal,
    SignOff,
    User,
    Visit,
)
from tests.clock import NOW, TODAY
from tests.factories._saving import Saver, next_seq, save


def make_playbook(session: Saver, **fields: Any) -> PlaybookVersion:
    """A version without steps, for tables that need one to exist."""
    given: dict[str, Any] = {
        "version": 1,
        "body": {},
        "note": "First",
        "created_by": "ada@example.com",
        "created_at": NOW,
    }
    return save(session, PlaybookVersion(**{**given, **fields}))


def make_journey(session: Saver, account: Account, **fields: Any) -> Journey:
    """A journey that is opened: both questions are answered."""
    given: dict[str, Any] = {
        "beneficiary": "Berta Bauer",
        "value_statement": "No order waits longer than a day.",
    }
    return save(session, Journey(**{"account_id": account.id, **given, "opened_on": TODAY, **fields}))


def make_visit(session: Saver, account: Account, **fields: Any) -> Visit:
    """A stay at the account's step that began today and goes on."""
    given: dict[str, Any] = {"step": account.claimed_step, "kind": "advanced", "entered_on": TODAY}
    return save(session, Visit(**{**_of(session, Visit, account), **given, **_recorded(), **fields}))


def make_hold(session: Saver, account: Account, **fields: Any) -> Hold:
    """Parked today, to be looked at again in thirty days."""
    given: dict[str, Any] = {
        "held_on": TODAY,
        "review_on": TODAY + timedelta(days=30),
        "reason": "Budget freeze",
    }
    return save(session, Hold(**{**_of(session, Hold, account), **given, "recorded_at": NOW, **fields}))


def make_evidence(session: Saver, account: Account, point: str, **fields: Any) -> Evidence:
    """Our word of today that `point` holds, without an expiry."""
    given: dict[str, Any] = {
        "point": point,
        "kind": "attested",
        "side": "ours",
        "passes": True,
        "explanation": "Attested.",
    }
    given |= {"effective_on": TODAY, "playbook_version": 1}
    return save(session, Evidence(**{**_of(session, Evidence, account), **given, **_recorded(), **fields}))


def make_proposal(session: Saver, account: Account, proposer: User, **fields: Any) -> Proposal:
    """An open proposal to leave the account's step, made today."""
    given: dict[str, Any] = {
        "from_step": account.claimed_step,
        "visit_seq": account.visit_seq,
        "proposed_by": proposer.id,
    }
    given |= {"proposed_on": TODAY, "proposed_at": NOW, "lapses_on": TODAY + timedelta(days=14)}
    return save(session, Proposal(**{**_of(session, Proposal, account), **given, "fingerprint": "f" * 64, **fields}))


def make_sign_off(session: Saver, proposal: Proposal, user: User, **fields: Any) -> SignOff:
    """The word of `user` on the evidence that `proposal` was made on."""
    given: dict[str, Any] = {
        "account_id": proposal.account_id,
        "proposal_seq": proposal.seq,
        "seq": 1,
        "user_id": user.id,
    }
    given |= {"fingerprint": proposal.fingerprint, "signed_at": NOW, "recorded_by": user.email}
    return save(session, SignOff(**{**given, **fields}))


def _of(session: Saver, model: Any, account: Account) -> dict[str, Any]:
    return {"account_id": account.id, "seq": next_seq(session, model, account.id)}


def _recorded() -> dict[str, Any]:
    return {"recorded_at": NOW, "recorded_by": "olu@example.com"}
