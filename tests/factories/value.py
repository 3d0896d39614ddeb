"""Outcomes, what the customer said of them, and what was posted."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from changetrack.models import (
    Account,
    ApiToken,
    CustomerLink,
    LedgerEntry,
    Metric,
    Outcome,
    OutcomeStatement,
    Reading,
    ValueCell,
    ValueFlow,
    ValueSnapshot,
)
from tests.clock import NOW, TODAY
from tests.factories._saving import Saver, next_seq, save


def make_outcome(session: Saver, account: Account, metric: Metric, **fields: Any) -> Outcome:
    """A proposed outcome: forty a week are worth 100.00 USD."""
    given: dict[str, Any] = {"seq": next_seq(session, Outcome, account.id), "beneficiary_seq": 1, "period": "week"}
    given |= {"statement": "Orders leave the house on the day they come in.", "threshold": Decimal(40)}
    given |= {"rate": 10_000, "currency": "USD", "proposed_on": TODAY, "proposed_at": NOW, "state_since": TODAY}
    given |= {"proposed_by": "olu@example.com"}
    return save(session, Outcome(account_id=account.id, metric_id=metric.id, **{**given, **fields}))


def make_statement(session: Saver, outcome: Outcome, kind: str = "agreed", **fields: Any) -> OutcomeStatement:
    """What the first of the customer's people said of `outcome` today, as reported."""
    given: dict[str, Any] = {"seq": next_seq(session, OutcomeStatement, outcome.account_id), "contact_seq": 1}
    given |= {"person_name": "Carla Customer", "hand": "reported", "said_how": "call", "given_on": TODAY}
    given |= {"valid_days": 90 if kind == "attested" else None, "recorded_on": TODAY, "recorded_at": NOW}
    given |= {"recorded_by": "olu@example.com", **fields}
    return save(session, OutcomeStatement(account_id=outcome.account_id, outcome_seq=outcome.seq, kind=kind, **given))


def make_reading(session: Saver, outcome: Outcome, **fields: Any) -> Reading:
    """Forty-five in the week of today."""
    given: dict[str, Any] = {"period_start": TODAY - timedelta(days=TODAY.weekday()), "recorded_on": TODAY}
    given |= {"value": Decimal(45), **fields}
    return save(session, Reading(account_id=outcome.account_id, outcome_seq=outcome.seq, **given))


def make_entry(session: Saver, outcome: Outcome, **fields: Any) -> LedgerEntry:
    """100.00 USD that were realized today."""
    given: dict[str, Any] = {"seq": 1, "measure": "realized", "posted_on": TODAY, "known_on": TODAY, "amount": 10_000}
    given |= {"currency": outcome.currency, "cause": "accrued", "words": "A week of confirmed use.", "recorded_at": NOW}
    return save(
        session,
        LedgerEntry(account_id=outcome.account_id, outcome_seq=outcome.seq, **{**given, **fields}),
    )


def make_value_cell(session: Saver, **fields: Any) -> ValueCell:
    """What the accounts of step 1 are worth."""
    given: dict[str, Any] = {"field": "", "value": "", "shard": 0, "place": 1, "currency": "USD"}
    return save(session, ValueCell(**{**given, **fields}))


def make_value_flow(session: Saver, **fields: Any) -> ValueFlow:
    """What accrued in a month."""
    given: dict[str, Any] = {"month": TODAY.replace(day=1), "team_id": 0, "currency": "USD", "line": "accrued"}
    return save(session, ValueFlow(**{**given, **fields}))


def make_value_snapshot(session: Saver, **fields: Any) -> ValueSnapshot:
    """What the accounts of step 1 were worth when today ended."""
    given: dict[str, Any] = {"day": TODAY, "field": "", "value": "", "place": 1, "currency": "USD", "promised": 20_000}
    return save(session, ValueSnapshot(**{**given, "probationary": 0, "realized": 10_000, "live": 10_000, **fields}))


def make_link(session: Saver, account: Account, token_hash: str = "0" * 64, **fields: Any) -> CustomerLink:
    """A page for the first of the customer's people, which asks nothing."""
    given: dict[str, Any] = {"contact_seq": 1, "asks": [], "created_at": NOW, "created_by": "olu@example.com"}
    given |= {"expires_at": NOW + timedelta(days=14), **fields}
    return save(session, CustomerLink(account_id=account.id, token_hash=token_hash, **given))


def make_token(session: Saver, token_hash: str = "0" * 64, **fields: Any) -> ApiToken:
    """A key of a program that may send usage."""
    given: dict[str, Any] = {"name": "Warehouse", "prefix": "ct_abcd", "scopes": ["ingest"], "created_at": NOW}
    return save(session, ApiToken(token_hash=token_hash, **{**given, "created_by": "ada@example.com", **fields}))
