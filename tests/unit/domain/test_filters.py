"""Claims about the fields that accounts are filtered and grouped by."""

import pytest

from changetrack.domain.filters import (
    CARRIED_FIELDS,
    NO_VALUE,
    TODAY_FIELDS,
    field_label,
    filter_reasons,
    group_reasons,
    is_filter_field,
    is_known_then,
)


@pytest.mark.parametrize("field", [*CARRIED_FIELDS, *TODAY_FIELDS, "attr:plan", "attr:größe_2"])
def test_known_fields_and_attributes_are_filters(field: str) -> None:
    assert is_filter_field(field)
    assert filter_reasons({field: NO_VALUE}) == []


@pytest.mark.parametrize("field", ["", "mood", "attr:", "attr:a b", 'attr:a"b', "attr:" + "x" * 61, "Team"])
def test_anything_else_is_refused_with_the_fields_there_are(field: str) -> None:
    ((named, sentence),) = filter_reasons({field: "x"})

    assert named == field
    assert "Use one of: team, product" in sentence


@pytest.mark.parametrize("value", ["North", "0", "-1", "1.5", "²", "9" * 19, "1" * 30])
def test_teams_and_owners_are_named_by_their_number(value: str) -> None:
    assert [field for field, _ in filter_reasons({"team": value, "owner": value})] == ["team", "owner"]
    assert filter_reasons({"team": "7", "owner": str(2**63 - 1)}) == []


def test_a_value_has_a_length_that_something_could_have() -> None:
    assert filter_reasons({"segment": "x" * 500}) == []
    assert filter_reasons({"segment": "x" * 501})


def test_people_are_never_a_grouping() -> None:
    assert group_reasons("owner") == [("by", "Accounts are not grouped by owner.")]
    assert group_reasons("mood")[0][0] == "by"
    assert group_reasons(None) == group_reasons("team") == group_reasons("attr:plan") == []


def test_only_carried_fields_are_known_as_they_were() -> None:
    assert all(is_known_then(field) for field in CARRIED_FIELDS)
    assert not any(is_known_then(field) for field in (*TODAY_FIELDS, "attr:plan"))


def test_fields_are_labelled_as_people_read_them() -> None:
    assert [field_label(f) for f in ("segment", "owner", "attr:contract_type")] == ["Segment", "Owner", "Contract type"]
