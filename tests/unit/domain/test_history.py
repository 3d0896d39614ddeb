"""Claims about the history: what a diff holds, and that no edit of a chain goes unseen."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.history import GENESIS, ChainRow, broken_links, event_hash, field_diff

scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.dates() | st.decimals(allow_nan=False)
records = st.dictionaries(st.sampled_from("abcdef"), scalars)
payloads = st.dictionaries(st.text(max_size=5), scalars | st.lists(scalars, max_size=3), max_size=4)


def chain_of(*payloads: Mapping[str, object]) -> list[ChainRow]:
    rows: list[ChainRow] = []
    previous = GENESIS
    for seq, payload in enumerate(payloads, start=1):
        digest = event_hash(previous, payload)
        rows.append(ChainRow(seq, previous, digest, payload))
        previous = digest
    return rows


def test_a_diff_holds_only_what_changed_old_before_new() -> None:
    before = {"name": "Acme", "tier": "gold", "region": "EU"}
    after = {"name": "Acme", "tier": "basic", "region": "EU"}

    assert field_diff(before, after) == {"tier": ["gold", "basic"]}


def test_a_diff_is_ready_for_json() -> None:
    before = {"started_on": date(2026, 1, 5), "share": Decimal("0.70"), "roles": frozenset({"b", "a"})}
    after = {"started_on": None, "share": Decimal("0.75"), "roles": ("c",)}

    diff = field_diff(before, after)

    assert diff == {
        "roles": [["a", "b"], ["c"]],
        "share": ["0.70", "0.75"],
        "started_on": ["2026-01-05", None],
    }


def test_a_field_that_appears_was_nothing_before() -> None:
    assert field_diff({}, {"owner": "Olu"}) == {"owner": [None, "Olu"]}


def test_a_field_that_vanishes_is_nothing_after() -> None:
    assert field_diff({"owner": "Olu"}, {}) == {"owner": ["Olu", None]}


def test_the_same_number_written_otherwise_is_no_change() -> None:
    assert field_diff({"share": Decimal("0.7")}, {"share": Decimal("0.70")}) == {}


def test_the_same_list_held_otherwise_is_no_change() -> None:
    assert field_diff({"roles": ("user",)}, {"roles": ["user"]}) == {}


@given(records)
def test_a_record_differs_from_itself_in_nothing(record: dict[str, object]) -> None:
    assert field_diff(record, dict(record)) == {}


@given(records, records)
def test_turning_a_diff_round_swaps_old_and_new(a: dict[str, object], b: dict[str, object]) -> None:
    assert field_diff(b, a) == {name: [new, old] for name, (old, new) in field_diff(a, b).items()}


def test_the_first_hash_can_be_recomputed_by_anyone() -> None:
    expected = sha256(b"0" * 64 + b'{"a":"\\u00e9","b":[1,null,"2026-01-05"]}').hexdigest()

    assert event_hash(GENESIS, {"b": [1, None, date(2026, 1, 5)], "a": "é"}) == expected


def test_one_moment_hashes_alike_in_every_zone() -> None:
    noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
    same = noon.astimezone(timezone(timedelta(hours=5)))

    assert event_hash(GENESIS, {"at": noon}) == event_hash(GENESIS, {"at": same})


@pytest.mark.parametrize("value", [object(), b"bytes"])
def test_what_json_cannot_carry_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="cannot carry"):
        event_hash(GENESIS, {"value": value})


def test_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        event_hash(GENESIS, {"value": float("nan")})


@given(st.lists(payloads, max_size=6))
def test_an_untouched_chain_verifies(contents: list[dict[str, object]]) -> None:
    assert broken_links(chain_of(*contents)) == []


@given(st.lists(payloads, min_size=1, max_size=6), st.data())
def test_a_changed_payload_is_named_and_nothing_else(contents: list[dict[str, object]], data: st.DataObject) -> None:
    rows = chain_of(*contents)
    at = data.draw(st.integers(0, len(rows) - 1))

    rows[at] = replace(rows[at], payload={**rows[at].payload, "forged": True})

    assert broken_links(rows) == [at + 1]


def test_a_missing_event_is_named_at_the_one_that_follows() -> None:
    rows = chain_of({"n": 1}, {"n": 2}, {"n": 3}, {"n": 4})

    del rows[1]

    assert broken_links(rows) == [3]


def test_a_missing_first_event_is_named_at_the_second() -> None:
    assert broken_links(chain_of({"n": 1}, {"n": 2})[1:]) == [2]


def test_a_forged_event_with_a_fresh_hash_breaks_the_link_after_it() -> None:
    rows = chain_of({"n": 1}, {"n": 2}, {"n": 3})

    rows[1] = replace(rows[1], payload={"n": 9}, hash=event_hash(rows[1].previous, {"n": 9}))

    assert broken_links(rows) == [3]


def test_exchanged_events_are_both_named() -> None:
    first, second, third = chain_of({"n": 1}, {"n": 2}, {"n": 3})

    assert broken_links([first, third, second]) == [3, 2]
