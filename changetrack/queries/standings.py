"""Where accounts stood on a date, as known by a moment: what every picture of the past is counted from."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from changetrack.domain.funnel import OPEN_PLACES
from changetrack.models import Account, Standing
from changetrack.queries.filters import carried_conditions, today_conditions


def standing_accounts(
    *,
    as_of: date,
    known_until: datetime | None,
    filters: Mapping[str, str],
    teams: Collection[int] | None = None,
) -> Select[Any]:
    """Select the standing of every account at the end of `as_of`, as known just before `known_until` (None: now).

    Columns: account_id, place, step, supported_step, unsupported, stale (both at open places only) and the six
    carried fields. `filters` (validated) hold for the six carried fields as they were then and for all others as
    they are today; `teams` keeps to the accounts that belong to one of them today. Source: DOMAIN section 7.
    """
    at = _standing_then(as_of, known_until, filters, teams)
    is_open = at.c.place <= max(OPEN_PLACES)
    return select(
        at.c.account_id,
        at.c.place,
        at.c.step,
        at.c.supported_step,
        and_(is_open, at.c.supported_step < at.c.step).label("unsupported"),
        and_(is_open, at.c.stale).label("stale"),
        *(at.c[name] for name in _CARRIED),
    ).where(at.c.newest == 1, *carried_conditions(at.c, filters))


def on_record(table: Any, known_until: datetime | None) -> ColumnElement[bool]:
    """The condition that a standing was believed just before `known_until`: recorded by then, not yet superseded."""
    if known_until is None:
        still: ColumnElement[bool] = table.superseded_at.is_(None)
        return still
    not_yet = or_(table.superseded_at.is_(None), table.superseded_at >= known_until)
    return and_(table.recorded_at < known_until, not_yet)


def among(table: Any, filters: Mapping[str, str], teams: Collection[int] | None) -> list[ColumnElement[bool]]:
    """The condition that a standing is of an account that today's filters and `teams` leave in, if there are any."""
    conditions = today_conditions(filters, teams)
    return [table.account_id.in_(select(Account.id).where(*conditions))] if conditions else []


_CARRIED = ("team_id", "product", "segment", "region", "industry", "tier")


def _standing_then(
    as_of: date, known_until: datetime | None, filters: Mapping[str, str], teams: Collection[int] | None
) -> Any:
    order = (Standing.effective_on.desc(), Standing.seq.desc())
    newest = func.row_number().over(partition_by=Standing.account_id, order_by=order)
    facts = (Standing.place, Standing.step, Standing.supported_step, Standing.stale)
    return (
        select(Standing.account_id, *facts, *(getattr(Standing, n) for n in _CARRIED), newest.label("newest"))
        .where(Standing.effective_on <= as_of, on_record(Standing, known_until), *among(Standing, filters, teams))
        .subquery("standing")
    )
