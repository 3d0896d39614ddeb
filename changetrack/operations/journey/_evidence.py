"""Evidence as every way in records it: what forbids a word on a control point, appending it, taking it back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlsplit

from changetrack.domain.journey.evidence import expiry, judge_numbers, number_reasons
from changetrack.domain.journey.moves import day_reasons
from changetrack.domain.journey.playbook import ControlPoint
from changetrack.domain.refusal import Reason, refuse_if
from changetrack.models import Contact, Evidence
from changetrack.operations._contacts import CONTACT_TEXTS, add_contact_row, person_named
from changetrack.operations._dossier import Dossier
from changetrack.operations._settle import add_evidence
from changetrack.operations._texts import NOTE, text_reasons

SAID_HOW = ("call", "mail", "meeting")
SPEAKER_TEXTS = {"contact_name": CONTACT_TEXTS["name"], "contact_title": CONTACT_TEXTS["title"]}
_TEXTS = SPEAKER_TEXTS | {"note": NOTE}
_LONGEST_URL = 1000
_ATTENDANCE = "2c"  # ours to count, but it is the customer's people who came


@dataclass(frozen=True, slots=True)
class Statement:
    """What a person recorded: who said it and how, and the answer, the numbers or the link.

    `contact_seq` names one of the customer's people; `contact_name` (with `contact_title`) somebody who may be new.
    `words` are the answer in other words than yes or not yet.
    """

    contact_seq: int | None = None
    contact_name: str = ""
    contact_title: str = ""
    said_how: str | None = None
    answer: bool = True
    numbers: Mapping[str, float] = field(default_factory=dict)
    url: str = ""
    note: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of recording evidence: whether it passes its rule, in words, and what the point says now."""

    seq: int
    passes: bool
    explanation: str
    holds: bool


def put_evidence(dossier: Dossier, point: ControlPoint, said: Statement, on: date, *, hand: str) -> Recorded:
    """Append a word on `point` and tell it to the history; its rule decides whether it passes. The caller settles.

    A customer's word is 'reported' or given by their 'own' hand. Raises OperationRefused with everything that forbids
    it.
    """
    contacts = {c.seq: c for c in dossier.contacts()} if point.by == "customer" else {}
    refuse_if(
        day_reasons("effective_on", on, today=dossier.today)
        + _point_reasons(dossier, point, hand)
        + _statement_reasons(point, said, contacts, on, hand)
    )
    held = dossier.judged(dossier.today).states[point.key].holds
    row = _append(dossier, point, said, contacts, on, hand)
    holds = dossier.judged(dossier.today).states[point.key].holds
    is_progress = (holds and not held) or (row.passes and point.by == "customer")
    dossier.happened(
        "evidence_recorded",
        effective_on=on,
        changes={point.key: [held, holds]},
        note=row.explanation,
        progress=is_progress,
        customer=point.by == "customer" or point.key == _ATTENDANCE,
    )
    return Recorded(row.seq, row.passes, row.explanation, holds)


def take_evidence_back(dossier: Dossier, row: Evidence, because: str) -> None:
    """Let a piece of evidence no longer count from today on; what was known before stays known. The caller settles."""
    held = dossier.judged(dossier.today).states[row.point].holds
    row.retracted_on, row.retracted_at = max(dossier.today, row.effective_on), dossier.now
    row.retracted_because = because.strip()
    holds = dossier.judged(dossier.today).states[row.point].holds
    dossier.happened("evidence_retracted", effective_on=dossier.today, changes={row.point: [held, holds]}, note=because)


def _is_bare_no(said: Statement, hand: str) -> bool:
    """Whether the customer says “not yet” themselves, for which they need neither numbers nor a link."""
    return hand == "own" and not said.answer


def _point_reasons(dossier: Dossier, point: ControlPoint, hand: str) -> list[Reason]:
    reasons = []
    if dossier.account.status in ("closed", "not_opened"):
        words = {"closed": "The account is closed.", "not_opened": "Answer the two opening questions first."}
        reasons.append(Reason(None, words[dossier.account.status]))
    if not point.is_recordable:
        reasons.append(Reason("point", f"{point.key} is computed; nobody can type it in."))
    elif point.own_hand and hand != "own":
        reasons.append(Reason("point", f"{point.key} needs the customer's own hand."))
    return reasons


def _statement_reasons(
    point: ControlPoint, said: Statement, contacts: Mapping[int, Contact], on: date, hand: str
) -> list[Reason]:
    typed = {"contact_name": said.contact_name, "contact_title": said.contact_title, "note": said.note}
    reasons = text_reasons(typed, _TEXTS)
    if point.by == "customer":
        reasons += person_reasons(said, contacts, on)
        if hand == "reported" and said.said_how not in SAID_HOW:
            reasons.append(Reason("said_how", "Say how you heard it: call, mail or meeting."))
    is_bare_no = _is_bare_no(said, hand)
    if point.kind == "numbers" and point.rule is not None and not is_bare_no:
        reasons += number_reasons(point.rule, said.numbers)
    if said.url.strip() or (point.kind == "link" and not is_bare_no):
        reasons += text_reasons({"url": said.url}, {"url": _LONGEST_URL}) or _link_reasons(said.url.strip())
    return reasons


def person_reasons(said: Statement, contacts: Mapping[int, Contact], on: date) -> list[Reason]:
    """Why nobody of the customer's can have said it on that day: unnamed, unknown, or left before."""
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
    dossier: Dossier, point: ControlPoint, said: Statement, contacts: Mapping[int, Contact], on: date, hand: str
) -> Evidence:
    is_theirs = point.by == "customer"
    speaker = speaker_of(dossier, said, contacts) if is_theirs else None
    has_numbers = point.kind == "numbers" and not _is_bare_no(said, hand)
    passes, explanation = said.answer, said.words or ("Yes, this is so." if said.answer else "Not yet.")
    if has_numbers and point.rule is not None:
        judgement = judge_numbers(point.rule, said.numbers)
        passes, explanation = judgement.passes, judgement.explanation
    return add_evidence(
        dossier,
        point=point.key,
        kind=point.kind,
        side=point.by,
        hand=hand if is_theirs else None,
        said_how=said.said_how if is_theirs and hand == "reported" else None,
        contact_seq=speaker.seq if speaker else None,
        person_name=speaker.name if speaker else dossier.actor.name,
        person_role=speaker.title if speaker else None,
        numbers=dict(said.numbers) if has_numbers else {},
        url=said.url.strip() or None,
        note=said.note.strip() or None,
        passes=passes,
        explanation=explanation,
        effective_on=on,
        expires_on=expiry(point, on),
        playbook_version=dossier.rule_version(point.step),
    )


def speaker_of(dossier: Dossier, said: Statement, contacts: Mapping[int, Contact]) -> Contact:
    """Who said it; somebody named anew who is known already is not counted as a second person."""
    if said.contact_seq is not None:
        return contacts[said.contact_seq]
    known = person_named(contacts.values(), said.contact_name, said.contact_title)
    if known is not None:
        return known
    return add_contact_row(dossier, name=said.contact_name, title=said.contact_title or None)
