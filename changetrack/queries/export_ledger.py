"""What leaves of the ledger: every amount that was realized, with its cause and the reading behind it."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import and_, select

from changetrack.domain.money import in_plain_figures
from changetrack.models import Account, LedgerEntry, Outcome, Reading
from changetrack.queries.export_tables import Column, Export, account_pages

_AT_ONCE = 200  # accounts read by one statement: each has an entry for every period of every outcome
_COLUMNS = (
    Column("external_id"), Column("outcome", "int"), Column("statement"), Column("period_start", "date"),
    Column("posted_on", "date"), Column("known_on", "date"), Column("amount"), Column("currency"), Column("cause"),
    Column("words"), Column("reading_value"), Column("reading_recorded_on", "date"), Column("recorded_at", "moment"),
)  # fmt: skip


def export_ledger() -> Export:
    """Every realized entry by external id, outcome and number; their sum is what was realized."""
    entry = LedgerEntry
    behind = and_(
        Reading.account_id == entry.account_id, Reading.outcome_seq == entry.outcome_seq,
        Reading.period_start == entry.period_start, Reading.recorded_on == entry.reading_recorded_on,
    )  # fmt: skip
    columns: list[Any] = [
        Account.external_id, entry.outcome_seq, Outcome.statement, entry.period_start, entry.posted_on, entry.known_on,
        entry.amount, entry.currency, entry.cause, entry.words, Reading.value, entry.reading_recorded_on,
        entry.recorded_at,
    ]  # fmt: skip
    query = (
        select(*columns)
        .join(entry, entry.account_id == Account.id)
        .join(Outcome, and_(Outcome.account_id == entry.account_id, Outcome.seq == entry.outcome_seq))
        .outerjoin(Reading, behind)
        .where(entry.measure == "realized")
    )
    return Export(_COLUMNS, _rows(query))


def _rows(query: Any) -> Iterator[tuple[Any, ...]]:
    for page in account_pages(query, LedgerEntry.outcome_seq, LedgerEntry.seq, at_once=_AT_ONCE):
        for row in page:
            use = None if row.value is None else f"{row.value.normalize():f}"
            yield (*row[:6], in_plain_figures(row.amount, row.currency), *row[7:10], use, *row[11:])
