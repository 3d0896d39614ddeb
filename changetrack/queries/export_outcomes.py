"""What leaves of outcomes: their terms and the customer's words as an import reads them, and how they stand."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, or_, select

from changetrack.domain.money import in_plain_figures
from changetrack.models import Account, Contact, Metric, Outcome, OutcomeStatement, db
from changetrack.queries.export_tables import Column, Export, account_pages

_TERMS = (
    Column("external_id"), Column("statement"), Column("beneficiary"), Column("metric"), Column("threshold"),
    Column("period"), Column("rate"), Column("currency"), Column("target"), Column("baseline"),
    Column("plan_start", "date"), Column("plan_periods", "int"), Column("accrual"), Column("confirm_after", "int"),
    Column("lapse_after", "int"), Column("restore_after", "int"), Column("min_hold", "int"),
    Column("attestation_valid_days", "int"), Column("settle_lag_days", "int"), Column("requires_attestation", "flag"),
    Column("overlap_group"), Column("group_cap"),
)  # fmt: skip
_WORDS = (
    Column("agreed_on", "date"), Column("attested_on"), Column("attested_by"), Column("disputed_on", "date"),
    Column("withdrawn_on", "date"), Column("said_how"),
)  # fmt: skip
_STANDING = (
    Column("state"), Column("detail"), Column("state_since", "date"), Column("confirmed_from", "date"),
    Column("valid_until", "date"),
)  # fmt: skip
_FIGURES = ("promised", "probationary", "realized", "live")
_PLAIN = ("threshold", "target", "baseline")
_MONEY = ("rate", "group_cap")


def export_outcomes() -> Export:
    """Every outcome that goes on, by external id and number, with the columns of an import; its state follows.

    What was taken back or replaced, and terms that wait in place of agreed ones, stay out: an import could not tell
    them from those that hold.
    """
    query = (
        select(Account.external_id, Account.id, Outcome, Contact.name, Contact.email, Metric.key)
        .join(Outcome, Outcome.account_id == Account.id)
        .join(Metric, Metric.id == Outcome.metric_id)
        .outerjoin(Contact, and_(Contact.account_id == Outcome.account_id, Contact.seq == Outcome.beneficiary_seq))
        .where(Outcome.replaced_on.is_(None), or_(Outcome.replaces.is_(None), Outcome.agreed_on.is_not(None)))
    )
    columns = (*_TERMS, *_WORDS, *_STANDING, *(Column(name) for name in _FIGURES))
    return Export(columns, _rows(query))


def _rows(query: Any) -> Iterator[tuple[Any, ...]]:
    for page in account_pages(query, Outcome.seq):
        said = _said([row.id for row in page])
        for row in page:
            yield _cells(row, said.get((row.id, row.Outcome.seq), ()))


def _said(ids: Sequence[int]) -> Mapping[tuple[int, int], list[Any]]:
    """What was said of the outcomes of some accounts and not taken back, with the address of who said it."""
    found: defaultdict[tuple[int, int], list[Any]] = defaultdict(list)
    person = and_(Contact.account_id == OutcomeStatement.account_id, Contact.seq == OutcomeStatement.contact_seq)
    query = (
        select(OutcomeStatement, Contact.email)
        .outerjoin(Contact, person)
        .where(OutcomeStatement.account_id.in_(sorted(set(ids))), OutcomeStatement.retracted_on.is_(None))
        .order_by(OutcomeStatement.account_id, OutcomeStatement.given_on, OutcomeStatement.seq)
    )
    for statement, email in db.session.execute(query):
        found[statement.account_id, statement.outcome_seq].append((statement, email))
    return found


def _cells(row: Any, said: Sequence[Any]) -> tuple[Any, ...]:
    outcome: Outcome = row.Outcome
    terms = {column.name: getattr(outcome, column.name, None) for column in _TERMS}
    terms |= {"external_id": row.external_id, "beneficiary": row.email or row.name, "metric": row.key}
    terms |= {name: f"{number:f}" for name in _PLAIN if (number := terms[name]) is not None}
    terms |= {name: in_plain_figures(sum_, outcome.currency) for name in _MONEY if (sum_ := terms[name]) is not None}
    return (
        *terms.values(),
        *_word_cells(outcome, said),
        *(getattr(outcome, column.name) for column in _STANDING),
        *(in_plain_figures(getattr(outcome, name), outcome.currency) for name in _FIGURES),
    )


def _word_cells(outcome: Outcome, said: Sequence[Any]) -> tuple[Any, ...]:
    attested = [(word, email) for word, email in said if word.kind == "attested"]
    ended = {word.kind: word.given_on for word, _ in said if word.kind in ("disputed", "withdrawn")}
    how = next((word.said_how for word, _ in said if word.kind == "agreed"), None)
    return (
        outcome.agreed_on,
        ";".join(word.given_on.isoformat() for word, _ in attested) or None,
        ";".join(email or word.person_name for word, email in attested) or None,
        ended.get("disputed"),
        ended.get("withdrawn"),
        how,
    )
