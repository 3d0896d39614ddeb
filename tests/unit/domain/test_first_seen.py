"""Keys that occur twice."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.first_seen import FirstSeen


@given(st.lists(st.text(max_size=2)))
def test_every_repeated_key_names_the_line_of_its_first_occurrence(keys: Any) -> None:
    seen = FirstSeen()

    earlier = [seen.line_of(key, line) for line, key in enumerate(keys, 1)]

    assert earlier == [keys.index(key) + 1 if key in keys[:i] else None for i, key in enumerate(keys)]


def test_nothing_is_forgotten_when_it_grows() -> None:
    seen = FirstSeen()

    for number in range(10_000):
        seen.line_of(f"A-{number}", number + 1)

    assert [seen.line_of(f"A-{number}", 1) for number in range(10_000)] == list(range(1, 10_001))
