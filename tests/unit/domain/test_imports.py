"""From the columns of a file to the fields of a record."""

from datetime import date
from typing import Any

import pytest

from changetrack.domain.accounts import account_reasons
from changetrack.domain.imports import ParsedRow, RawRow, RowReason, lay_out, parse_place, row_parser
from changetrack.domain.refusal import OperationRefused

TODAY = date(2026, 3, 2)


def parse_account(cells: Any, *, mapping: Any = None, constants: Any = None, date_format: Any = None) -> Any:
    layout = lay_out("accounts", list(cells), mapping=mapping, constants=constants)
    return row_parser(layout, date_format=date_format, today=TODAY, check=account_reasons)(RawRow(2, cells))


def refused_fields(kind: Any, headers: Any, **options: Any) -> Any:
    with pytest.raises(OperationRefused) as refused:
        lay_out(kind, headers, **options)
    return [reason.field for reason in refused.value.reasons]


def test_columns_named_like_fields_fill_them_whatever_their_spelling() -> None:
    row = parse_account({"External ID": "A-1", "NAME": "Ahorn Werke", "started on": "2026-01-05"})

    assert row == ParsedRow(2, {"external_id": "A-1", "name": "Ahorn Werke", "started_on": date(2026, 1, 5)}, {})


def test_a_mapping_goes_before_the_name_of_a_column() -> None:
    row = parse_account(
        {"id": "A-1", "name": "ahw", "title": "Ahorn Werke"}, mapping={"id": "external_id", "title": "name"}
    )

    assert isinstance(row, ParsedRow)
    assert row.values == {"external_id": "A-1", "name": "Ahorn Werke"}


def test_extra_columns_become_attributes_and_blank_ones_do_not() -> None:
    row = parse_account({"external_id": "A-1", "name": "Ahorn Werke", "Seats": "9", "Referral": " "})

    assert isinstance(row, ParsedRow)
    assert row.attributes == {"seats": "9"}


def test_a_column_can_be_left_out_or_kept_under_another_key() -> None:
    cells = {"external_id": "A-1", "name": "Ahorn Werke", "x": "1", "y": "2"}

    row = parse_account(cells, mapping={"x": "-", "y": "attr:seats"})

    assert isinstance(row, ParsedRow)
    assert row.attributes == {"seats": "2"}


def test_a_constant_holds_for_every_row() -> None:
    row = parse_account({"external_id": "A-1", "name": "Ahorn Werke"}, constants={"product": "Loom"})

    assert isinstance(row, ParsedRow)
    assert row.values["product"] == "Loom"


def test_the_columns_of_a_file_of_rejected_rows_are_left_out() -> None:
    cells = {"external_id": "A-1", "name": "Ahorn", "rejected_line": "7", "rejected_because": "no"}

    row = parse_account(cells)

    assert isinstance(row, ParsedRow)
    assert row.attributes == {}


def test_every_reason_of_a_row_is_given_at_once() -> None:
    cells = {
        "external_id": " ",
        "name": "A\0",
        "started_on": "2027-01-01",
        "step": "12",
        "annual_value": "1,5",
    }

    reasons = parse_account(cells)

    assert isinstance(reasons, list)
    assert [reason.field for reason in reasons] == [
        "external_id",
        "name",
        "started_on",
        "step",
        "annual_value",
    ]


def test_day_first_dates_are_read_when_they_are_announced() -> None:
    cells = {"external_id": "A-1", "name": "Ahorn", "started_on": "16-10-2024"}

    assert isinstance(parse_account(cells, date_format="dd-mm-yyyy"), ParsedRow)
    assert isinstance(parse_account(cells), list)


def test_a_row_that_cannot_be_read_keeps_the_fault_it_came_with() -> None:
    layout = lay_out("aliases", ["external_id", "alias"])

    parsed = row_parser(layout, date_format=None, today=TODAY)(RawRow(9, {}, "It has 1 cells; the header has 2."))

    assert parsed == [RowReason(9, None, "It has 1 cells; the header has 2.")]


def test_a_missing_column_is_named() -> None:
    assert refused_fields("accounts", ["external_id", "label"]) == ["name"]


def test_all_that_is_wrong_with_a_mapping_is_named_at_once() -> None:
    fields = refused_fields(
        "history",
        ["external_id", "step", "stage"],
        mapping={"nowhere": "step", "stage": "phase"},
    )

    assert fields == ["nowhere", "phase", "step", "entered_on"]


def test_two_columns_cannot_fill_one_field() -> None:
    assert refused_fields("aliases", ["external_id", "External-Id", "alias"]) == ["external_id"]


def test_an_attribute_cannot_take_the_name_of_a_field() -> None:
    headers = ["external_id", "name", "x"]

    assert refused_fields("accounts", headers, mapping={"x": "attr:tier"}) == ["attr:tier"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("0", 0),
        ("not opened", 0),
        ("Not-Opened", 0),
        ("1", 1),
        ("8", 8),
        ("Anchored", 9),
        ("held", 10),
        ("closed", 11),
    ],
)
def test_a_step_is_read_by_its_number_or_word(text: Any, place: Any) -> None:
    assert parse_place(text) == place


@pytest.mark.parametrize("text", ["9", "-1", "1.5", "vision", "٣", ""])
def test_an_unknown_step_is_refused(text: Any) -> None:
    with pytest.raises(ValueError, match="is no step"):
        parse_place(text)


def test_roles_are_read_in_the_order_of_the_decision_path() -> None:
    layout = lay_out("contacts", ["external_id", "name", "roles"])

    row = row_parser(layout, date_format=None, today=TODAY)(
        RawRow(2, {"external_id": "A-1", "name": "Mira", "roles": "User; decider;user"})
    )

    assert isinstance(row, ParsedRow)
    assert row.values["roles"] == ["user", "decider"]


def test_an_unknown_role_is_refused() -> None:
    layout = lay_out("contacts", ["external_id", "name", "roles"])

    reasons = row_parser(layout, date_format=None, today=TODAY)(
        RawRow(2, {"external_id": "A-1", "name": "Mira", "roles": "champion"})
    )

    assert isinstance(reasons, list)
    assert [reason.field for reason in reasons] == ["roles"]


def test_a_bad_date_format_is_refused_before_any_row_is_read() -> None:
    with pytest.raises(OperationRefused, match="not a date format"):
        row_parser(lay_out("aliases", ["external_id", "alias"]), date_format="dd", today=TODAY)
