"""Use as it leaves as a file: the newest number of every account, metric and day."""

from sqlalchemy import BigInteger, func, select, type_coerce
from sqlalchemy.orm import aliased

from changetrack.domain.usage_file import in_figures
from changetrack.models import Account, Metric, UsageDaily
from changetrack.queries.export_tables import Column, Export, account_pages

ACCOUNTS = 10  # read by one statement: each has a number for every metric and day


def export_usage() -> Export:
    """The newest number of every account, metric and day, by these names, as an import reads it."""
    columns = (
        *(Column("external_id"), Column("metric"), Column("day", "date"), Column("value")),
        Column("recorded_at", "moment"),
    )
    number = type_coerce(func.coalesce(UsageDaily.stated, UsageDaily.counted), BigInteger)
    later = aliased(UsageDaily)
    is_same = (getattr(later, name) == getattr(UsageDaily, name) for name in ("account_id", "metric_id", "day"))
    newest = select(func.max(later.recorded_on)).where(*is_same).scalar_subquery()
    query = (
        select(Account.external_id, Metric.key, UsageDaily.day, number, UsageDaily.recorded_at)
        .join(UsageDaily, UsageDaily.account_id == Account.id)
        .join(Metric, Metric.id == UsageDaily.metric_id)
        .where(UsageDaily.recorded_on == newest)
    )
    pages = account_pages(query, Metric.key, UsageDaily.day, at_once=ACCOUNTS)
    rows = (
        (account, metric, day, in_figures(number), recorded_at)
        for page in pages
        for account, metric, day, number, recorded_at in page
    )
    return Export(columns, rows)
