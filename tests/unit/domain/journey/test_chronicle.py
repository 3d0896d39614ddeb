"""The story of an account, told anew with what is learned late."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.journey.chronicle import Chronicle, Parking, Record, tell
from changetrack.domain.journey.steps import CLOSED_PLACE, HELD_PLACE

START = date(2026, 1, 1)
HELD, CLOSED = HELD_PLACE, CLOSED_PLACE


def day(number: Any) -> Any:
    return START + timedelta(days=number)


def story(*places: Any) -> Any:
    """What a file tells, as (day number, place) or (day number, place, reason)."""
    return [Record(day(number), *rest) for number, *rest in places]


def recorded(chronicle: Any) -> Any:
    """The chronicle as it would stand on record, numbered in order."""
    stays = [replace(stay, was=seq) for seq, stay in enumerate(chronicle.stays, 1)]
    parkings = [replace(parking, was=seq) for seq, parking in enumerate(chronicle.parkings, 1)]
    return Chronicle(tuple(stays), tuple(parkings))


def on_record(*places: Any) -> Any:
    return recorded(tell([], [], story(*places)))


def outline(chronicle: Any) -> Any:
    return [(stay.step, stay.kind, (stay.entered_on - START).days) for stay in chronicle.stays]


stories = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 11), st.sampled_from([None, "sponsor_left", "their words"])),
    min_size=1,
    max_size=8,
)
one_place_a_day = stories.map(lambda places: list({number: (number, *rest) for number, *rest in places}.values()))


def test_places_become_visits_with_the_kind_of_each_move() -> None:
    told = tell([], [], story((0, 0), (5, 1), (9, 2), (20, 1), (30, CLOSED), (35, 1)))

    assert outline(told) == [
        (0, "imported", 0),
        (1, "opened", 5),
        (2, "advanced", 9),
        (1, "regressed", 20),
        (1, "reopened", 35),
    ]


def test_the_order_of_days_in_a_file_does_not_matter() -> None:
    places = ((20, 3), (0, 1), (9, 2))

    assert tell([], [], story(*places)) == tell([], [], story(*sorted(places)))


def test_every_visit_ends_where_the_next_begins() -> None:
    told = tell([], [], story((0, 1), (9, 2), (20, 1)))

    assert [(s.left_on, s.left_kind) for s in told.stays] == [
        (day(9), "advanced"),
        (day(20), "regressed"),
        (None, None),
    ]


def test_the_same_step_told_again_is_one_visit() -> None:
    assert outline(tell([], [], story((0, 2), (7, 2), (14, 2)))) == [(2, "imported", 0)]


def test_a_hold_does_not_end_the_visit_and_the_same_step_resumes_it() -> None:
    told = tell([], [], story((0, 3), (10, HELD, "budget freeze"), (20, 3)))

    assert outline(told) == [(3, "imported", 0)]
    assert told.parkings == (Parking(day(10), "budget freeze", day(20)),)


def test_closing_ends_a_hold_and_keeps_its_outcome() -> None:
    told = tell([], [], story((0, 3), (10, HELD), (20, CLOSED, "Churned")))

    assert told.parkings[0].resumed_on == day(20)
    assert (told.stays[0].left_kind, told.stays[0].reason) == ("closed", "churned")


def test_a_reason_that_is_no_code_is_kept_in_its_own_words() -> None:
    told = tell([], [], story((0, 3), (10, 1, "their plant burnt down"), (20, CLOSED, "bought by a competitor")))

    assert told.stays[1].reason == "other"
    assert told.stays[1].note == "bought by a competitor"


def test_going_back_without_a_reason_is_other() -> None:
    assert tell([], [], story((0, 3), (10, 1))).stays[1].reason == "other"


def test_an_account_first_seen_on_hold_stands_at_no_step() -> None:
    assert outline(tell([], [], story((4, HELD)))) == [(0, "imported", 4)]


def test_a_late_record_takes_its_place_in_time_and_what_is_on_record_keeps_its_identity() -> None:
    before = on_record((0, 1), (20, 3))

    told = tell(before.stays, before.parkings, story((10, 2)))

    assert outline(told) == [(1, "imported", 0), (2, "advanced", 10), (3, "advanced", 20)]
    assert [stay.was for stay in told.stays] == [1, 0, 2]


def test_the_placeholder_gives_way_to_earlier_records() -> None:
    before = on_record((30, 0))

    assert outline(tell(before.stays, before.parkings, story((0, 1), (9, 2)))) == [
        (1, "imported", 0),
        (2, "advanced", 9),
    ]


def test_the_placeholder_stays_where_the_file_confirms_it() -> None:
    before = on_record((0, 0))

    assert outline(tell(before.stays, before.parkings, story((0, 0), (9, 1)))) == [
        (0, "imported", 0),
        (1, "opened", 9),
    ]


def test_the_placeholder_stays_before_later_records() -> None:
    before = on_record((0, 0))

    assert outline(tell(before.stays, before.parkings, story((9, 1)))) == [
        (0, "imported", 0),
        (1, "opened", 9),
    ]


def test_a_placed_account_keeps_its_visit_when_its_earlier_steps_are_learned() -> None:
    before = on_record((20, 3))

    told = tell(before.stays, before.parkings, story((0, 1), (9, 2), (20, 3)))

    assert outline(told) == [(1, "imported", 0), (2, "advanced", 9), (3, "advanced", 20)]
    assert told.stays[2].was == 1


def test_a_step_entered_earlier_than_believed_moves_the_visit() -> None:
    before = on_record((0, 1), (20, 2))

    told = tell(before.stays, before.parkings, story((15, 2)))

    assert outline(told) == [(1, "imported", 0), (2, "advanced", 15)]
    assert told.stays[1].was == 2


def test_an_exception_stays_an_exception() -> None:
    before = on_record((0, 1), (20, 2))
    before.stays[1].kind = before.stays[0].left_kind = "excepted"

    told = tell(before.stays, before.parkings, story((5, 1)))

    assert told == before


def test_a_better_reason_replaces_the_one_on_record() -> None:
    before = on_record((0, 2), (10, 1))

    told = tell(before.stays, before.parkings, story((10, 1, "sponsor_left")))

    assert told.stays[1].reason == "sponsor_left"


def test_several_moves_of_one_day_stand_in_the_order_of_the_file() -> None:
    assert outline(tell([], [], story((0, 1), (0, 2), (0, 1)))) == [
        (1, "imported", 0),
        (2, "advanced", 0),
        (1, "regressed", 0),
    ]


def test_moves_of_one_day_told_twice_change_nothing() -> None:
    places = ((0, 1), (0, 2), (0, 1), (3, HELD), (3, 1), (5, 2), (5, CLOSED))
    once = on_record(*places)

    assert tell(once.stays, once.parkings, story(*places)) == once


@given(one_place_a_day)
def test_a_story_told_twice_changes_nothing(places: Any) -> None:
    once = on_record(*places)

    assert tell(once.stays, once.parkings, story(*places)) == once


@given(one_place_a_day, one_place_a_day)
def test_a_late_story_told_twice_changes_nothing(earlier: Any, places: Any) -> None:
    places = [place for place in places if place[0] not in {number for number, *_ in earlier}]
    before = on_record(*earlier)
    once = recorded(tell(before.stays, before.parkings, story(*places)))

    assert tell(once.stays, once.parkings, story(*places)) == once


@given(stories)
def test_a_story_without_anything_new_is_as_it_was(places: Any) -> None:
    once = on_record(*places)

    assert tell(once.stays, once.parkings, []).says_the_same(once)


@given(stories)
def test_visits_follow_each_other_without_gap_or_overlap(places: Any) -> None:
    told = tell([], [], story(*places))

    for stay, following in zip(told.stays, told.stays[1:], strict=False):
        assert stay.left_on is not None
        assert stay.entered_on <= stay.left_on <= following.entered_on
        assert (stay.left_on == following.entered_on) or stay.left_kind == "closed"
    assert all(p.resumed_on is None or p.held_on <= p.resumed_on for p in told.parkings)
