"""The list as a file: the columns that an import reads again, and what the list says besides."""

from collections.abc import Sequence

from changetrack.domain.funnel import PLACE_KEYS
from changetrack.domain.money import in_plain_figures
from changetrack.queries.accounts import AccountRow
from changetrack.queries.exports import Column

EXPORTED: Sequence[Column] = (
    *(Column(name) for name in ("external_id", "name", "organization", "product", "segment", "region", "industry")),
    *(Column(name) for name in ("tier", "team", "owner_email")),
    Column("started_on", "date"), Column("step"), Column("step_entered_on", "date"), Column("annual_value"),
    Column("currency"), Column("supported_step", "int"), Column("days_in_step", "int"), Column("days_limit", "int"),
    Column("severity"), Column("stale_because"),
)  # fmt: skip


def export_row(row: AccountRow) -> tuple[object, ...]:
    """One account as the cells of EXPORTED."""
    value = in_plain_figures(row.annual_value, row.currency) if row.annual_value is not None and row.currency else None
    record = (row.external_id, row.name, row.organization, row.product, row.segment, row.region, row.industry, row.tier)
    step = (row.started_on, PLACE_KEYS[row.place], row.entered_on, value, row.currency, row.supported_step)
    why = " ".join(sentence for _, sentence in row.reasons) or None
    return (*record, row.team, row.owner_email, *step, row.days, row.limit, row.severity, why)
