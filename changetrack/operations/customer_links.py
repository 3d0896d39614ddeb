"""Asking a customer's person for their word by a page of their own: making it, adding to it, ending it."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from changetrack.domain.customer_links import (
    LINK_LASTS,
    LINK_LASTS_AT_MOST,
    TOKEN_BYTES,
    Ask,
    Subject,
    is_open,
    joined_expiry,
    joining_reasons,
    request_reasons,
    subject_of,
    token_hash,
)
from changetrack.domain.people import Action, Actor
from changetrack.domain.refusal import NotFound, OperationRefused, Reason, refuse_if
from changetrack.models import Contact, CustomerLink, Outcome
from changetrack.operations._dossier import Dossier, open_dossier
from changetrack.operations._proposals import open_proposal, sign_offs_of
from changetrack.operations._settle import settle
from changetrack.operations._transaction import transaction
from changetrack.operations.value._statements import word_reasons


@dataclass(frozen=True, slots=True)
class Requested:
    """What came of asking. `token` is the secret of the page's address, None if it joined a page already sent."""

    link_id: int
    person: str
    token: str | None
    expires_at: datetime


def ask_customer(
    *, account_id: int, contact_seq: int | None, asks: Sequence[str], actor: Actor, now: datetime, today: date
) -> Requested:
    """Ask one of the customer's people for their word on `asks`, the keys of subjects: `agree-3`, `point-1c`.

    What is new joins their open page, if there is one; else a page is made, whose token is returned this once.
    Raises OperationRefused for what cannot be asked of them and for a third request within fourteen days.
    """
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        contact = _contact(dossier, contact_seq)
        subjects = _subjects(asks)
        links = _links_of(dossier, contact)
        link = next((found for found in links if _is_open(found, now)), None)
        reasons = joining_reasons(contact.name, subjects, _asks_of(link))
        reasons += [reason for subject in subjects for reason in _subject_reasons(dossier, contact, subject)]
        if link is None:
            reasons += request_reasons(contact.name, [found.created_at for found in links], now)
        refuse_if(reasons)
        fresh = [Ask(subject, today, actor.email or actor.name) for subject in subjects]
        token = None
        if link is None:
            token = secrets.token_urlsafe(TOKEN_BYTES)
            link = _new_link(dossier, contact, token)
        else:
            link.expires_at = joined_expiry(created_at=link.created_at, expires_at=link.expires_at, now=now)
        return _ask_on(dossier, link, contact, fresh, token)


def renew_address(*, account_id: int, link_id: int, actor: Actor, now: datetime, today: date) -> Requested:
    """Give an open page another address and return its token; the one before leads nowhere from now on.

    This is no further request: what is asked, what was answered and when it expires stay. Raises NotFound,
    OperationRefused for a page that is no longer open.
    """
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        link, contact = _open_link(dossier, link_id)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        link.token_hash, link.version = token_hash(token), link.version + 1
        _tell(dossier, "customer_link_renewed", contact)
        return Requested(link.id, contact.name, token, link.expires_at)


def revoke_link(*, account_id: int, link_id: int, actor: Actor, now: datetime, today: date) -> str:
    """Close a customer's page before its time and return whose it was. What was answered stays.

    Raises NotFound, OperationRefused for a page that is no longer open.
    """
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        link, contact = _open_link(dossier, link_id)
        link.revoked_at, link.version = now, link.version + 1
        _tell(dossier, "customer_link_revoked", contact)
        return contact.name


def _ask_on(
    dossier: Dossier, link: CustomerLink, contact: Contact, fresh: Sequence[Ask], token: str | None
) -> Requested:
    """Put new questions on a page; one that was answered before is asked anew at the end."""
    anew = {ask.subject for ask in fresh}
    kept = [ask for ask in _asks_of(link) if ask.subject not in anew]
    link.asks = [ask.kept() for ask in (*kept, *fresh)]
    link.version = (link.version or 0) + 1
    dossier.session.flush()
    told = [ask.subject.words for ask in fresh]
    dossier.happened("customer_asked", effective_on=dossier.today, changes={"asked": [None, told]}, note=contact.name)
    settle(dossier, since=dossier.today, cause="The customer was asked.")
    return Requested(link.id, contact.name, token, link.expires_at)


def _new_link(dossier: Dossier, contact: Contact, token: str) -> CustomerLink:
    link = CustomerLink(
        token_hash=token_hash(token),
        account_id=dossier.account.id,
        contact_seq=contact.seq,
        asks=[],
        created_at=dossier.now,
        created_by=dossier.actor.email or dossier.actor.name,
        expires_at=dossier.now + LINK_LASTS,
        version=0,
    )
    dossier.session.add(link)
    return link


