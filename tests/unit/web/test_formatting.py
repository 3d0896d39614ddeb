"""Dates, money, numbers and addresses read as people write them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from changetrack.web import formatting

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0, "today"),
        (-1, "yesterday"),
        (1, "tomorrow"),
        (-13, "13 days ago"),
        (14, "in 2 weeks"),
        (-60, "8 weeks ago"),
        (-200, "6 months ago"),
        (-730, "23 months ago"),
        (731, "in 2 years"),
    ],
)
def test_a_date_is_said_as_people_say_it(days: int, words: str) -> None:
    said = formatting.relative_date(TODAY + timedelta(days), TODAY)

    assert said == words


def test_a_moment_counts_by_its_day() -> None:
    moment = datetime(2026, 11, 20, 23, 59, tzinfo=UTC)

    assert formatting.relative_date(moment, TODAY) == "yesterday"


def test_a_moment_is_exact_in_its_zone() -> None:
    moment = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)

    assert formatting.exact_datetime(moment) == "21 Nov 2026, 23:30 UTC"
    assert formatting.exact_datetime(moment, "Europe/Berlin").startswith("22 Nov 2026, 00:30")


@pytest.mark.parametrize(
    ("minor", "currency", "short", "exact"),
    [
        (0, "USD", "$0", "$0.00"),
        (95_000, "USD", "$950", "$950.00"),
        (350_000, "USD", "$3,500", "$3,500.00"),
        (123_456_789, "USD", "$1.2M", "$1,234,567.89"),
        (99_995_000, "USD", "$1M", "$999,950.00"),
        (-5_000_000, "EUR", "−€50K", "−€50,000.00"),
        (1_234_567, "JPY", "¥1.2M", "¥1,234,567"),
    ],
)
def test_money_is_short_and_exact_by_the_minor_units_of_its_currency(
    minor: int, currency: str, short: str, exact: str
) -> None:
    assert formatting.money(minor, currency) == short
    assert formatting.exact_money(minor, currency) == exact


def test_numbers_have_separators_and_no_needless_decimals() -> None:
    assert formatting.number(12345) == "12,345"
    assert formatting.number(Decimal("2.50"), 1) == "2.5"
    assert formatting.number(100, 1) == "100"
    assert formatting.percent(0.8734, 1) == "87.3%"


def test_nothing_is_a_dash() -> None:
    shown = {
        formatting.exact_date(None),
        formatting.exact_datetime(None),
        formatting.relative_date(None, TODAY),
        formatting.money(None, "USD"),
        formatting.exact_money(None, "USD"),
        formatting.number(None),
        formatting.percent(None),
    }

    assert shown == {"–"}


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Olu Adeyemi", "OA"), ("Cher", "C"), ("olu@example.com", "OC"), ("(x) Jan de Wit", "JW"), ("", "?"), (None, "?")],
)
def test_a_person_without_a_picture_has_initials(name: str | None, letters: str) -> None:
    assert formatting.initials(name) == letters


def test_a_count_agrees_with_its_noun() -> None:
    assert formatting.plural(1, "account") == "1 account"
    assert formatting.plural(1200, "account") == "1,200 accounts"
    assert formatting.plural(3, "person", "people") == "3 people"


def test_an_address_keeps_what_is_not_changed() -> None:
    query = {"team": ["1", "2"], "q": "a&b", "after": "x"}

    address = formatting.with_args(query, sort="-name", after=None)

    assert address == "?team=1&team=2&q=a%26b&sort=-name"


def test_an_address_without_arguments_still_leads_to_this_page() -> None:
    assert formatting.with_args({"q": ""}) == "?"
