"""Claims about the funnel: the snapshot on two time axes, and movement that balances."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.funnel import (
    CLOSED,
    HELD,
    OPEN_PLACES,
    PLACE_KEYS,
    PLACES,
    PlaceCount,
    StandingFacts,
    count_changes,
    difference,
    flows_between,
    headline,
    known,
    movement,
    place_name,
    place_of,
    snapshot,
)
from changetrack.domain.journey.steps import ANCHORED, NOT_OPENED

ONE_DAY = timedelta(days=1)
A, B, C, D, E, F = range(1, 7)


def on(month: int, day: int) -> date:
    return date(2026, month, day)


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def end_of(day: date) -> datetime:
    """The first moment no longer of that day."""
    return datetime.combine(day + ONE_DAY, time(), UTC)


def standing(account: int, seq: int, place: int, effective_on: date, recorded_on: date | None = None) -> StandingFacts:
    at = noon(recorded_on or effective_on)
    step = min(place, ANCHORED)
    return StandingFacts(account, seq, effective_on, at, None, place, step, step, stale=False)


DOMAIN_EXAMPLE = [
    standing(A, 1, 1, on(1, 5)),
    standing(A, 2, 2, on(1, 26)),
    standing(A, 3, 3, on(2, 20)),
    standing(B, 1, 1, on(1, 5)),
    standing(B, 2, 2, on(2, 2)),
    standing(B, 3, 1, on(3, 2)),
    standing(B, 4, 2, on(3, 16)),
    standing(C, 1, 1, on(1, 12)),
    standing(C, 2, 2, on(1, 30), recorded_on=on(2, 5)),
    standing(D, 1, 1, on(1, 12)),
    standing(D, 2, CLOSED, on(2, 16)),
    standing(E, 1, 1, on(2, 2)),
    standing(E, 2, 2, on(2, 23)),
    standing(F, 1, 1, on(2, 9)),
]


@pytest.mark.parametrize(
    ("as_of", "known_at", "expected"),
    [
        pytest.param(on(1, 31), on(1, 31), {1: 3, 2: 1}, id="january as known then"),
        pytest.param(on(1, 31), on(2, 5), {1: 2, 2: 2}, id="january as known on 5 February"),
        pytest.param(on(2, 28), on(2, 28), {1: 1, 2: 3, 3: 1, CLOSED: 1}, id="february"),
        pytest.param(on(3, 10), on(3, 10), {1: 2, 2: 2, 3: 1, CLOSED: 1}, id="10 March"),
    ],
)
def test_the_snapshots_of_the_domains_example(as_of: date, known_at: date, expected: dict[int, int]) -> None:
    counts = snapshot(DOMAIN_EXAMPLE, as_of=as_of, known_until=end_of(known_at))

    assert {place: count.accounts for place, count in counts.items() if count.accounts} == expected


def test_the_movement_of_the_domains_example_in_february() -> None:
    rows = movement(DOMAIN_EXAMPLE, first=on(2, 1), last=on(2, 28), known_until=end_of(on(3, 31)))

    _, first, second, third, *_ = rows
    assert (first.start, first.entered, first.advanced_out, first.left, first.end) == (2, 2, 2, 1, 1)
    assert (second.start, second.advanced_in, second.advanced_out, second.end) == (2, 2, 1, 3)
    assert (third.start, third.advanced_in, third.end) == (0, 1, 1)


def test_going_back_is_a_flow_of_its_own() -> None:
    rows = movement(DOMAIN_EXAMPLE, first=on(3, 1), last=on(3, 10), known_until=end_of(on(3, 10)))

    assert (rows[2].regressed_out, rows[1].regressed_in) == (1, 1)


def test_a_late_record_moves_the_past_only_for_those_who_ask_later() -> None:
    january = {"first": on(1, 1), "last": on(1, 31)}

    then = movement(DOMAIN_EXAMPLE, **january, known_until=end_of(on(1, 31)))
    later = movement(DOMAIN_EXAMPLE, **january, known_until=end_of(on(2, 5)))

    assert then[2].advanced_in == 1
    assert later[2].advanced_in == 2


def test_a_record_of_the_last_moment_is_known_and_the_next_is_not() -> None:
    row = standing(A, 1, 1, on(1, 5))
    midnight = end_of(on(1, 5))

    just_before = replace(row, recorded_at=midnight - timedelta(microseconds=1))
    just_after = replace(row, recorded_at=midnight)

    assert list(known([just_before], midnight)) == [just_before]
    assert list(known([just_after], midnight)) == []


def test_what_the_next_moment_supersedes_still_stood_until_then() -> None:
    midnight = end_of(on(1, 5))
    row = replace(standing(A, 1, 1, on(1, 5)), superseded_at=midnight)

    assert list(known([row], midnight)) == [row]
    assert list(known([row], midnight + timedelta(microseconds=1))) == []


def test_what_was_superseded_later_still_stood_as_known_before() -> None:
    wrong = replace(standing(A, 1, 3, on(1, 5)), superseded_at=noon(on(2, 5)))
    right = standing(A, 2, 2, on(1, 5), recorded_on=on(2, 5))

    before = snapshot([wrong, right], as_of=on(1, 31), known_until=end_of(on(2, 4)))
    after = snapshot([wrong, right], as_of=on(1, 31), known_until=end_of(on(2, 5)))

    assert (before[3].accounts, before[2].accounts) == (1, 0)
    assert (after[3].accounts, after[2].accounts) == (0, 1)


def test_of_two_changes_on_one_day_the_later_stands() -> None:
    rows = [standing(A, 2, 3, on(1, 5)), standing(A, 1, 2, on(1, 5))]

    assert snapshot(rows, as_of=on(1, 5), known_until=end_of(on(1, 5)))[3].accounts == 1


def test_a_gap_of_proof_and_staleness_are_counted_beside_the_accounts() -> None:
    rows = [
        replace(standing(A, 1, 3, on(1, 5)), supported_step=2, stale=True),
        replace(standing(B, 1, 3, on(1, 5)), stale=True),
        standing(C, 1, 3, on(1, 5)),
    ]

    counts = snapshot(rows, as_of=on(1, 5), known_until=end_of(on(1, 5)))

    assert counts[3] == PlaceCount(accounts=3, unsupported=1, stale=2)


@pytest.mark.parametrize("place", [HELD, CLOSED])
def test_what_is_held_or_closed_has_no_gap_and_no_staleness(place: int) -> None:
    row = replace(standing(A, 1, place, on(1, 5)), step=3, supported_step=1, stale=True)

    assert snapshot([row], as_of=on(1, 5), known_until=end_of(on(1, 5)))[place] == PlaceCount(1, 0, 0)


def test_an_empty_portfolio_has_every_place_with_nothing_in_it() -> None:
    counts = snapshot([], as_of=on(1, 5), known_until=end_of(on(1, 5)))

    assert counts == dict.fromkeys(PLACES, PlaceCount())


@pytest.mark.parametrize(
    ("before", "after", "flows"),
    [
        (None, NOT_OPENED, [("entered", NOT_OPENED)]),
        (None, 4, [("entered", 4)]),
        (None, CLOSED, []),
        (NOT_OPENED, 1, [("advanced_out", NOT_OPENED), ("advanced_in", 1)]),
        (2, 5, [("advanced_out", 2), ("advanced_in", 5)]),
        (8, ANCHORED, [("advanced_out", 8), ("advanced_in", ANCHORED)]),
        (ANCHORED, 6, [("regressed_out", ANCHORED), ("regressed_in", 6)]),
        (3, 3, []),
        (3, HELD, [("left", 3)]),
        (3, CLOSED, [("left", 3)]),
        (HELD, 3, [("entered", 3)]),
        (CLOSED, 1, [("entered", 1)]),
        (HELD, CLOSED, []),
        (HELD, HELD, []),
    ],
)
def test_a_change_of_place_flows_out_of_one_and_into_the_other(
    before: int | None, after: int, flows: list[tuple[str, int]]
) -> None:
    was = None if before is None else standing(A, 1, before, on(1, 5))

    assert flows_between(was, standing(A, 2, after, on(1, 6))) == flows


days = st.dates(on(1, 1), on(2, 15))
histories = st.lists(
    st.builds(
        lambda account, place, effective, late, superseded: replace(
            standing(account, 0, place, effective, effective + timedelta(days=late)),
            superseded_at=None if superseded is None else noon(effective + timedelta(days=late + superseded)),
        ),
        account=st.integers(1, 4),
        place=st.sampled_from(PLACES),
        effective=days,
        late=st.integers(0, 20),
        superseded=st.none() | st.integers(0, 20),
    ),
    max_size=25,
).map(lambda rows: [replace(row, seq=seq) for seq, row in enumerate(rows, start=1)])


@given(histories, days, days, st.dates(on(1, 1), on(3, 31)))
def test_movement_balances_whatever_was_recorded_late(
    rows: list[StandingFacts], one: date, other: date, known_at: date
) -> None:
    first, last = sorted((one, other))

    moved = movement(rows, first=first, last=last, known_until=end_of(known_at))

    assert [row.place for row in moved] == list(OPEN_PLACES)
    assert all(row.balances for row in moved)
    assert sum(row.advanced_in for row in moved) == sum(row.advanced_out for row in moved)
    assert sum(row.regressed_in for row in moved) == sum(row.regressed_out for row in moved)


@given(histories, st.lists(days, min_size=3, max_size=3).map(sorted))
def test_the_movement_of_two_periods_adds_up_to_that_of_both(rows: list[StandingFacts], cut: list[date]) -> None:
    first, middle, last = cut
    until = end_of(on(3, 31))

    one = movement(rows, first=first, last=middle, known_until=until)
    two = movement(rows, first=middle + ONE_DAY, last=last, known_until=until)
    both = movement(rows, first=first, last=last, known_until=until)

    assert [a.entered + b.entered for a, b in zip(one, two, strict=True)] == [row.entered for row in both]
    assert [a.left + b.left for a, b in zip(one, two, strict=True)] == [row.left for row in both]


@given(histories, days, st.dates(on(1, 1), on(3, 31)))
def test_a_snapshot_does_not_depend_on_the_order_of_its_rows(
    rows: list[StandingFacts], as_of: date, known_at: date
) -> None:
    until = end_of(known_at)

    shuffled = sorted(rows, key=lambda row: (row.place, -row.seq))

    assert snapshot(shuffled, as_of=as_of, known_until=until) == snapshot(rows, as_of=as_of, known_until=until)


@given(histories, days, st.dates(on(1, 1), on(3, 31)))
def test_what_is_recorded_later_never_changes_a_snapshot_as_known_before(
    rows: list[StandingFacts], as_of: date, known_at: date
) -> None:
    until = end_of(known_at)

    recorded_then = [unless_superseded_from(until, row) for row in rows if row.recorded_at < until]

    assert snapshot(recorded_then, as_of=as_of, known_until=until) == snapshot(rows, as_of=as_of, known_until=until)


def unless_superseded_from(moment: datetime, row: StandingFacts) -> StandingFacts:
    late = row.superseded_at is not None and row.superseded_at >= moment
    return replace(row, superseded_at=None) if late else row


@pytest.mark.parametrize(
    ("status", "step", "place"),
    [
        ("not_opened", 0, 0),
        ("active", 1, 1),
        ("active", 8, 8),
        ("anchored", 9, 9),
        ("held", 3, 10),
        ("closed", 3, 11),
    ],
)
def test_status_and_step_give_one_place(status: str, step: int, place: int) -> None:
    assert place_of(status, step) == place


@pytest.mark.parametrize(("status", "step"), [("active", 0), ("active", 9), ("asleep", 3)])
def test_a_status_and_step_without_a_place_are_refused(status: str, step: int) -> None:
    with pytest.raises(ValueError, match="No place"):
        place_of(status, step)


def test_every_place_has_a_key_and_a_name() -> None:
    assert PLACE_KEYS == ("not_opened", "1", "2", "3", "4", "5", "6", "7", "8", "anchored", "held", "closed")
    assert len({place_name(place) for place in PLACES}) == len(PLACE_KEYS) == len(PLACES)


def test_the_difference_of_two_snapshots_is_told_for_every_place() -> None:
    before = {1: PlaceCount(5, 2, 1)}
    after = {1: PlaceCount(3, 2, 2), CLOSED: PlaceCount(1)}

    changed = {p: count for p, count in difference(before, after).items() if count != PlaceCount()}

    assert changed == {1: PlaceCount(-2, 0, 1), CLOSED: PlaceCount(1)}


def test_the_headline_names_the_step_with_most_stale_accounts() -> None:
    counts = {2: PlaceCount(30, 0, 1), 3: PlaceCount(12, 0, 5), ANCHORED: PlaceCount(9, 0, 9)}

    assert headline(counts) == f"Most stale accounts are at step 3, {place_name(3)}: 5 of its 12."


def test_without_stale_accounts_the_headline_names_the_fullest_step() -> None:
    counts = {2: PlaceCount(30), 3: PlaceCount(10)}

    assert headline(counts) == f"No account is stale. Most are at step 2, {place_name(2)}: 30 of 40."


def test_of_equal_steps_the_headline_names_the_earlier() -> None:
    assert "step 2," in headline({2: PlaceCount(5), 3: PlaceCount(5)})


def test_the_headline_of_an_empty_portfolio_says_so() -> None:
    assert headline({CLOSED: PlaceCount(4)}) == "No account is on its way through the steps."


@given(histories, days)
def test_the_changes_of_the_counts_up_to_a_day_are_its_snapshot(rows: list[StandingFacts], day: date) -> None:
    until = end_of(on(3, 31))
    chains = sorted(known(rows, until), key=lambda r: (r.account_id, r.effective_on, r.seq))
    summed = {place: [0, 0, 0] for place in PLACES}

    before: StandingFacts | None = None
    for row in chains:
        same = before if before is not None and before.account_id == row.account_id else None
        if row.effective_on <= day:
            for place, change in count_changes(same, row):
                for i, n in enumerate((change.accounts, change.unsupported, change.stale)):
                    summed[place][i] += n
        before = row

    assert {p: PlaceCount(*n) for p, n in summed.items()} == snapshot(rows, as_of=day, known_until=until)
