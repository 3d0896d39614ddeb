"""What accounts were worth on any day, as known on any day: sums on the ledger, and what was promised by then."""

from collections import defaultdict
from datetime import date
from typing import Any

from sqlalchemy import func, select

from changetrack.domain.value import promised
from changetrack.models import LedgerEntry, Outcome, OutcomeStatement, db
from changetrack.queries.recognition_inputs import known_terms

MEASURES = ("promised", "probationary", "realized", "live")

Amounts = dict[int, dict[str, list[int]]]
"""By account and currency: promised, probationary, realized, live, in minor units."""


def worth_then(*, as_of: date, known_at: date) -> Amounts:
    """Return what each account was worth at the end of `as_of`, by what was known at the end of `known_at`.

    Exact, with work for every outcome and ledger entry: for what no summary holds. Source: DOMAIN section 5.
    """
    found: Amounts = defaultdict(lambda: defaultdict(lambda: [0, 0, 0, 0]))
    entry = LedgerEntry
    posted: Any = (
        select(entry.account_id, entry.currency, entry.measure, func.sum(entry.amount))
        .where(entry.posted_on <= as_of, entry.known_on <= known_at)
        .group_by(entry.account_id, entry.currency, entry.measure)
    )
    for account_id, currency, measure, amount in db.session.execute(posted):
        found[account_id][currency][MEASURES.index(measure)] += int(amount)
    for account_id, currency, amount in _promises(as_of, known_at):
        found[account_id][currency][0] += amount
    return found


def _promises(as_of: date, known_at: date) -> list[tuple[int, str, int]]:
    outcomes = db.session.scalars(select(Outcome)).all()
    said: defaultdict[tuple[int, int], list[Any]] = defaultdict(list)
    columns = (
        OutcomeStatement.account_id, OutcomeStatement.outcome_seq, OutcomeStatement.kind, OutcomeStatement.given_on,
        OutcomeStatement.recorded_on, OutcomeStatement.retracted_on,
    )  # fmt: skip
    for statement in db.session.execute(select(*columns).where(OutcomeStatement.recorded_on <= known_at)):
        said[statement.account_id, statement.outcome_seq].append(statement)
    successors: defaultdict[tuple[int, int], list[Any]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.replaces is not None:
            agreed = [s for s in said[outcome.account_id, outcome.seq] if s.kind == "agreed"]
            successors[outcome.account_id, outcome.replaces] += agreed
    found = []
    for outcome in outcomes:
        key = (outcome.account_id, outcome.seq)
        versions = known_terms(outcome, said[key], successors[key])
        terms = next((terms for day, terms in reversed(versions) if day <= known_at), None)
        if terms is not None and (amount := promised(terms, as_of)):
            found.append((outcome.account_id, outcome.currency, amount))
    return found
