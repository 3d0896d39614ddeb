"""What the customer's people say of outcomes, as the team reports it; and taking such a report back."""

from dataclasses import dataclass
from datetime import date, datetime

from changetrack.domain.people import Action, Actor
from changetrack.domain.refusal import NotFound, Reason, refuse_if
from changetrack.models import OutcomeStatement
from changetrack.operations._dossier import open_dossier
from changetrack.operations._settle import settle
from changetrack.operations._texts import text_reasons
from changetrack.operations._transaction import transaction
from changetrack.operations.value._ledger import recognise_outcomes
from changetrack.operations.value._statements import (
    add_statement,
    person_of,
    statement_reasons,
    touched_by,
    undo_reasons,
    undo_statement,
)
from changetrack.operations.value._terms import outcome_row

_LONGEST_REASON = 500
_CAUSES = {
    "agreed": "An outcome was agreed.",
    "attested": "The customer attested to an outcome.",
    "not_yet": "The customer said of an outcome: not yet.",
    "disputed": "An outcome was disputed.",
    "withdrawn": "The beneficiary withdrew from an outcome.",
}


@dataclass(frozen=True, slots=True)
class Word:
    """What a person of the customer's said, as the team heard it: who, when, how (call, mail or meeting)."""

    contact_seq: int | None
    said_how: str | None
    given_on: date | None
    note: str = ""


def agree_outcome(*, account_id: int, seq: int, word: Word, actor: Actor, now: datetime, today: date) -> int:
    """Record that the beneficiary agreed to metric, threshold and worth: from then on the terms are frozen.

    Terms that these replace end on that day. Returns the number of the statement. Raises NotFound, and
    OperationRefused with everything that forbids it.
    """
    return _record("agreed", account_id, seq, word, actor, now, today)


def attest_outcome(*, account_id: int, seq: int, word: Word, actor: Actor, now: datetime, today: date) -> int:
    """Record that a named person of the customer's attests to the use, for as many days as the terms say.

    Attesting again renews it, from that day on. Returns the number of the statement; refusals as `agree_outcome`.
    """
    return _record("attested", account_id, seq, word, actor, now, today)


def say_not_yet(*, account_id: int, seq: int, word: Word, actor: Actor, now: datetime, today: date) -> int:
    """Record that a person of the customer's does not see it yet. Returns the number of the statement."""
    return _record("not_yet", account_id, seq, word, actor, now, today)


def dispute_outcome(*, account_id: int, seq: int, word: Word, actor: Actor, now: datetime, today: date) -> int:
    """Record that the beneficiary disputes the outcome: from that day on it accrues nothing."""
    return _record("disputed", account_id, seq, word, actor, now, today)


def withdraw_outcome(*, account_id: int, seq: int, word: Word, actor: Actor, now: datetime, today: date) -> int:
    """Record that the beneficiary withdrew from what they had agreed: from that day on it accrues nothing."""
    return _record("withdrawn", account_id, seq, word, actor, now, today)


def retract_statement(
    *, account_id: int, statement: int, because: str, actor: Actor, now: datetime, today: date
) -> None:
    """Take back what the team reported a customer to have said, from today on, with what followed from it.

    What was known before stays known. What somebody gave by their own hand is theirs to take back. Raises
    NotFound, and OperationRefused with everything that forbids it.
    """
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        row = session.get(OutcomeStatement, (account_id, statement)) if 0 < statement < 2**31 else None
        if row is None:
            raise NotFound("statement")
        reasons = [] if because.strip() else [Reason("because", "Say why it is taken back.")]
        reasons += text_reasons({"because": because}, {"because": _LONGEST_REASON})
        if row.hand == "own":
            reasons.append(Reason(None, f"{row.person_name} said so by their own hand: ask them for another word."))
        if row.retracted_on is not None:
            reasons.append(Reason(None, "It has been taken back already."))
        outcome = outcome_row(dossier, row.outcome_seq)
        refuse_if(reasons + undo_reasons(outcome, row))
        undo_statement(dossier, outcome, row, because)
        recognise_outcomes(dossier, touched_by(dossier, outcome), today=today)
        settle(dossier, since=row.given_on, cause="A customer's word on an outcome was taken back.")


def _record(kind: str, account_id: int, seq: int, word: Word, actor: Actor, now: datetime, today: date) -> int:
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        outcome, contact = outcome_row(dossier, seq), None
        if word.contact_seq is not None:
            contact = person_of(dossier, word.contact_seq)
        refuse_if(
            statement_reasons(
                dossier,
                outcome,
                kind,
                contact=contact,
                hand="reported",
                said_how=word.said_how,
                given_on=word.given_on,
                note=word.note,
            )
        )
        assert contact is not None, "else it was refused"
        assert word.given_on is not None, "else it was refused"
        row = add_statement(
            dossier,
            outcome,
            kind,
            contact=contact,
            hand="reported",
            said_how=word.said_how,
            given_on=word.given_on,
            note=word.note,
        )
        recognise_outcomes(dossier, touched_by(dossier, outcome), today=today)
        settle(dossier, since=word.given_on, cause=_CAUSES[kind])
        return row.seq
