"""What is told of an account without changing it: a note of ours, and what the customer said or replied."""

from datetime import date, datetime

from changetrack.domain.journey.moves import day_reasons
from changetrack.domain.people import Action, Actor
from changetrack.domain.refusal import Reason, refuse_if
from changetrack.operations._dossier import open_dossier
from changetrack.operations._settle import settle
from changetrack.operations._texts import text_reasons
from changetrack.operations._transaction import transaction
from changetrack.operations.journey._evidence import (
    SAID_HOW,
    SPEAKER_TEXTS,
    Statement,
    person_reasons,
    speaker_of,
)

LONGEST_NOTE = 2000
SORTS = ("reply", "objection", "idea", "other")
"""What a customer's word was, if it was no answer to a control point."""


def add_note(*, account_id: int, note: str, effective_on: date, actor: Actor, now: datetime, today: date) -> None:
    """Write a note into an account's history. It is no progress, and no word of the customer's.

    Raises NotFound, Forbidden, OperationRefused.
    """
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        refuse_if(_words_reasons(note) + day_reasons("effective_on", effective_on, today=today))
        dossier.happened("note_added", effective_on=effective_on, changes={}, note=note.strip())
        settle(dossier, since=today, cause="A note was written.")


def record_customer_word(
    *, account_id: int, said: Statement, sort: str, effective_on: date, actor: Actor, now: datetime, today: date
) -> None:
    """Record that a named person of the customer's replied, objected or had an idea, as the team heard it.

    `said` tells who, how and (as its note) what; `sort` is one of SORTS. It is an act of the customer's, which ends
    their silence, and no progress. Raises NotFound, Forbidden, OperationRefused. Source: DOMAIN section 6.
    """
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        contacts = {c.seq: c for c in dossier.contacts()}
        reasons = person_reasons(said, contacts, effective_on)
        reasons += text_reasons({"contact_name": said.contact_name, "contact_title": said.contact_title}, SPEAKER_TEXTS)
        if said.said_how not in SAID_HOW:
            reasons.append(Reason("said_how", "Say how you heard it: call, mail or meeting."))
        if sort not in SORTS:
            reasons.append(Reason("sort", "Say what it was: " + ", ".join(SORTS) + "."))
        refuse_if(reasons + _words_reasons(said.note) + day_reasons("effective_on", effective_on, today=today))
        person = speaker_of(dossier, said, contacts)
        told = {"person": [None, person.name], "said_how": [None, said.said_how], "sort": [None, sort]}
        dossier.happened(
            "customer_said", effective_on=effective_on, changes=told, note=said.note.strip(), customer=True
        )
        settle(dossier, since=effective_on, cause=f"{person.name} was heard.")


def _words_reasons(words: str) -> list[Reason]:
    reasons = [] if words.strip() else [Reason("note", "Write down what it was.")]
    return reasons + text_reasons({"note": words}, {"note": LONGEST_NOTE})
