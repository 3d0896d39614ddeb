"""What a row of a usage file says: how its number is written, and by what an event in it is known again."""

import re
from hashlib import sha256

SCALE = 10_000
"""A number is read as whole ten-thousandths: exact, and quick to add up."""

MOST = 10**12 * SCALE
DECIMALS = 4

_NUMBER = re.compile(r"([0-9]{1,20})(?:\.([0-9]*))?")
_NEGATIVE = re.compile(r"-[0-9]+(\.[0-9]*)?")


def scaled_number(text: str) -> int:
    """The number from 0 to 10¹² that `text` writes with at most four decimals, in ten-thousandths.

    Raises ValueError with a sentence for anything else. Source of the range: DOMAIN section 4.
    """
    if text.isdecimal() and text.isascii() and len(text) < 13:
        return int(text) * SCALE
    found = _NUMBER.fullmatch(text)
    if found is None:
        if _NEGATIVE.fullmatch(text):
            raise ValueError(f"“{text[:40]}” is negative; use is counted from 0 upwards.")
        raise ValueError(f"“{text[:40]}” is no number; write digits and a point, such as 12.5.")
    decimals = (found[2] or "").rstrip("0")
    if len(decimals) > DECIMALS:
        raise ValueError(f"“{text[:40]}” has more than {DECIMALS} decimals.")
    number = int(found[1]) * SCALE + int(decimals.ljust(DECIMALS, "0"))
    if number > MOST:
        raise ValueError(f"“{text[:40]}” is more than a million million.")
    return number


def in_figures(scaled: int) -> str:
    """The number of that many ten-thousandths as people write it: without decimals that say nothing."""
    whole, rest = divmod(scaled, SCALE)
    return f"{whole}.{rest:04}".rstrip("0") if rest else str(whole)


def message_id(whose: int | str, metric_id: int, day: str, event_id: str) -> str:
    """By what an event of a file is known again: its account (an id, or the name that waits for one) and the rest.

    `event_id` has at most 200 characters, the whole at most 300. A name is cut short by its digest.
    """
    return f"{message_of(whose)}{metric_id}:{day}:{event_id}"


def message_of(whose: int | str) -> str:
    """The beginning of the message ids of all events of this account, or of the name that waits for one."""
    return f"#{whose}:" if isinstance(whose, int) else f"?{sha256(whose.encode()).hexdigest()[:32]}:"


def member_event(member: str) -> str:
    """The event id of a row that counts somebody or something (by a digest) and has no event id of its own."""
    return f"member {member}"
