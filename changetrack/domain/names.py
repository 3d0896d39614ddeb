"""How names are compared: in any case of letters, with or without their accents."""

import re
import unicodedata
from itertools import product

ACCENTS = ("\u0300", "\u036f")
"""The first and the last of the signs that are put on letters and do not count."""
LETTERS = {"ø": "o", "ł": "l", "đ": "d", "ı": "i", "ς": "σ", "æ": "ae", "œ": "oe"}
"""What stands for letters that lose nothing by losing an accent, as keyboards without them write them."""

_TABLE = str.maketrans(LETTERS) | dict.fromkeys(range(ord(ACCENTS[0]), ord(ACCENTS[1]) + 1), "")
_EITHER_WAY = re.compile("([äöüø]|ae|oe|ue)")
_AT_MOST = 3  # letters of a text that are tried either way


def name_key(name: str) -> str:
    """Return `name` as it is sorted and searched: “Müller”, “MULLER” and “Muller” are one."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name.casefold()).translate(_TABLE))


def searched_keys(text: str) -> tuple[str, ...]:
    """Return keys one of which is in the key of every name that the typed `text` may mean, none beginning with another.

    Two dots over a letter may have been spelt out, in the text or in the name: “Mueller” and “Müller” find each other.
    """
    parts = _EITHER_WAY.split(unicodedata.normalize("NFC", text.casefold()), maxsplit=_AT_MOST)
    ways = [_ways(part) if place % 2 else (name_key(part),) for place, part in enumerate(parts)]
    keys = {"".join(way) for way in product(*ways)}
    return tuple(sorted(one for one in keys if not any(other != one and one.startswith(other) for other in keys)))


def _ways(letter: str) -> tuple[str, str]:
    """A letter with two dots, or spelt out: as it is in a key either way."""
    drawn = name_key(letter)[0]
    return drawn, drawn + "e"
