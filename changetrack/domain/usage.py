"""What use is: what an event adds to which metric, what a number may be, how the numbers of a day come together."""

import hmac
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal, NamedTuple

Aggregation = Literal["sum", "max", "last", "distinct"]
State = Literal["counted", "unmatched", "no_rule", "no_account", "too_old", "ahead"]

LONGEST_NAME = 200  # of an account, an event, a property
LONGEST_MESSAGE_ID = 300
MOST_COUNTED = Decimal(10**9)  # by one event
MOST_STATED = Decimal(10**12)  # of one day
AHEAD = timedelta(days=1)  # a clock that is this far ahead is wrong

_FINEST = Decimal("0.0001")
_WRITTEN = re.compile(r"[0-9]{1,13}(\.[0-9]{1,20})?")
_ONE = Decimal(1)


class Arrival(NamedTuple):
    """An event as it arrived, in whatever dialect: `name` names its account, `user` who did it."""

    message_id: str
    event: str
    name: str | None
    user: str | None
    properties: Mapping[str, object]
    at: datetime  # aware, UTC


class Rule(NamedTuple):
    """That an event feeds a metric: what it adds follows from the metric's aggregation and the property, if any."""

    event: str
    metric_id: int
    aggregation: Aggregation
    property: str | None


class Feed(NamedTuple):
    """What one event adds to one metric: a number, or (where different ones are counted) a member."""

    metric_id: int
    aggregation: Aggregation
    number: Decimal | None
    member: str | None


class DayNumber(NamedTuple):
    """A day's number of a metric: from events, and as somebody stated it, which counts before events."""

    counted: Decimal | None = None
    stated: Decimal | None = None
    last_at: datetime | None = None

    @property
    def value(self) -> Decimal | None:
        """The number that counts; None when there is none, which is not zero."""
        return self.counted if self.stated is None else self.stated


def member_hash(secret: str, identifier: str) -> str:
    """Return by what somebody or something is known who is counted: 32 hex digits, nothing without the secret.

    HMAC-SHA256 (RFC 2104), cut to 128 bits: no two of a billion members are likely to meet.
    """
    return hmac.digest(secret.encode(), f"usage-member:{identifier}".encode("utf-8", "replace"), "sha256").hex()[:32]


def feeds_of(arrival: Arrival, rules: Sequence[Rule], secret: str) -> list[Feed]:
    """Return what an event adds by the `rules` for it; a property that is missing or no number adds nothing."""
    feeds = []
    for rule in rules:
        if rule.aggregation == "distinct":
            identifier = arrival.user if rule.property is None else as_text(_property(arrival, rule.property))
            if identifier is not None:
                feeds.append(Feed(rule.metric_id, rule.aggregation, None, member_hash(secret, identifier)))
        elif rule.property is None:
            if rule.aggregation == "sum":
                feeds.append(Feed(rule.metric_id, rule.aggregation, _ONE, None))
        elif (number := event_number(_property(arrival, rule.property))) is not None:
            feeds.append(Feed(rule.metric_id, rule.aggregation, number, None))
    return feeds


def state_of(arrival: Arrival, feeds: Sequence[Feed], *, is_known: bool, now: datetime, retention_days: int) -> State:
    """Return what becomes of an event; the first that holds of: feeds nothing, names no account, ahead, too old."""
    if not feeds:
        return "no_rule"
    if arrival.name is None:
        return "no_account"
    if arrival.at > now + AHEAD:
        return "ahead"
    if arrival.at.date() < now.date() - timedelta(days=retention_days):
        return "too_old"
    return "counted" if is_known else "unmatched"


def event_number(value: object) -> Decimal | None:
    """Return the number that an event carries, 0 to 10⁹ with four decimals (half to even); None if it is none."""
    return _number(value, MOST_COUNTED)


def stated_number(value: object) -> Decimal | None:
    """Return the number that is stated of a day, 0 to 10¹² with four decimals (half to even); None if it is none."""
    return _number(value, MOST_STATED)


def combined(aggregation: Aggregation, numbers: Iterable[Decimal]) -> Decimal:
    """Make one number of several that are stated of the same day, in the order in which they were stated.

    How many different ones there were together is at least the largest number; more cannot be known.
    """
    given = list(numbers)
    if aggregation == "sum":
        return min(sum(given, Decimal(0)), MOST_STATED)
    return given[-1] if aggregation == "last" else max(given)


def with_number(day: DayNumber, aggregation: Aggregation, number: Decimal, at: datetime | None) -> DayNumber:
    """Add to a day what events of it carried: a sum, a largest, a last number, or how many new members.

    The order in which numbers are added does not matter: of two last numbers of one moment the larger stays.
    """
    if day.counted is None:
        return DayNumber(number, day.stated, at)
    if aggregation in ("sum", "distinct"):
        return DayNumber(min(day.counted + number, MOST_STATED), day.stated, day.last_at)
    if aggregation == "max":
        return DayNumber(max(day.counted, number), day.stated, day.last_at)
    if at is None or (day.last_at is not None and (at, number) <= (day.last_at, day.counted)):
        return day
    return DayNumber(number, day.stated, at)


def as_text(value: object) -> str | None:
    """Return an identifier as text: numbers as they are written, None for what identifies nothing."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value) if abs(value) < 10**18 else None
    return None


def _property(arrival: Arrival, path: str) -> object:
    """The property of that name, or inside of others: `cart.total`."""
    found: object = arrival.properties
    if path in arrival.properties:
        return arrival.properties[path]
    for part in path.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found


def _number(value: object, most: Decimal) -> Decimal | None:
    if isinstance(value, str):
        value = value.strip()
        return _number(Decimal(value), most) if _WRITTEN.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    if isinstance(value, float):
        value = Decimal(repr(value)) if math.isfinite(value) else Decimal(-1)
    if (isinstance(value, Decimal) and not value.is_finite()) or not 0 <= value <= most:
        return None
    exact = value if isinstance(value, Decimal) else Decimal(value)
    return abs(exact.quantize(_FINEST, ROUND_HALF_EVEN))
