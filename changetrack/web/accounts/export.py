"""The list as a file: the columns that an import reads again, and what the list says besides."""

from collections.abc import Iterator, Sequence
from datetime import date

from flask import Flask

from changetrack.domain.funnel import PLACE_KEYS
from changetrack.domain.money import in_plain_figures
from changetrack.domain.people import Actor
from changetrack.queries.accounts import AccountRow, list_accounts
from changetrack.queries.export_tables import Column
from changetrack.web.accounts.asked import Asked

AT_ONCE = 500  # rows read by one statement

EXPORTED: Sequence[Column] = (
    *(Column(name) for name in ("external_id", "name", "organization", "product", "segment", "region", "industry")),
    *(Column(name) for name in ("tier", "team", "owner_email")),
    Column("started_on", "date"), Column("step"), Column("step_entered_on", "date"), Column("annual_value"),
    Column("currency"), Column("supported_step", "int"), Column("days_in_step", "int"), Column("days_limit", "int"),
    Column("severity"), Column("stale_because"),
    *(Column(name) for name in ("promised", "realized", "live")),
)  # fmt: skip


def each_row(app: Flask, asked: Asked, *, actor: Actor, today: date) -> Iterator[tuple[object, ...]]:
    """Every account of the list in its order, in flat memory; no connection is kept while the reader is slow."""
    after: str | None = ""
    while after is not None:
        with app.app_context():
            page = list_accounts(asked.filters, actor=actor, today=today, sort=asked.sort, after=after, limit=AT_ONCE)
        yield from map(_cells, page.rows)
        after = page.after


def _cells(row: AccountRow) -> tuple[object, ...]:
    """One account as the cells of EXPORTED."""
    value = in_plain_figures(row.annual_value, row.currency) if row.annual_value is not None and row.currency else None
    record = (row.external_id, row.name, row.organization, row.product, row.segment, row.region, row.industry, row.tier)
    step = (row.started_on, PLACE_KEYS[row.place], row.entered_on, value, row.currency, row.supported_step)
    why = " ".join(sentence for _, sentence in row.reasons) or None
    worth = (_amounts(row, name) for name in ("promised", "realized", "live"))
    return (*record, row.team, row.owner_email, *step, row.days, row.limit, row.severity, why, *worth)


def _amounts(row: AccountRow, name: str) -> str | None:
    """Such as “1200.00 USD”; several currencies are parted by semicolons."""
    amounts = {currency: getattr(worth, name) for currency, worth in row.worth.items()}
    return "; ".join(f"{in_plain_figures(n, currency)} {currency}" for currency, n in amounts.items() if n) or None
