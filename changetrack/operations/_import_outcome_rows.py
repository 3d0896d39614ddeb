"""What a row of a file of outcomes says anew, compared with what is on record; and what it may not say."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from changetrack.domain.outcome_file import FileWord
from changetrack.domain.outcomes import RULE_TERMS, TERMS


def folded(statement: str) -> str:
    """Words as they are compared: whatever their case and spacing."""
    return " ".join(statement.split()).casefold()


def terms_before(known: Row[Any] | None) -> dict[str, Any]:
    """The terms on record, or those of the house for a new outcome."""
    if known is None:
        return {**dict.fromkeys(TERMS), **RULE_TERMS, "period": "week"}
    return {name: getattr(known, name) for name in TERMS}


def find_person(people: Sequence[Row[Any]], who: str) -> Row[Any] | None:
    """Whoever of `people` has that address or that name; of two those who are still there."""
    there = sorted(people, key=lambda person: person.left_on is not None)
    return next((p for p in there if (p.email if "@" in who else folded(p.name)) == folded(who)), None)


def changed_terms(
    known: Row[Any] | None, terms: dict[str, Any], beneficiary: str, people: Sequence[Row[Any]]
) -> dict[str, Any]:
    """All terms of a new outcome; of a known one those that differ, its beneficiary as None if it is somebody new."""
    person = find_person(people, beneficiary)
    terms["beneficiary_seq"] = person.seq if person else None
    if known is None:
        return terms
    return {
        name: value
        for name, value in terms.items()
        if value != getattr(known, name) and not (name == "statement" and folded(value) == folded(known.statement))
    }


def new_words(
    words: Sequence[FileWord], said: Sequence[Row[Any]], people: Sequence[Row[Any]], known: Row[Any] | None
) -> list[FileWord]:
    """The words of a row that are not on record yet."""
    on_record = {(word.kind, word.given_on, word.contact_seq) for word in said}
    found = []
    for word in words:
        person = find_person(people, word.by) if word.by else None
        seq = person.seq if person else (known.beneficiary_seq if known and not word.by else None)
        if (word.kind, word.on, seq) not in on_record:
            found.append(word)
    return found


def gone_reasons(words: Sequence[FileWord], beneficiary: str, people: Sequence[Row[Any]]) -> list[tuple[str, str]]:
    """Nobody says anything after they have left."""
    said = [(word, find_person(people, word.by or beneficiary)) for word in words]
    return [
        (f"{word.kind}_on", f"{person.name} left on {person.left_on}, before they can have said it.")
        for word, person in said
        if person is not None and person.left_on is not None and person.left_on <= word.on
    ]


def frozen_reasons(
    known: Row[Any] | None, changed: Mapping[str, Any], words: Sequence[FileWord], said: Sequence[Row[Any]]
) -> list[tuple[str, str]]:
    """What was agreed, or has ended, stays as it is: a file that says otherwise is turned away."""
    if known is None:
        return []
    reasons = []
    if changed and (known.agreed_on is not None or any(word.kind == "agreed" for word in said)):
        names = ", ".join(sorted(changed))
        reasons.append(("statement", f"Its terms are agreed and frozen; the file has another {names}."))
    if any(word.kind == "agreed" for word in words) and known.agreed_on is not None:
        reasons.append(("agreed_on", f"It was agreed on {known.agreed_on}."))
    if words and known.state in ("disputed", "withdrawn"):
        reasons.append(("statement", f"It is {known.state} since {known.state_since}: nothing more can be said of it."))
    return reasons
