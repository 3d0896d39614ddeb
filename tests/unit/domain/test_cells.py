"""What one cell may say."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.cells import (
    date_pattern,
    date_reader,
    defuse,
    normalise,
    parse_email,
    parse_flag,
    parse_text,
    undefuse,
)

TODAY = date(2026, 3, 2)


def test_equal_words_are_equal_however_they_were_composed() -> None:
    assert normalise(" Cafe\u0301 ") == normalise("Café")


def test_a_text_within_its_length_is_kept_without_its_surrounding_blanks() -> None:
    assert parse_text("  Ahorn Werke  ", 11) == "Ahorn Werke"


def test_a_text_beyond_its_length_is_refused_and_never_cut() -> None:
    with pytest.raises(ValueError, match="It is 12 characters long; at most 11 are kept"):
        parse_text("Ahorn Werke!", 11)


@pytest.mark.parametrize("unwanted", ["\0", "\x07", "\x1b", "\x85", "\ud800"])
def test_control_characters_and_stray_halves_are_refused_by_name(unwanted: Any) -> None:
    with pytest.raises(ValueError, match=f"U\\+{ord(unwanted):04X}"):
        parse_text(f"A{unwanted}B", 20)


def test_line_breaks_stand_only_where_they_may() -> None:
    assert parse_text("one\ntwo", 20, breaks=True) == "one\ntwo"
    with pytest.raises(ValueError, match=r"U\+000A"):
        parse_text("one\ntwo", 20)


@pytest.mark.parametrize("text", ["olu", "olu@", "@example.com", "o lu@example.com", "a@b@c", "Olu <olu@example.com>"])
def test_what_cannot_be_an_address_is_refused(text: Any) -> None:
    with pytest.raises(ValueError, match="not an e-mail address"):
        parse_email(text)


def test_an_address_is_kept_in_lower_case() -> None:
    assert parse_email(" Olu@Example.com ") == "olu@example.com"


@pytest.mark.parametrize(("text", "meant"), [("Yes", True), ("x", True), ("1", True), ("FALSE", False), ("", False)])
def test_yes_and_no_are_read_in_the_words_of_spreadsheets(text: Any, meant: Any) -> None:
    assert parse_flag(text) is meant


def test_maybe_is_neither_yes_nor_no() -> None:
    with pytest.raises(ValueError, match="neither yes nor no"):
        parse_flag("maybe")


@pytest.mark.parametrize(
    ("date_format", "text"),
    [
        (None, "2024-10-16"),
        ("iso", "2024-10-16"),
        ("dd-mm-yyyy", "16-10-2024"),
        ("DD-MM-YYYY", "16-10-2024"),
        ("%d-%m-%Y", "16-10-2024"),
        ("mm/dd/yyyy", "10/16/2024"),
        ("dd.mm.yy", "16.10.24"),
        ("dd mmm yyyy", "16 Oct 2024"),
        ("%d-%m-%Y %H:%M", "16-10-2024 03:00"),
    ],
)
def test_a_date_is_read_in_the_format_that_was_chosen(date_format: Any, text: Any) -> None:
    assert date_reader(date_format, today=TODAY)(text) == date(2024, 10, 16)


@pytest.mark.parametrize("text", ["16-10-2024", "2024-1-5", "20240105", "2024-W01-1", "2024-02-30", "soon", "0"])
def test_a_date_in_another_form_is_refused_rather_than_guessed(text: Any) -> None:
    with pytest.raises(ValueError, match="not a date in the form yyyy-mm-dd"):
        date_reader(None, today=TODAY)(text)


def test_today_is_the_last_day_that_may_be_imported() -> None:
    read = date_reader(None, today=TODAY)

    assert read("2026-03-02") == TODAY
    with pytest.raises(ValueError, match="2026-03-03 lies in the future"):
        read("2026-03-03")


def test_a_date_before_the_earliest_is_refused() -> None:
    with pytest.raises(ValueError, match="lies before 1970"):
        date_reader("dd-mm-yyyy", today=TODAY)("31-12-1969")


@pytest.mark.parametrize("date_format", ["dd-mm", "dd-mm-yyyy-dd", "%Y-%m", "%", "yesterday", "dd-mm-yyyy %Q"])
def test_what_is_no_date_format_is_refused(date_format: Any) -> None:
    with pytest.raises(ValueError, match="not a date format"):
        date_pattern(date_format)


@pytest.mark.parametrize(
    "text", ["=1+1", "+49 1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\0=1", "＝1", "＋1", "－1", "＠A"]
)
def test_a_formula_is_defused(text: Any) -> None:
    assert defuse(text) == "'" + text


@pytest.mark.parametrize("text", ["-5", "-12.50", "12", "plain", "", "'quoted'", "O'Hara"])
def test_what_is_no_formula_is_left_alone(text: Any) -> None:
    assert defuse(text) == text


@given(st.text(alphabet=st.one_of(st.sampled_from("'=+-@\t\r\n\0＝＋－＠1a"), st.characters())))
def test_import_strips_exactly_what_export_added(text: Any) -> None:
    assert undefuse(defuse(text)) == text


@given(st.text())
def test_nothing_that_is_exported_begins_like_a_formula_unless_it_is_a_number(text: Any) -> None:
    safe = defuse(text)

    assert safe[:1] not in set("=+@\t\r\n\0＝＋－＠")
    assert not safe.startswith("-") or safe.removeprefix("-").replace(".", "", 1).isdigit()
