"""The terms of outcomes in an operation: cleaning them, checking them against the account, writing them down."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import delete, func, select

from changetrack.domain.outcomes import LONGEST_GROUP, LONGEST_STATEMENT, RULE_TERMS, TERMS, outcome_reasons
from changetrack.domain.refusal import NotFound, Reason
from changetrack.models import Contact, Metric, Outcome, OutcomeStatement, Reading, UsageDaily
from changetrack.operations._contacts import CONTACT_TEXTS, add_contact_row, person_named
from changetrack.operations._dossier import Dossier
from changetrack.operations._history import actor_label
from changetrack.operations._texts import text_reasons
from changetrack.operations.usage._locks import hold_accounts

_TEXTS = {"statement": LONGEST_STATEMENT, "overlap_group": LONGEST_GROUP}
_OF_A_GROUP = {"period": "period", "currency": "currency", "group_cap": "limit"}


def outcome_row(dossier: Dossier, seq: int) -> Outcome:
    """The account's outcome with that number, with its use held before anything of it is written. Raises NotFound."""
    hold_accounts(dossier.session, [dossier.account.id])  # who brings use holds it first and tells the outcome then
    found = dossier.session.get(Outcome, (dossier.account.id, seq)) if 0 < seq < 2**31 else None
    if found is None:
        raise NotFound("outcome")
    return found


def cleaned(terms: Mapping[str, Any]) -> dict[str, Any]:
    """All terms, blank texts as None, those that are not given as they are unless somebody says otherwise."""
    given = {name: (value.strip() or None) if isinstance(value, str) else value for name, value in terms.items()}
    return {**dict.fromkeys(TERMS), **RULE_TERMS, "period": "week", **given}


def terms_of(outcome: Outcome) -> dict[str, Any]:
    """The terms of an outcome by name."""
    return {name: getattr(outcome, name) for name in TERMS}


def terms_reasons(
    dossier: Dossier,
    terms: Mapping[str, Any],
    beneficiary_name: str = "",
    beneficiary_title: str = "",
    *,
    instead_of: Outcome | None = None,
) -> list[Reason]:
    """Everything that is wrong with cleaned terms on this account.

    `instead_of` is the outcome that they are, or would replace; a beneficiary may be named who is not known yet.
    """
    reasons = text_reasons(terms, _TEXTS)
    said = {reason.field for reason in reasons}
    reasons += [reason for reason in outcome_reasons(terms) if reason.field not in said]
    reasons += _beneficiary_reasons(dossier, terms.get("beneficiary_seq"), beneficiary_name, beneficiary_title)
    reasons += _metric_reasons(dossier, terms.get("metric_id"), instead_of)
    return reasons + _group_reasons(dossier, terms, instead_of)


def named_beneficiary(dossier: Dossier, seq: int | None, name: str, title: str) -> int:
    """The number of who is to benefit; somebody who is named anew joins the customer's people."""
    if seq is not None:
        return seq
    known = person_named(dossier.contacts(), name, title)
    person = known or add_contact_row(dossier, name=name, title=title.strip() or None)
    dossier.session.flush()
    return person.seq


def add_outcome(dossier: Dossier, terms: Mapping[str, Any], *, replaces: int | None = None) -> Outcome:
    """Append a proposed outcome with these terms, and look at what use there has been already."""
    mine = Outcome.account_id == dossier.account.id
    outcome = Outcome(
        account_id=dossier.account.id,
        seq=(dossier.session.scalar(select(func.max(Outcome.seq)).where(mine)) or 0) + 1,
        replaces=replaces,
        proposed_on=dossier.today,
        proposed_at=dossier.now,
        proposed_by=actor_label(dossier.actor),
        state="proposed",
        state_since=dossier.today,
        version=1,
        **terms,
    )
    dossier.session.add(outcome)
    look_at_use(dossier, outcome)
    dossier.session.flush()
    return outcome


def look_at_use(dossier: Dossier, outcome: Outcome) -> None:
    """Let the readings of an outcome be taken from the first day of use on record."""
    use = (UsageDaily.account_id == outcome.account_id, UsageDaily.metric_id == outcome.metric_id)
    first = dossier.session.scalar(select(func.min(UsageDaily.day)).where(*use))
    if first is not None:
        outcome.touched_from = first
        outcome.due_on = min(outcome.due_on or dossier.today, dossier.today)


def rewrite_terms(dossier: Dossier, outcome: Outcome, after: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
    """Put the new terms down; readings of another metric or of other periods are taken anew."""
    for name, value in after.items():
        setattr(outcome, name, value)
    outcome.version += 1
    if "metric_id" in changes or "period" in changes:
        mine = (Reading.account_id == outcome.account_id, Reading.outcome_seq == outcome.seq)
        dossier.session.execute(delete(Reading).where(*mine))
        look_at_use(dossier, outcome)


def was_ever_agreed(dossier: Dossier, outcome: Outcome) -> bool:
    """Whether the beneficiary once agreed to these terms, even if that was taken back."""
    mine = (OutcomeStatement.account_id == outcome.account_id, OutcomeStatement.outcome_seq == outcome.seq)
    word = select(OutcomeStatement.seq).where(*mine, OutcomeStatement.kind == "agreed").limit(1)
    return outcome.agreed_on is not None or dossier.session.scalar(word) is not None


def _beneficiary_reasons(dossier: Dossier, seq: int | None, name: str, title: str) -> list[Reason]:
    if seq is None:
        if not name.strip():
            return [Reason("beneficiary_seq", "Name who of the customer's benefits.")]
        limits = {f"beneficiary_{part}": CONTACT_TEXTS[part] for part in ("name", "title")}
        return text_reasons({"beneficiary_name": name, "beneficiary_title": title}, limits)
    contact: Contact | None = next((c for c in dossier.contacts() if c.seq == seq), None)
    if contact is None:
        return [Reason("beneficiary_seq", "That person is not among the customer's people.")]
    if contact.left_on is not None and contact.left_on <= dossier.today:
        return [Reason("beneficiary_seq", f"{contact.name} left on {contact.left_on:%-d %b %Y}.")]
    return []


def _metric_reasons(dossier: Dossier, metric_id: int | None, instead_of: Outcome | None) -> list[Reason]:
    if metric_id is None:
        return []
    metric = dossier.session.get(Metric, metric_id)
    if metric is None:
        return [Reason("metric_id", "There is no such metric.")]
    is_kept = instead_of is not None and instead_of.metric_id == metric_id
    if metric.archived_at is not None and not is_kept:
        return [Reason("metric_id", f"{metric.name} is no longer measured.")]
    return []


def _group_reasons(dossier: Dossier, terms: Mapping[str, Any], instead_of: Outcome | None) -> list[Reason]:
    """Outcomes that share a limit are counted in one currency, over the same periods, up to the same sum."""
    group = terms.get("overlap_group")
    if not isinstance(group, str):
        return []
    mine = (Outcome.account_id == dossier.account.id, Outcome.overlap_group == group, Outcome.replaced_on.is_(None))
    query = select(Outcome).where(*mine).order_by(Outcome.seq)
    others = [row for row in dossier.session.scalars(query) if instead_of is None or row.seq != instead_of.seq]
    if not others:
        return []
    first = others[0]
    return [
        Reason(name, f"The other outcomes of the group “{group}” have another {words}: {_shown(getattr(first, name))}.")
        for name, words in _OF_A_GROUP.items()
        if terms.get(name) is not None and terms[name] != getattr(first, name)
    ]


def _shown(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else f"{value:,}" if isinstance(value, int) else str(value)
