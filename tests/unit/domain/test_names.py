"""Names are compared without their accents, and umlauts also as they are spelt out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.names import name_key, searched_keys


@pytest.mark.parametrize(
    ("name", "key"),
    [("José", "jose"), ("MÜLLER", "muller"), ("Trường Sơn", "truong son"), ("Łódź", "lodz"), ("Straße", "strasse"),
     ("Søren Ægir", "soren aegir"), ("Karaağaç", "karaagac"), ("İzmir", "izmir"), ("한국", "한국"), ("Plain", "plain")],
)  # fmt: skip
def test_a_key_is_the_name_in_small_letters_without_accents(name: str, key: str) -> None:
    assert name_key(name) == key


@pytest.mark.parametrize(
    ("typed", "name"),
    [("Mueller", "Müller"), ("müller", "Mueller"), ("Muller", "Müller"), ("Jose", "José"), ("josé", "Jose"),
     ("Michael Mueller", "Michael Müller"), ("jörg mueller", "Joerg Müller"), ("Søren", "Soeren")],
)  # fmt: skip
def test_a_name_is_found_whichever_way_it_is_written(typed: str, name: str) -> None:
    assert any(key in name_key(name) for key in searched_keys(typed))


def test_a_dot_that_is_set_apart_counts_as_little_as_one_on_the_letter() -> None:
    assert searched_keys("mu\u0308ller") == searched_keys("müller")


@given(st.text(max_size=40))
def test_a_name_is_found_by_itself(name: str) -> None:
    assert any(key in name_key(name) for key in searched_keys(name))


@given(st.text(alphabet="aeouäöüxyz ", max_size=40))
def test_no_key_that_is_looked_for_begins_with_another(typed: str) -> None:
    keys = searched_keys(typed)

    assert not [(one, other) for one in keys for other in keys if one != other and one.startswith(other)]


@given(st.text(max_size=40))
def test_folding_a_key_again_changes_nothing(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name)
