"""What a customer's person does on the page that is theirs: opening it, answering, answering otherwise.

Whoever holds the secret of the page's address is the person it was made for. Their words go through the same rules
as those that the team reports, and are kept as given by their own hand.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update

from changetrack.domain.customer_links import ANSWERS, Ask, is_open, offered_answers, token_hash
from changetrack.domain.people import Action, Actor
from changetrack.domain.refusal import NotFound, OperationRefused, Reason, refuse_if
from changetrack.models import Contact, CustomerLink, OutcomeStatement, db
from changetrack.operations._dossier import Dossier, open_dossier
from changetrack.operations._settle import settle
from changetrack.operations._texts import text_reasons
from changetrack.operations._transaction import transaction
from changetrack.operations._tries import count_answer, count_guess
from changetrack.operations.journey._evidence import Statement, put_evidence, take_evidence_back
from changetrack.operations.journey._signing import (
    advance_if_complete,
    customer_reasons,
    sign,
    waiting_proposal,
)
from changetrack.operations.value._ledger import recognise_outcomes
from changetrack.operations.value._statements import add_statement, statement_reasons, touched_by, undo_statement
from changetrack.operations.value._terms import outcome_row

LONGEST_COMMENT = 2000
LONGEST_TOKEN = 200
_OUTCOME_KINDS = {
    ("agree", "yes"): "agreed",
    ("attest", "yes"): "attested",
    ("agree", "not_yet"): "not_yet",
    ("attest", "not_yet"): "not_yet",
    ("agree", "not_valued"): "disputed",
    ("attest", "not_valued"): "disputed",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person answered: one of ANSWERS, in more words if they like, with numbers or a link where asked for."""

    answer: str
    comment: str = ""
    numbers: Mapping[str, float] = field(default_factory=dict)
    url: str = ""


def open_link(*, now: datetime, today: date, token: str, address: str, is_seen: bool = True) -> Actor:
    """Return the person whose page this is, and note that it was opened; `is_seen` is false if not by them.

    Raises NotFound, in the same words for an unknown token, a revoked page and somebody who has left, and
    TooManyTries instead where too many such came from the `address`.
    """
    found = _found(token, today)
    if found is None:
        count_guess(address, now)
        raise NotFound("page")
    link, contact = found
    holder, link_id = Actor.customer(contact.name, contact.email), link.id
    if is_seen and link.opened_at is None and now < link.expires_at:
        with transaction() as session:
            unopened = (CustomerLink.id == link_id, CustomerLink.opened_at.is_(None))
            session.execute(update(CustomerLink).where(*unopened).values(opened_at=now))
    return holder


def answer_ask(*, token: str, key: str, answer: Answer, actor: Actor, now: datetime, today: date, address: str) -> None:
    """Record a person's answer to one thing that their page asks; another answer takes the one before back.

    Raises NotFound for a page that is not there, OperationRefused with everything that forbids it, TooManyTries.
    """
    found = _found(token, today)
    if found is None:
        raise NotFound("page")
    link_id = found[0].id
    count_answer(link_id, address, now)
    with transaction() as session:
        link = session.get_one(CustomerLink, link_id)
        dossier = open_dossier(session, link.account_id, actor=actor, action=Action.ANSWER, now=now, today=today)
        session.refresh(link)  # as it is now that the account is ours
        contact = _holder(dossier, link, token)
        asks = [Ask.read(kept) for kept in link.asks]
        place, ask = next(((i, a) for i, a in enumerate(asks) if a.subject.key == key), (0, None))
        if ask is None:
            raise OperationRefused([Reason(None, "This page does not ask that.")])
        _refuse_odd_answer(dossier, contact, ask, answer)
        if _is_same(ask, answer):
            return
        asks[place] = _answered(dossier, contact, ask, answer)
        link.asks = [one.kept() for one in asks]
        link.answered_at, link.version = now, link.version + 1


def _found(token: str, today: date) -> tuple[CustomerLink, Contact] | None:
    """The page of a token with its person, None where it leads nowhere. What was read is given back."""
    query = (
        select(CustomerLink, Contact)
        .join(Contact, (Contact.account_id == CustomerLink.account_id) & (Contact.seq == CustomerLink.contact_seq))
        .where(
            CustomerLink.token_hash == token_hash(token),
            CustomerLink.revoked_at.is_(None),
            Contact.left_on.is_(None) | (Contact.left_on > today),
        )
    )
    row = db.session.execute(query).first() if len(token) <= LONGEST_TOKEN else None
    return (row[0], row[1]) if row else None