def _tell(dossier: Dossier, kind: str, contact: Contact) -> None:
    dossier.happened(kind, effective_on=dossier.today, changes={}, note=contact.name)
    settle(dossier, since=dossier.today, cause="A customer's page changed.")


def _contact(dossier: Dossier, seq: int | None) -> Contact:
    contact = next((c for c in dossier.contacts() if c.seq == seq), None)
    if contact is None:
        raise OperationRefused([Reason("contact_seq", "Choose one of the customer's people.")])
    if contact.left_on is not None and contact.left_on <= dossier.today:
        raise OperationRefused([Reason("contact_seq", f"{contact.name} left on {contact.left_on:%-d %b %Y}.")])
    return contact


def _subjects(keys: Sequence[str]) -> list[Subject]:
    found = [subject_of(key) for key in dict.fromkeys(keys)]
    if None in found:
        raise OperationRefused([Reason("asks", "One of these is nothing that can be asked.")])
    return [subject for subject in found if subject is not None]


def _links_of(dossier: Dossier, contact: Contact) -> list[CustomerLink]:
    """The person's pages that may still be open or count as requests, the newest first."""
    query = select(CustomerLink).where(
        CustomerLink.account_id == dossier.account.id,
        CustomerLink.contact_seq == contact.seq,
        CustomerLink.created_at > dossier.now - LINK_LASTS_AT_MOST,
    )
    return list(dossier.session.scalars(query.order_by(CustomerLink.created_at.desc(), CustomerLink.id.desc())))


def _asks_of(link: CustomerLink | None) -> list[Ask]:
    return [Ask.read(kept) for kept in link.asks] if link is not None else []


def _is_open(link: CustomerLink, now: datetime) -> bool:
    return is_open(now=now, expires_at=link.expires_at, revoked_at=link.revoked_at)


def _open_link(dossier: Dossier, link_id: int) -> tuple[CustomerLink, Contact]:
    link = dossier.session.get(CustomerLink, link_id)
    contact = None
    if link is not None and link.account_id == dossier.account.id:
        contact = next((c for c in dossier.contacts() if c.seq == link.contact_seq), None)
    if link is None or contact is None:
        raise NotFound("request")
    if link.revoked_at is not None:
        raise OperationRefused([Reason(None, "This page is revoked already.")])
    if not _is_open(link, dossier.now):
        raise OperationRefused([Reason(None, "This page has expired already.")])
    return link, contact


def _subject_reasons(dossier: Dossier, contact: Contact, subject: Subject) -> Iterator[Reason]:
    """Why this cannot be asked of this person now."""
    if dossier.account.status == "closed":
        yield Reason("asks", "The account is closed.")
    elif subject.kind in ("agree", "attest"):
        yield from _outcome_reasons(dossier, contact, subject)
    elif subject.kind == "point":
        yield from _point_reasons(dossier, str(subject.about))
    else:
        yield from _proposal_reasons(dossier, contact, subject)


def _outcome_reasons(dossier: Dossier, contact: Contact, subject: Subject) -> Iterator[Reason]:
    outcome = dossier.session.get(Outcome, (dossier.account.id, subject.about))
    if outcome is None:
        yield Reason("asks", "There is no such outcome.")
        return
    kind = {"agree": "agreed", "attest": "attested"}[subject.kind]
    for reason in word_reasons(dossier, outcome, kind, contact=contact, given_on=dossier.today):
        yield Reason(reason.field if reason.field == "contact_seq" else "asks", reason.message)


def _point_reasons(dossier: Dossier, key: str) -> Iterator[Reason]:
    point = dossier.point(key)
    if point.by != "customer" or not point.is_recordable:
        yield Reason("asks", f"{key} is not the customer's to answer.")
    if dossier.account.status == "not_opened":
        yield Reason("asks", "Answer the two opening questions first.")


def _proposal_reasons(dossier: Dossier, contact: Contact, subject: Subject) -> Iterator[Reason]:
    proposal = open_proposal(dossier)
    if proposal is None or proposal.seq != subject.about:
        yield Reason("asks", "This proposal no longer waits for anybody.")
    elif not dossier.rules()[proposal.from_step].customer_signs:
        yield Reason("asks", f"Step {proposal.from_step} does not ask for the customer's signature.")
    elif any(s.contact_seq == contact.seq for s in sign_offs_of(dossier, proposal)):
        yield Reason("contact_seq", f"{contact.name} has signed already: one person counts once.")
