"""How dates, money, numbers and addresses are put on a page: pure filters for the templates."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from babel.numbers import (
    format_compact_currency,
    format_currency,
    format_decimal,
    format_percent,
    get_currency_precision,
)

from changetrack.domain.day_words import month_in_words
from changetrack.domain.stale_words import rules_once

LOCALE: Final = "en"
NOTHING: Final = "–"
COMPACT_FROM: Final = 10_000
SUMS_KEPT: Final = 4_096  # formatted: Babel takes its time, and a page of figures shows the same sums until they change

Number = int | float | Decimal
Argument = str | int | None


def exact_date(value: date | None) -> str:
    """A date as `21 Nov 2026`; an en dash for none."""
    return NOTHING if value is None else f"{value:%-d %b %Y}"  # as Babel would, many times on a page


def exact_datetime(value: datetime | None, zone: str = "UTC") -> str:
    """An aware moment as `21 Nov 2026, 14:05 UTC` in the named time zone."""
    if value is None:
        return NOTHING
    return format_datetime(value, "d MMM y, HH:mm z", tzinfo=ZoneInfo(zone), locale=LOCALE)


def relative_date(value: date | None, today: date) -> str:
    """A date as people say it, seen from `today`: `yesterday`, `in 5 days`, `3 weeks ago`."""
    if value is None:
        return NOTHING
    day = value.date() if isinstance(value, datetime) else value
    days = (day - today).days
    if days in (-1, 0, 1):
        return {-1: "yesterday", 0: "today", 1: "tomorrow"}[days]
    span = _span(abs(days))
    return f"in {span}" if days > 0 else f"{span} ago"


def overdue_by(value: date, today: date) -> str:
    """By how much a day before `today` has passed, as `2 days overdue`."""
    return f"{_span((today - value).days)} overdue"


def _span(days: int) -> str:
    for unit, length, ceiling in (("day", 1, 14), ("week", 7, 61), ("month", 30.44, 731)):
        if days < ceiling:
            return plural(int(days / length), unit)
    return plural(int(days / 365.25), "year")


@lru_cache(SUMS_KEPT)
def money(minor: int | None, currency: str) -> str:
    """Minor units as a short sum: `$950`, `$1.2M`."""
    if minor is None:
        return NOTHING
    amount = _major(minor, currency)
    if abs(amount) < COMPACT_FROM:
        return _minus(format_currency(amount, currency, locale=LOCALE, format="¤#,##0", currency_digits=False))
    amount = Decimal(f"{amount:.3e}")  # four figures: 999,950 is $1M, never $1000K
    return _minus(format_compact_currency(amount, currency, locale=LOCALE, fraction_digits=1))


@lru_cache(SUMS_KEPT)
def exact_money(minor: int | None, currency: str) -> str:
    """Minor units as the exact sum: `$1,234,567.89`."""
    return NOTHING if minor is None else _minus(format_currency(_major(minor, currency), currency, locale=LOCALE))


def _minus(amount: str) -> str:
    """A sum below nothing with the sign of arithmetic, as everywhere on the pages."""
    return amount.replace("-", "−", 1)


def _major(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-get_currency_precision(currency))


def number(value: Number | None, digits: int = 0) -> str:
    """A number with thousands separators and at most `digits` decimals."""
    if value is None:
        return NOTHING
    if isinstance(value, int) and not digits:
        return f"{value:,}"  # as Babel would, forty times on a page of figures
    rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-digits))
    return format_decimal(rounded.normalize() if digits else rounded, locale=LOCALE)


def percent(ratio: Number | None, digits: int = 0) -> str:
    """A ratio of 0 to 1 as `87%`."""
    if ratio is None:
        return NOTHING
    pattern = "#,##0" + ("." + "0" * digits if digits else "") + "%"
    return format_percent(ratio, pattern, locale=LOCALE)


def plural(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun: `1 account`, `12 accounts`."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def initials(name: str | None) -> str:
    """Up to two capital letters for a person's or company's picture."""
    words = [word for word in (name or "").replace("@", " ").replace(".", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def with_args(query: Mapping[str, Argument | Sequence[str]], **changes: Argument | Sequence[str]) -> str:
    """The address of this view with some arguments changed; None or an empty value takes one away."""
    merged = {**query, **changes}
    pairs = [(key, value) for key, value in merged.items() if value not in (None, "", [], ())]
    return "?" + urlencode(pairs, doseq=True)


FILTERS: Final[Mapping[str, Callable[..., str]]] = {
    "date": exact_date,
    "month": month_in_words,
    "overdue": overdue_by,
    "rules": rules_once,
    "datetime": exact_datetime,
    "reldate": relative_date,
    "money": money,
    "exact_money": exact_money,
    "number": number,
    "percent": percent,
    "plural": plural,
    "initials": initials,
    "with_args": with_args,
}
