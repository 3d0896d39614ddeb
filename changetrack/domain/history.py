"""The append-only history: what changed, field by field, and the hash chain that makes edits visible."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from hashlib import sha256

GENESIS = "0" * 64
"""What the first event of a chain names as its predecessor."""


@dataclass(frozen=True, slots=True)
class ChainRow:
    """One event as stored: its number in the chain from 1, both hashes, and what was hashed."""

    seq: int
    previous: str
    hash: str
    payload: Mapping[str, object]


def field_diff(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, list[object]]:
    """Return {field: [old, new]} for the fields that differ, in order of name, ready for JSON.

    A field absent on one side counts as None there. Dates become ISO text, Decimal becomes text.
    Raises TypeError for a value that JSON cannot carry.
    """
    if not before:
        return {name: [None, _json_value(after[name])] for name in sorted(after) if after[name] is not None}
    changed: dict[str, list[object]] = {}
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old != new and (pair := [_json_value(old), _json_value(new)])[0] != pair[1]:
            changed[name] = pair
    return changed


def event_hash(previous: str, payload: Mapping[str, object]) -> str:
    """Return the SHA-256 (64 hex digits) of the previous hash followed by the payload as canonical JSON.

    Canonical: keys sorted, no spaces, ASCII, moments in UTC; the order of keys does not matter.
    Raises TypeError or ValueError for a value that JSON cannot carry (NaN included).
    """
    return sha256((previous + _CANONICAL.encode(payload)).encode("ascii")).hexdigest()


def broken_links(rows: Iterable[ChainRow]) -> list[int]:
    """Return the numbers of the events at which a chain does not verify, given in order of `seq`.

    An event is named when its number does not follow (from 1), when it does not name the hash before
    it, or when its own hash is not that of its payload. Each fault is named once, where it lies. An
    event cut off from the end leaves no trace in the chain itself.
    """
    broken: list[int] = []
    expected, previous = 1, GENESIS
    for row in rows:
        follows = row.seq == expected and row.previous == previous
        if not follows or row.hash != event_hash(row.previous, row.payload):
            broken.append(row.seq)
        expected, previous = row.seq + 1, row.hash
    return broken


def _encodable(value: object) -> object:
    match value:
        case datetime():
            return (value.astimezone(UTC) if value.tzinfo else value).isoformat()
        case date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case Enum():
            return value.value
        case Mapping():
            return dict(value)
        case set() | frozenset():
            return sorted(value)
    raise TypeError(f"The history cannot carry a {type(value).__name__}.")


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False, default=_encodable)


def _json_value(value: object) -> object:
    if value is None or type(value) in (str, int, bool):
        return value
    if type(value) is date:
        return value.isoformat()
    plain: object = json.loads(_CANONICAL.encode(value))
    return plain
