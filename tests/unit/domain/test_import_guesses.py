"""What the columns and dates of a foreign file probably mean."""

from collections.abc import Mapping, Sequence
from datetime import date

import pytest

from changetrack.domain.import_guesses import (
    DateReading,
    are_like_dates,
    attribute_for,
    date_readings,
    guess_date_format,
    guess_mapping,
)
from changetrack.domain.imports import CATALOGUES, lay_out

TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("kind", "guess"),
    [
        (
            "accounts",
            {
                "account_id": "external_id", "Account Name": "name", "industry": "industry", "country": "region",
                "signup_date": "started_on", "referral_source": "attr:referral_source", "plan_tier": "tier",
                "ARR": "annual_value", "CSM": "owner_email",
            },
        ),
        ("aliases", {"subscription_id": "alias", "account_id": "external_id", "start_date": "-"}),
        ("history", {"AccountId": "external_id", "Stage": "step", "Date": "entered_on", "Comment": "reason"}),
        (
            "contacts",
            {"Customer-ID": "external_id", "full name": "name", "E-Mail": "email", "Job title": "title", "x": "-"},
        ),
    ],
)  # fmt: skip
def test_columns_are_known_by_what_other_systems_call_them(kind: str, guess: Mapping[str, str]) -> None:
    assert guess_mapping(kind, list(guess)) == guess


@pytest.mark.parametrize("kind", CATALOGUES)
def test_the_names_of_our_own_fields_are_always_taken_as_such(kind: str) -> None:
    names = [field.name for field in CATALOGUES[kind]]

    assert guess_mapping(kind, names) == {name: name for name in names}


def test_a_column_of_the_fields_own_name_goes_before_one_that_is_merely_alike() -> None:
    guess = guess_mapping("accounts", ["id", "external_id", "country", "region", "name"])

    assert guess == {
        "id": "attr:id", "external_id": "external_id", "country": "attr:country", "region": "region", "name": "name",
    }  # fmt: skip


@pytest.mark.parametrize(
    "headers",
    [
        ["id", "name", "Plan size", "plan_size", "PLAN SIZE"],
        ["id", "name", "Region", "REGION", "region"],
        ["id", "name", "***", "rejected_line", "rejected_because"],
    ],
)
def test_a_guess_can_always_be_laid_out(headers: Sequence[str]) -> None:
    layout = lay_out("accounts", headers, mapping=guess_mapping("accounts", headers))

    assert {"external_id", "name"} <= {field.name for _, field in layout.columns}


def test_what_a_file_of_rejected_rows_adds_is_left_out() -> None:
    assert attribute_for("rejected_because") == "-"
    assert guess_mapping("contacts", ["rejected_line"]) == {"rejected_line": "-"}


def test_one_day_above_twelve_tells_what_comes_first() -> None:
    readings = date_readings(["03-04-2025", "16-10-2024", "", "05-06-2025"], today=TODAY)

    assert readings == [
        DateReading("dd-mm-yyyy", 3, 3, "16-10-2024", date(2024, 10, 16)),
        DateReading("mm-dd-yyyy", 2, 3, "03-04-2025", date(2025, 3, 4)),
    ]
    assert guess_date_format(readings) == "dd-mm-yyyy"


def test_dates_that_fit_both_ways_are_not_guessed() -> None:
    readings = date_readings(["03-04-2025", "05-06-2025"], today=TODAY)

    assert [reading.fits for reading in readings] == [2, 2]
    assert guess_date_format(readings) is None


def test_a_date_in_the_future_speaks_against_a_reading() -> None:
    readings = date_readings(["01-02-2026", "12-01-2026"], today=TODAY)

    assert guess_date_format(readings) == "dd-mm-yyyy"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2025-04-03", "yyyy-mm-dd"),
        ("13/04/2025", "dd/mm/yyyy"),
        ("04/13/2025", "mm/dd/yyyy"),
        ("3.4.2025", "dd.mm.yyyy"),
        ("2025/04/03", "yyyy/mm/dd"),
        ("20250403", "yyyymmdd"),
        ("3 Apr 2025", "dd mmm yyyy"),
        ("03-Apr-2025", "dd-mmm-yyyy"),
        ("13/04/25", "dd/mm/yy"),
        ("4/13/25", "mm/dd/yy"),
    ],
)
def test_the_usual_forms_are_recognised(text: str, form: str) -> None:
    assert guess_date_format(date_readings([text], today=TODAY)) == form


def test_no_dates_are_no_guess() -> None:
    assert guess_date_format(date_readings(["soon", ""], today=TODAY)) is None


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["16-10-2024", "", " 03/04/2025 "], True),
        (["2024-10-16"] * 9 + ["unknown"], True),
        (["2024-10-16", "unknown"], False),
        (["12345678", "87654321"], False),
        (["", " "], False),
    ],
)
def test_a_column_looks_like_dates_when_nearly_all_of_it_does(texts: Sequence[str], expected: bool) -> None:
    assert are_like_dates(texts) is expected
