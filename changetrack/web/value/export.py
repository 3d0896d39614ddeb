"""What the pages of value show, as files: the months, all outcomes of a list, all entries of a ledger."""

from collections.abc import Iterator
from datetime import date

from flask import Flask

from changetrack.domain.money import in_plain_figures
from changetrack.domain.people import Actor
from changetrack.domain.value_flows import LINES
from changetrack.queries.export_tables import Column
from changetrack.queries.ledger_list import LedgerFilters, LedgerLine, list_ledger
from changetrack.queries.outcome_list import OutcomeFilters, OutcomeLine, list_all_outcomes
from changetrack.queries.value_months import Months

AT_ONCE = 500  # rows read by one statement
MONTHS = (
    *(Column("currency"), Column("month", "date")),
    *(Column(name) for name in (*LINES, "promised_to_date", "realized_to_date")),
)
OUTCOMES = (
    *(Column("account"), Column("outcome", "int"), Column("statement"), Column("metric"), Column("state")),
    *(Column("detail"), Column("since", "date"), Column("promised"), Column("realized"), Column("live")),
    *(Column("currency"), Column("period")),
)
ENTRIES = (
    *(Column("account"), Column("outcome", "int"), Column("statement"), Column("posted_on", "date")),
    *(Column("known_on", "date"), Column("amount"), Column("currency"), Column("cause"), Column("words")),
    *(Column("period_start", "date"), Column("reading_value"), Column("unit"), Column("reading_recorded_on", "date")),
)


def month_rows(months: Months) -> Iterator[tuple[object, ...]]:
    """The months of every currency, amounts in plain figures."""
    for currency, told in months.items():
        for month in told:
            amounts = (getattr(month, column.name) for column in MONTHS[2:])
            yield currency, month.start, *(in_plain_figures(amount, currency) for amount in amounts)


def outcome_rows(app: Flask, filters: OutcomeFilters, *, actor: Actor, today: date) -> Iterator[tuple[object, ...]]:
    """Every outcome of a list in its order; no connection is kept while the reader is slow."""
    after: str | None = ""
    while after is not None:
        with app.app_context():
            page = list_all_outcomes(filters, actor=actor, today=today, after=after, limit=AT_ONCE)
        yield from map(_outcome, page.rows)
        after = page.after


def entry_rows(app: Flask, filters: LedgerFilters, *, actor: Actor) -> Iterator[tuple[object, ...]]:
    """Every entry of a ledger in its order; no connection is kept while the reader is slow."""
    after: str | None = ""
    while after is not None:
        with app.app_context():
            page = list_ledger(filters, actor=actor, after=after, limit=AT_ONCE)
        yield from map(_entry, page.rows)
        after = page.after


def _outcome(row: OutcomeLine) -> tuple[object, ...]:
    amounts = (in_plain_figures(amount, row.currency) for amount in (row.promised, row.realized, row.live))
    return (
        *(row.account, row.seq, row.statement, row.metric, row.state, row.detail, row.state_since),
        *(*amounts, row.currency, row.period),
    )


def _entry(row: LedgerLine) -> tuple[object, ...]:
    use = None if row.use is None else f"{row.use.normalize():f}"
    return (
        *(row.account, row.outcome_seq, row.statement, row.posted_on, row.known_on),
        *(in_plain_figures(row.amount, row.currency), row.currency, row.cause, row.words),
        *(row.period_start, use, row.unit if row.use is not None else None, row.read_on),
    )
