"""By how much value changed from month to month as it was known on any day, added up from the ledger and the plans."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import extract, func, select

from changetrack.domain.people import Actor, visible_teams
from changetrack.domain.value_flows import line_of, promised_by_month
from changetrack.models import Account, LedgerEntry, Outcome, db
from changetrack.queries.filters import account_conditions
from changetrack.queries.value_figures import plan_terms, plans_known, within
from changetrack.queries.value_months import Months, months_of


def count_months(*, actor: Actor, filters: Mapping[str, str], as_of: date, known_at: date, months: int) -> Months:
    """Return the `months` months up to the day `as_of`, as known at the end of `known_at`, for each currency.

    Of the accounts that `actor` may see and that today match `filters` (validated). In two statements, whose cost
    grows with the ledger: for what the monthly sums do not hold.
    """
    as_of, last = min(as_of, known_at), as_of
    mine = account_conditions(filters, visible_teams(actor))
    ids = select(Account.id).where(*mine) if mine else None
    changes = [*_posted(as_of, known_at, ids), *_promised(as_of, known_at, ids)]
    return months_of(changes, last=last, months=months)


def _posted(as_of: date, known_at: date, ids: Any) -> Iterator[tuple[str, date, str, int]]:
    entry = LedgerEntry
    keys = (
        entry.currency, extract("year", entry.posted_on), extract("month", entry.posted_on), entry.measure, entry.cause,
    )  # fmt: skip
    rows: Any = select(*keys, func.sum(entry.amount)).where(entry.posted_on <= as_of, entry.known_on <= known_at)
    scope = None if ids is None else entry.account_id.in_(ids)
    for currency, year, month, measure, cause, amount in db.session.execute(within(rows, scope).group_by(*keys)):
        yield currency, date(int(year), int(month), 1), line_of(measure, cause), int(amount)


def _promised(as_of: date, known_at: date, ids: Any) -> Iterator[tuple[str, date, str, int]]:
    scope = None if ids is None else Outcome.account_id.in_(ids)
    for currency, rate, *plan in db.session.execute(plans_known(known_at, scope)):
        for month, amount in promised_by_month(plan_terms(rate, plan), as_of):
            yield currency, month, "promised", amount
