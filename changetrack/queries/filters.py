"""Filters of accounts as conditions, and grouping fields as columns, on the record or on where it stood."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, String, cast, func, or_

from changetrack.domain.filters import ATTRIBUTE, CARRIED_FIELDS, NO_VALUE
from changetrack.models import Account


def carried_conditions(table: Any, filters: Mapping[str, str]) -> list[ColumnElement[bool]]:
    """The conditions of the six carried fields on `table`: accounts, or standings for what they were then."""
    return [_is_value(_carried(table, f), f, v) for f, v in filters.items() if f in CARRIED_FIELDS]


def today_conditions(filters: Mapping[str, str], teams: Collection[int] | None = None) -> list[ColumnElement[bool]]:
    """The conditions on accounts of the fields known as of today only, and of belonging to one of `teams` today."""
    found = [_is_value(_today(f), f, v) for f, v in filters.items() if f not in CARRIED_FIELDS]
    return found if teams is None else [*found, Account.team_id.in_(sorted(teams))]


def account_conditions(filters: Mapping[str, str], teams: Collection[int] | None = None) -> list[ColumnElement[bool]]:
    """All conditions on accounts as they are today; `filters` are validated by `domain.filters.filter_reasons`."""
    return carried_conditions(Account, filters) + today_conditions(filters, teams)


def group_value(table: Any, field: str) -> ColumnElement[str]:
    """The column whose values make the groups, '' where there is none; `table` has the carried fields."""
    if field == "team":
        return func.coalesce(cast(table.team_id, String), "")
    return func.coalesce(_carried(table, field) if field in CARRIED_FIELDS else _today(field), "")


def _carried(table: Any, field: str) -> Any:
    return table.team_id if field == "team" else getattr(table, field)


def _today(field: str) -> Any:
    if field.startswith(ATTRIBUTE):
        return Account.attributes[field.removeprefix(ATTRIBUTE)].as_string()
    return Account.owner_id if field == "owner" else Account.organization


def _is_value(column: Any, field: str, value: str) -> ColumnElement[bool]:
    is_number = field in ("team", "owner")
    if value == NO_VALUE:
        missing: ColumnElement[bool] = column.is_(None)
        return missing if is_number else or_(missing, column == "")
    found: ColumnElement[bool] = column == (int(value) if is_number else value)
    return found
