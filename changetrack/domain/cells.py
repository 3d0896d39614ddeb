"""What one typed or imported cell may say: text, dates, yes or no, e-mail addresses, formulas defused."""

import re
import time
import unicodedata
from collections.abc import Callable
from datetime import date
from functools import lru_cache

EARLIEST = date(1970, 1, 1)
OTHER_FORM = "the file has another form"  # how a date is refused that may be written in another order
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROL_BUT_BREAKS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_EMAIL = re.compile(r"[^@\s<>\",;:()\[\]\\]{1,64}@[^@\s<>\",;:()\[\]\\]{1,190}")
_FLAGS = {
    **dict.fromkeys(("yes", "y", "true", "t", "1", "x"), True),
    **dict.fromkeys(("no", "n", "false", "f", "0", ""), False),
}
_FORMAT_WORDS = {"yyyy": "%Y", "yy": "%y", "mmm": "%b", "mm": "%m", "dd": "%d"}
_LONGEST_COUNT = 10  # digits
_FORMULA_START = re.compile("^'*[=+\\-@\t\r\n\0＝＋－＠]")
_DEFUSED_START = re.compile("^'+[=+\\-@\t\r\n\0＝＋－＠]")
_PLAIN_NUMBER = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)


def normalise(text: str) -> str:
    """`text` without surrounding blanks, in Unicode's composed form (NFC), so that equal words are equal."""
    text = text.strip()
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def parse_text(text: str, max_length: int, *, breaks: bool = False) -> str:
    """`text` normalised; raises ValueError if it is longer than `max_length` or holds control characters.

    With `breaks`, line breaks and tabs may stand inside it.
    """
    text = normalise(text)
    if len(text) <= max_length and text.isascii() and text.isprintable():
        return text
    if len(text) > max_length:
        raise ValueError(f"It is {len(text):,} characters long; at most {max_length:,} are kept.")
    unwanted = (_CONTROL_BUT_BREAKS if breaks else _CONTROL).search(text)
    if unwanted:
        raise ValueError(
            f"It holds a control character, U+{ord(unwanted.group()):04X}, as number {unwanted.start() + 1}."
        )
    return text


def parse_email(text: str) -> str:
    """An e-mail address in lower case; raises ValueError with a sentence if it cannot be one."""
    text = parse_text(text, 254)
    if not _EMAIL.fullmatch(text):
        raise ValueError(f"“{text}” is not an e-mail address.")
    return text.lower()


def parse_flag(text: str) -> bool:
    """Yes or no, in the words spreadsheets use; blank is no. Raises ValueError for anything else."""
    try:
        return _FLAGS[text.strip().lower()]
    except KeyError:
        raise ValueError(f"“{text}” is neither yes nor no.") from None


def parse_count(text: str) -> int:
    """A whole number of people, from 1 to a thousand million; raises ValueError with a sentence for anything else."""
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[: _LONGEST_COUNT + 1]) <= 10**9:
        raise ValueError(f"“{text[:40]}” is not a whole number of people.")
    return int(text)


def parse_whole(text: str) -> int:
    """A whole number from 0 to a thousand million; raises ValueError with a sentence for anything else."""
    if not text.isascii() or not text.isdecimal() or int(text[: _LONGEST_COUNT + 1]) > 10**9:
        raise ValueError(f"“{text[:40]}” is not a whole number.")
    return int(text)


def date_pattern(date_format: str | None) -> str | None:
    """The strptime pattern of a date format in words (dd-mm-yyyy) or codes (%d-%m-%Y); None for ISO dates.

    Raises ValueError unless day, month and year each occur once.
    """
    if not date_format or date_format.lower() in ("iso", "yyyy-mm-dd", "%y-%m-%d"):
        return None
    pattern = date_format
    if "%" not in pattern:
        pattern = re.sub("yyyy|yy|mmm|mm|dd", lambda word: _FORMAT_WORDS[word.group()], pattern.lower())
    parts = re.findall("%(.)", pattern)
    wanted = [sum(parts.count(p) for p in options) for options in ("d", "mbB", "yY")]
    try:
        time.strptime(date(2001, 2, 3).strftime(pattern), pattern)
    except (ValueError, re.error):
        wanted = []
    if wanted != [1, 1, 1]:
        raise ValueError(f"“{date_format}” is not a date format; write it such as dd-mm-yyyy or mm/dd/yyyy.")
    return pattern


def date_reader(date_format: str | None, *, today: date) -> Callable[[str], date]:
    """A function that reads dates in `date_format` (see `date_pattern`), from 1970 up to `today`, included.

    It raises ValueError with a sentence that says what was wrong with the date.
    """
    pattern = date_pattern(date_format)
    shown = date_format if pattern else "yyyy-mm-dd"

    @lru_cache(maxsize=20_000)
    def read(text: str) -> date:
        day = _read_iso(text) if pattern is None else _read_by(pattern, text)
        if day is None:
            raise ValueError(f"“{text[:40]}” is not a date in the form {shown}: there is no such day, or {OTHER_FORM}.")
        if day > today:
            raise ValueError(f"{day.isoformat()} lies in the future.")
        if day < EARLIEST:
            raise ValueError(f"{day.isoformat()} lies before {EARLIEST.year}.")
        return day

    return read


def _read_iso(text: str) -> date | None:
    if len(text) != 10 or text[4] != "-" or text[7] != "-":
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _read_by(pattern: str, text: str) -> date | None:
    try:
        return date(*time.strptime(text, pattern)[:3])
    except ValueError:
        return None


def defuse(text: str) -> str:
    """`text` such that no spreadsheet takes it for a formula: an apostrophe before = + - @ and their like.

    Plain numbers, negative ones too, stay numbers. `undefuse` takes off exactly what this put on.
    Source: OWASP ASVS 5.0, 1.2.10.
    """
    if _FORMULA_START.match(text) and not _PLAIN_NUMBER.fullmatch(text):
        return "'" + text
    return text


def undefuse(text: str) -> str:
    """`text` without the one apostrophe that `defuse` put before a formula sign."""
    return text[1:] if _DEFUSED_START.match(text) else text
