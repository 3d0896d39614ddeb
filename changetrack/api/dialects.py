"""What the dialects have in common: names made fit to be kept, moments, and how events without an id are told apart."""

import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from changetrack.domain.usage import LONGEST_MESSAGE_ID, LONGEST_NAME, Arrival, as_text, member_hash

UNREADABLE = "(unreadable)"  # the name under which an event is listed that is none
WRONG_CLOCK = timedelta(minutes=1)  # less than this is the way, not the clock
_NOTHING: Mapping[str, object] = {}


def account_name(value: object) -> str | None:
    """By what an event names its account; None where it does not, or not as anybody could be called."""
    text = _kept(value)
    return text if text is not None and len(text) <= LONGEST_NAME else None


def event_name(value: object) -> str | None:
    """What an event is called, cut to what a rule can say."""
    text = _kept(value)
    return None if text is None else text[:LONGEST_NAME]


def mapping(value: object) -> Mapping[str, object]:
    """`value` where it has keys, else nothing."""
    return value if isinstance(value, dict) else _NOTHING


def moment(value: object) -> datetime | None:
    """The moment that is written there in the manner of ISO 8601; without a zone it is UTC."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        found = datetime.fromisoformat(value)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def clock_error(sent_at: object, received_at: datetime) -> timedelta:
    """By how much the sender's clock is behind ours, judged by when it says that it sent this."""
    sent = moment(sent_at)
    if sent is None or abs(received_at - sent) <= WRONG_CLOCK:
        return timedelta()
    return received_at - sent


def happened_at(value: object, behind: timedelta, received_at: datetime) -> datetime:
    """When an event happened by our clock; when it came, if it does not say."""
    said = moment(value)
    try:
        return received_at if said is None else said + behind
    except OverflowError:
        return received_at


def message_id(value: object, event: object, *, is_dated: bool, secret: str) -> str:
    """The id by which an event is known again: its own, else a keyed digest of all it says.

    What says neither what it is nor when it was cannot be told from its like: it counts each time. An id that may
    be somebody's address is kept as a digest too.
    """
    text = as_text(value)
    if text is not None and _is_plain(text) and "@" not in text and len(text) <= LONGEST_MESSAGE_ID:
        return text
    if text is None and not is_dated:
        return f"once:{uuid4().hex}"
    return _digest(spelled(event) if text is None else text, secret)


def unreadable(event: object, received_at: datetime, secret: str) -> Arrival:
    """What stands for something among the events that is none: listed, so that somebody sees it."""
    return Arrival(_digest(spelled(event), secret), UNREADABLE, None, None, _NOTHING, received_at)


def spelled(event: object) -> str:
    """All that JSON said there, the same each time: however deep it is, and with what JSON itself cannot write."""
    parts, rest = [], [event]
    while rest:
        one = rest.pop()
        if isinstance(one, dict):
            parts.append(f"{{{len(one)}")
            for key in sorted(one):
                rest += (key, one[key])
        elif isinstance(one, list):
            parts.append(f"[{len(one)}")
            rest.extend(one)
        else:
            parts.append(repr(one))
    return " ".join(parts)


def _digest(whole: str, secret: str) -> str:
    return f"digest:{member_hash(secret, f'message:{whole}')}"


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _kept(value: object) -> str | None:
    text = as_text(value)
    if text is None or _is_plain(text):
        return text
    whole = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode())
    return "".join(sign if sign.isprintable() else " " for sign in whole).strip() or None
