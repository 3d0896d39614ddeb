"""Conditions on names: what holds one of several keys, and what begins with one."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.orm import InstrumentedAttribute

from changetrack.models import Account

_LAST = "\U0010ffff"


def holds_any(column: ColumnElement[str] | InstrumentedAttribute[str], keys: Sequence[str]) -> ColumnElement[bool]:
    """Whether one of the keys (domain.names) is anywhere in a column of keys."""
    return or_(*(column.contains(key, autoescape=True) for key in keys))


def begins_with(key: str) -> ColumnElement[bool]:
    """Whether an account's name begins with the key, as an index on names can serve it."""
    return and_(Account.name_key >= key, Account.name_key < key + _LAST)