def _holder(dossier: Dossier, link: CustomerLink, token: str) -> Contact:
    """Whose page it is, as long as it can be reached."""
    contact = next((c for c in dossier.contacts() if c.seq == link.contact_seq), None)
    if contact is None or link.token_hash != token_hash(token) or link.revoked_at is not None:
        raise NotFound("page")
    if not is_open(now=dossier.now, expires_at=link.expires_at, revoked_at=link.revoked_at):
        raise OperationRefused([Reason(None, "This page has expired. Ask for a new one.")])
    return contact


def _refuse_odd_answer(dossier: Dossier, contact: Contact, ask: Ask, answer: Answer) -> None:
    is_beneficiary = True
    if ask.subject.kind in ("agree", "attest"):
        is_beneficiary = outcome_row(dossier, int(ask.subject.about)).beneficiary_seq == contact.seq
    reasons = text_reasons({"comment": answer.comment}, {"comment": LONGEST_COMMENT})
    if answer.answer not in offered_answers(ask.subject, is_beneficiary=is_beneficiary, answer=ask.answer):
        reasons.append(Reason("answer", "Choose one of the answers."))
    refuse_if(reasons)


def _is_same(ask: Ask, answer: Answer) -> bool:
    """Whether they said exactly this already: a second click is no second word."""
    said = (ask.answer, ask.comment or "", dict(ask.numbers or {}), ask.url or "")
    return said == (answer.answer, answer.comment.strip(), dict(answer.numbers), answer.url.strip())


def _answered(dossier: Dossier, contact: Contact, ask: Ask, answer: Answer) -> Ask:
    kind = ask.subject.kind
    put = _answer_point if kind == "point" else _answer_proposal if kind == "sign_off" else _answer_outcome
    said = put(dossier, contact, ask, replace(answer, comment=answer.comment.strip(), url=answer.url.strip()))
    return ask.answered(
        answer.answer,
        dossier.now,
        comment=answer.comment.strip() or None,
        said=said,
        numbers=dict(answer.numbers) or None,
        url=answer.url.strip() or None,
    )


def _answer_point(dossier: Dossier, contact: Contact, ask: Ask, answer: Answer) -> int:
    point = dossier.point(str(ask.subject.about))
    before = next((e for e in dossier.evidence if e.seq == ask.said and e.retracted_on is None), None)
    if before is not None:
        take_evidence_back(dossier, before, f"{contact.name} gave another answer.")
    said = Statement(
        contact_seq=contact.seq,
        answer=answer.answer == "yes",
        numbers=answer.numbers,
        url=answer.url,
        note=answer.comment,
        words="" if answer.answer == "yes" else f"{ANSWERS[answer.answer]}.",
    )
    recorded = put_evidence(dossier, point, said, dossier.today, hand="own")
    settle(dossier, since=dossier.today, cause=f"{contact.name} answered {point.key} by their own hand.")
    return recorded.seq


def _answer_outcome(dossier: Dossier, contact: Contact, ask: Ask, answer: Answer) -> int:
    outcome = outcome_row(dossier, int(ask.subject.about))
    kind = _OUTCOME_KINDS[ask.subject.kind, answer.answer]
    before = dossier.session.get(OutcomeStatement, (dossier.account.id, ask.said)) if ask.said else None
    if before is not None and before.retracted_on is None:
        undo_statement(dossier, outcome, before, f"{contact.name} gave another answer.")
        dossier.records_changed = True
    word: dict[str, Any] = {"contact": contact, "hand": "own", "said_how": None, "given_on": dossier.today}
    word["note"] = answer.comment or None
    refuse_if(statement_reasons(dossier, outcome, kind, **word))
    row = add_statement(dossier, outcome, kind, **word)
    recognise_outcomes(dossier, touched_by(dossier, outcome), today=dossier.today)
    since = min(dossier.today, before.given_on) if before is not None else dossier.today
    settle(dossier, since=since, cause=f"{contact.name} gave their word by their own hand.")
    return row.seq


def _answer_proposal(dossier: Dossier, contact: Contact, ask: Ask, answer: Answer) -> int | None:
    """Sign the proposal that was asked about; a “not yet” is told to the history, for the team to act upon."""
    proposal, signed = waiting_proposal(dossier, int(ask.subject.about))
    if answer.answer != "yes":
        told = {"sign_off": [None, answer.answer]}
        note = answer.comment or None
        dossier.happened("customer_declined", effective_on=dossier.today, changes=told, note=note, customer=True)
        settle(dossier, since=dossier.today, cause=f"{contact.name} does not sign yet.")
        return None
    refuse_if(
        customer_reasons(
            dossier, proposal, signed, contact_seq=contact.seq, hand="own", said_how=None, note=answer.comment
        )
    )
    row = sign(dossier, proposal, len(signed) + 1, contact_seq=contact.seq, hand="own", note=answer.comment or None)
    advance_if_complete(dossier, proposal, [*signed, row])
    return row.seq
