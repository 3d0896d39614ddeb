"""What is believed is restated only where it differs from what should be."""

from collections.abc import Sequence
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.journey.timeline import (
    Dimensions,
    HoldFacts,
    Span,
    Standing,
    VisitFacts,
    restate,
    spans,
)

JAN_1 = date(2026, 1, 1)


def day(n: int) -> date:
    """The n-th day after New Year."""
    return JAN_1 + timedelta(n)


def at(n: int, place: int, supported: int = 0, seq: int = 0) -> Standing:
    """A standing at a step from day n on."""
    return Standing(day(n), place, place, supported, False, 1, Dimensions(), seq)


def test_visits_are_places_in_order() -> None:
    visits = [VisitFacts(1, 1, day(0), day(5)), VisitFacts(2, 2, day(5), day(9), closed=True)]

    assert [(s.first, s.place) for s in spans(visits)] == [(day(0), 1), (day(5), 2), (day(9), 11)]


def test_a_hold_takes_the_account_out_and_brings_it_back_to_the_same_visit() -> None:
    found = spans([VisitFacts(1, 3, day(0))], [HoldFacts(day(4), day(8))])

    assert found == [Span(day(0), 3, 3, 1), Span(day(4), 10, 3, 1), Span(day(8), 3, 3, 1)]


def test_nothing_is_added_when_all_is_as_believed() -> None:
    believed = [at(0, 1, 1, seq=1), at(5, 2, 2, seq=2)]

    change = restate(believed, lambda _: believed[1], days=[day(5), day(9)])

    assert change.added == change.superseded == ()


def test_a_new_step_is_one_more_row() -> None:
    change = restate([at(0, 1, 1, seq=1)], lambda _: at(7, 2, 2), days=[day(7), day(9)])

    assert change.added == (at(7, 2, 2),)
    assert change.superseded == ()


def test_a_late_record_replaces_what_it_makes_wrong() -> None:
    believed = [at(0, 1, 1, seq=1), at(9, 1, 0, seq=2)]
    desired = {day(3): at(3, 2, 2), day(9): at(9, 2, 1)}

    change = restate(believed, desired.get, days=[day(3), day(9)])

    assert change.added == (at(3, 2, 2), at(9, 2, 1))
    assert change.superseded == (believed[1],)


def test_a_second_move_on_one_day_follows_the_first() -> None:
    believed = [at(0, 1, 1, seq=1), at(5, 2, 2, seq=2)]

    change = restate(believed, lambda _: at(5, 3, 3), days=[day(5)])

    assert change.added == (at(5, 3, 3),)
    assert change.superseded == ()


def _in_force(rows: Sequence[Standing], on: date) -> Standing | None:
    return max((r for r in rows if r.effective_on <= on), key=lambda r: (r.effective_on, r.seq), default=None)


PLACES = st.lists(st.integers(1, 3), min_size=20, max_size=20)
CHANGE_DAYS = st.sets(st.integers(0, 19), min_size=1)


@given(PLACES, CHANGE_DAYS, CHANGE_DAYS, st.integers(0, 19))
def test_after_a_restatement_every_day_from_its_first_stands_as_it_should(
    wanted: list[int], recorded: set[int], changes: set[int], first: int
) -> None:
    believed = [at(n, wanted[n] % 3 + 1, seq=i) for i, n in enumerate(sorted(recorded | {0}), 1)]
    days = sorted(n for n in changes | recorded | {first} if n >= first)

    change = restate(believed, lambda d: at((d - JAN_1).days, wanted[(d - JAN_1).days]), days=[day(n) for n in days])
    kept = [r for r in believed if r not in change.superseded]
    added = [
        Standing(r.effective_on, r.place, r.step, r.supported_step, r.stale, 1, r.dimensions, 100 + i)
        for i, r in enumerate(change.added)
    ]

    for n in days:
        standing = _in_force([*kept, *added], day(n))
        assert standing is not None
        assert standing.place == wanted[n]


def test_a_hold_that_ended_on_its_first_day_leaves_the_account_where_it_was() -> None:
    found = spans([VisitFacts(1, 1, day(0))], [HoldFacts(day(0), day(0))])

    assert found == [Span(day(0), 1, 1, 1)]


def test_a_hold_on_a_day_of_two_visits_is_of_the_later() -> None:
    visits = [VisitFacts(1, 1, day(0), day(0)), VisitFacts(2, 2, day(0))]

    assert spans(visits, [HoldFacts(day(0))])[-1] == Span(day(0), 10, 2, 2)


def test_a_late_record_replaces_all_that_a_day_said() -> None:
    believed = [at(0, 1, seq=1), at(5, 1, 1, seq=2), at(5, 1, 0, seq=3)]

    change = restate(believed, lambda d: Standing(d, 11, 1, 0, False, 1, Dimensions()), days=[day(3), day(5)])

    assert change.superseded == (believed[1], believed[2])
