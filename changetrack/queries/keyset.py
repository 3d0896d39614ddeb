"""Pages that are cut at the last row seen: the same cost on any page, and no row twice or never while others move."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, tuple_

_LONGEST_CURSOR = 4000


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place between two rows: the sort it belongs to, and the sort values of the row next to it."""

    sort: str
    values: tuple[Any, ...]

    @property
    def text(self) -> str:
        """The cursor as it stands in an address."""
        plain = [v.isoformat() if isinstance(v, date) else v for v in self.values]
        packed = json.dumps([self.sort, *plain], ensure_ascii=False, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read_cursor(text: str, sort: str, kinds: Sequence[type]) -> Cursor | None:
    """Return the cursor that an address holds; None for anything that is not one of this sort.

    `kinds` are the types of its values: str, int or date. A spoilt address shows the first page.
    """
    if not text or len(text) > _LONGEST_CURSOR:
        return None
    try:
        name, *plain = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        values = tuple(_value(v, kind) for v, kind in zip(plain, kinds, strict=True))
    except (ValueError, TypeError, RecursionError):  # of base64, of JSON, of another number of values, of a date
        return None
    return Cursor(sort, values) if name == sort else None


def beyond(columns: Sequence[ColumnElement[Any]], values: Sequence[Any], *, descending: bool) -> ColumnElement[bool]:
    """The condition that a row comes after one with these sort values, in an order whose columns all run one way."""
    here, there = tuple_(*columns), tuple_(*values)
    return here < there if descending else here > there


def _value(plain: object, kind: type) -> object:
    if kind is date and isinstance(plain, str):
        return date.fromisoformat(plain)
    is_right = isinstance(plain, kind) and not isinstance(plain, bool)
    if not is_right or (isinstance(plain, int) and not 0 <= plain < 2**63):
        raise ValueError("not a value of that kind")
    if isinstance(plain, str):
        plain.encode()  # half a surrogate pair is no text: a ValueError
        if "\0" in plain:
            raise ValueError("no text of ours holds NUL")
    return plain
