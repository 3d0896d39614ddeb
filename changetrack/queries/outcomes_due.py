"""Reads of what has to be recognised: the accounts with outcomes about which time or news changes something."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from changetrack.models import Outcome, db
from changetrack.queries.keyset import beyond


@dataclass(frozen=True, slots=True)
class DueOutcomes:
    """An account that has outcomes due since a day."""

    due_on: date
    account_id: int


def count_due_outcomes(*, day: date) -> int:
    """Count the outcomes that are due on `day`."""
    return db.session.scalar(select(func.count()).select_from(Outcome).where(Outcome.due_on <= day)) or 0


def list_due_outcomes(*, day: date, after: DueOutcomes | None, limit: int) -> Sequence[DueOutcomes]:
    """Return up to `limit` accounts with outcomes due on `day`, longest due first, those after `after`.

    Read from an index alone; an account comes once for each day since which outcomes of it are due.
    """
    order: list[Any] = [Outcome.due_on, Outcome.account_id]
    due = select(*order).distinct().where(Outcome.due_on <= day)
    if after is not None:
        due = due.where(beyond(order, (after.due_on, after.account_id), descending=False))
    rows = db.session.execute(due.order_by(*order).limit(limit))
    return [DueOutcomes(due_on, account_id) for due_on, account_id in rows]
