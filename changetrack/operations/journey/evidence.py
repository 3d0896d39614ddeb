"""Recording and taking back evidence for the control points."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from urllib.parse import urlsplit

from changetrack.domain.journey.evidence import expiry, judge_numbers, number_reasons
from changetrack.domain.journey.moves import day_reasons
from changetrack.domain.journey.playbook import ControlPoint
from changetrack.domain.people import Action, Actor
from changetrack.domain.refusal import NotFound, Reason, refuse_if
from changetrack.models import Contact, Evidence
from changetrack.operations._contacts import CONTACT_TEXTS, add_contact_row, person_named
from changetrack.operations._dossier import Dossier, open_dossier
from changetrack.operations._settle import add_evidence, settle
from changetrack.operations._texts import NOTE, text_reasons
from changetrack.operations._transaction import transaction

SAID_HOW = ("call", "mail", "meeting")
_TEXTS = {"contact_name": CONTACT_TEXTS["name"], "contact_title": CONTACT_TEXTS["title"], "note": NOTE}
_LONGEST_URL = 1000
_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Statement:
    """What a person recorded: who said it and how, and the answer, the numbers or the link.

    `contact_seq` names one of the customer's people; `contact_name` (with `contact_title`) somebody who may be new.
    """

    contact_seq: int | None = None
    contact_name: str = ""
    contact_title: str = ""
    said_how: str | None = None
    answer: bool = True
    numbers: Mapping[str, float] = field(default_factory=dict)
    url: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of recording evidence: whether it passes its rule, in words, and what the point says now."""

    seq: int
    passes: bool
    explanation: str
    holds: bool


def record_evidence(
    *,
    account_id: int,
    point: str,
    statement: Statement,
    effective_on: date,
    actor: Actor,
    now: datetime,
    today: date,
) -> Recorded:
    """Record evidence for a control point; the rule of the point decides whether it passes.

    A customer's word is kept as *reported*, with person, day and how it was said. Raises OperationRefused with
    everything that is wrong with it.
    """
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        rule = dossier.point(point)
        contacts = {c.seq: c for c in dossier.contacts()} if rule.by == "customer" else {}
        refuse_if(
            day_reasons("effective_on", effective_on, today=today)
            + _point_reasons(dossier, rule)
            + _statement_reasons(rule, statement, contacts, effective_on)
        )
        held = dossier.judged(today).states[point].holds
        row = _append(dossier, rule, statement, contacts, effective_on)
        holds = dossier.judged(today).states[point].holds
        is_progress = (holds and not held) or (row.passes and rule.by == "customer")
        dossier.happened(
            "evidence_recorded",
            effective_on=effective_on,
            changes={point: [held, holds]},
            note=row.explanation,
            progress=is_progress,
        )
        settle(dossier, since=effective_on, cause=f"Evidence for {point} was recorded.")
        return Recorded(row.seq, row.passes, row.explanation, holds)


def retract_evidence(*, account_id: int, seq: int, because: str, actor: Actor, now: datetime, today: date) -> None:
    """Take back a piece of evidence from today on, with a reason. What was known before stays known.

    Raises NotFound for unknown evidence, OperationRefused for computed or retracted evidence.
    """
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        row = next((e for e in dossier.evidence if e.seq == seq), None)
        if row is None:
            raise NotFound("evidence")
        reasons = [] if because.strip() else [Reason("because", "Say why it is taken back.")]
        reasons += text_reasons({"because": because}, {"because": _LONGEST_REASON})
        if row.kind == "record":
            reasons.append(Reason(None, "This is computed from the record: correct the record instead."))
        if row.retracted_on is not None:
            reasons.append(Reason(None, "It has been taken back already."))
        refuse_if(reasons)
        held = dossier.judged(today).states[row.point].holds
        row.retracted_on, row.retracted_at, row.retracted_because = (
            max(today, row.effective_on),
            now,
            because.strip(),
        )
        holds = dossier.judged(today).states[row.point].holds
        dossier.happened("evidence_retracted", effective_on=today, changes={row.point: [held, holds]}, note=because)
        settle(dossier, since=today, cause=f"Evidence for {row.point} was taken back.")


def _point_reasons(dossier: Dossier, point: ControlPoint) -> list[Reason]:
    reasons = []
    if dossier.account.status in ("closed", "not_opened"):
        words = {"closed": "The account is closed.", "not_opened": "Answer the two opening questions first."}
        reasons.append(Reason(None, words[dossier.account.status]))
    if not point.is_recordable:
        reasons.append(Reason("point", f"{point.key} is computed; nobody can type it in."))
    elif point.own_hand:
        reasons.append(Reason("point", f"{point.key} needs the customer's own hand."))
    return reasons


def _statement_reasons(point: ControlPoint, said: Statement, contacts: Mapping[int, Contact], on: date) -> list[Reason]:
    typed = {"contact_name": said.contact_name, "contact_title": said.contact_title, "note": said.note}
    reasons = text_reasons(typed, _TEXTS)
    if point.by == "customer":
        reasons += _person_reasons(said, contacts, on)
        if said.said_how not in SAID_HOW:
            reasons.append(Reason("said_how", "Say how you heard it: call, mail or meeting."))
    if point.kind == "numbers" and point.rule is not None:
        reasons += number_reasons(point.rule, said.numbers)
    if point.kind == "link":
        reasons += text_reasons({"url": said.url}, {"url": _LONGEST_URL}) or _link_reasons(said.url.strip())
    return reasons


def _person_reasons(said: Statement, contacts: Mapping[int, Contact], on: date) -> list[Reason]:
    if said.contact_seq is None:
        is_named = bool(said.contact_name.strip())
        return [] if is_named else [Reason("contact_seq", "Name the customer's person who said it.")]
    contact = contacts.get(said.contact_seq)
    if contact is None:
        return [Reason("contact_seq", "That person is not among the customer's people.")]
    if contact.left_on is not None and contact.left_on <= on:
        words = f"{contact.name} left on {contact.left_on:%-d %b %Y}, before they can have said it."
        return [Reason("contact_seq", words)]
    return []


def _link_reasons(url: str) -> list[Reason]:
    try:
        parts = urlsplit(url)
        leads_somewhere = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and " " not in url
    except ValueError:
        leads_somewhere = False
    return [] if leads_somewhere else [Reason("url", "A link that begins with https:// is needed.")]


def _append(
    dossier: Dossier, point: ControlPoint, said: Statement, contacts: Mapping[int, Contact], on: date
) -> Evidence:
    person, title, contact_seq = dossier.actor.name, None, None
    if point.by == "customer":
        contact = _speaker(dossier, said, contacts)
        person, title, contact_seq = contact.name, contact.title, contact.seq
    passes, explanation = said.answer, "Yes, this is so." if said.answer else "Not yet."
    if point.kind == "numbers" and point.rule is not None:
        judgement = judge_numbers(point.rule, said.numbers)
        passes, explanation = judgement.passes, judgement.explanation
    return add_evidence(
        dossier,
        point=point.key,
        kind=point.kind,
        side=point.by,
        hand="reported" if point.by == "customer" else None,
        said_how=said.said_how if point.by == "customer" else None,
        contact_seq=contact_seq,
        person_name=person,
        person_role=title,
        numbers=dict(said.numbers) if point.kind == "numbers" else {},
        url=said.url.strip() or None,
        note=said.note.strip() or None,
        passes=passes,
        explanation=explanation,
        effective_on=on,
        expires_on=expiry(point, on),
        playbook_version=dossier.rule_version(point.step),
    )


def _speaker(dossier: Dossier, said: Statement, contacts: Mapping[int, Contact]) -> Contact:
    """Who said it; somebody named anew who is known already is not counted as a second person."""
    if said.contact_seq is not None:
        return contacts[said.contact_seq]
    known = person_named(contacts.values(), said.contact_name, said.contact_title)
    if known is not None:
        return known
    return add_contact_row(dossier, name=said.contact_name, title=said.contact_title or None)
