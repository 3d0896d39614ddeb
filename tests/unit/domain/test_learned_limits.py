"""Claims about limits that are learned: from how many, from which part of a visit, and how far they may go."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.journey.timeline import Span
from changetrack.domain.learned_limits import ENOUGH_ADVANCES, StepVisit, learn, step_visits
from changetrack.domain.statistics import Visit, kaplan_meier

TODAY = date(2026, 11, 1)
START = date(2025, 11, 1)  # 365 days before
SECOND_EXAMPLE = "5 7 8 8+ 11 13 14 17 20 22+ 26 33"


def advanced(days: int, ended: int = 1, held: int = 0) -> StepVisit:
    """One that advanced `ended` days ago, after `days` in the step."""
    left_on = TODAY - timedelta(days=ended)
    return StepVisit(left_on - timedelta(days=days), left_on, "advanced", held)


def taught(visits: Iterable[StepVisit], *, fixed: int | None) -> tuple[int | None, int | None, int, int]:
    """Limit, quantile, advances and visits."""
    learned = learn(visits, fixed=fixed, today=TODAY)
    return learned.limit, learned.quantile, learned.advances, learned.visits


def still_there(days: int) -> StepVisit:
    return StepVisit(TODAY - timedelta(days=days), None, None)


def told(words: str) -> list[StepVisit]:
    """“8 8+”: one that advanced after 8 days, one that is there for 8 days now."""
    return [still_there(int(w[:-1])) if w.endswith("+") else advanced(int(w)) for w in words.split()]


def test_the_limit_is_the_day_by_which_85_percent_had_advanced() -> None:
    assert taught(told(SECOND_EXAMPLE), fixed=30) == (26, 26, 10, 12)


def test_seven_advances_teach_no_limit_and_eight_do() -> None:
    seven = [advanced(20) for _ in range(ENOUGH_ADVANCES - 1)]

    assert taught(seven, fixed=30) == (None, 20, 7, 7)
    assert learn([*seven, advanced(20)], fixed=30, today=TODAY).limit == 20


@pytest.mark.parametrize(("days", "limit"), [(3, 23), (22, 23), (23, 23), (50, 50), (90, 90), (91, 90), (300, 90)])
def test_a_learned_limit_is_half_to_twice_the_fixed_one(days: int, limit: int) -> None:
    assert learn([advanced(days) for _ in range(9)], fixed=45, today=TODAY).limit == limit


def test_without_a_fixed_limit_none_is_learned() -> None:
    assert learn([advanced(20) for _ in range(9)], fixed=None, today=TODAY).limit is None


def test_where_85_percent_have_not_advanced_the_fixed_limit_stays() -> None:
    visits = [advanced(20) for _ in range(9)] + [still_there(40) for _ in range(9)]

    assert taught(visits, fixed=45) == (None, None, 9, 18)


def test_who_left_in_another_way_did_not_advance() -> None:
    went_back = [StepVisit(TODAY - timedelta(days=90), TODAY - timedelta(days=10), "regressed") for _ in range(9)]

    learned = learn([advanced(20) for _ in range(9)] + went_back, fixed=45, today=TODAY)

    assert (learned.quantile, learned.advances) == (None, 9)


def test_what_ended_before_the_last_365_days_teaches_nothing() -> None:
    last_day_before, first_day = advanced(20, ended=365), advanced(20, ended=364)

    assert taught([last_day_before], fixed=45) == (None, None, 0, 0)
    assert learn([first_day], fixed=45, today=TODAY).advances == 1


def test_who_was_there_before_counts_from_the_first_of_these_days_on() -> None:
    there_before = StepVisit(START - timedelta(days=100), START + timedelta(days=30), "advanced")
    young = [advanced(20) for _ in range(9)]

    assert taught([there_before, *young], fixed=45) == (23, 20, 10, 10)


def test_who_was_told_of_midway_counts_from_that_day_on() -> None:
    told_of_then = [replace(advanced(60, ended=30), seen_from=TODAY - timedelta(days=40)) for _ in range(9)]
    gone_before = replace(advanced(60, ended=30), seen_from=TODAY - timedelta(days=30))

    learned = learn([*told_of_then, gone_before], fixed=45, today=TODAY)

    assert (learned.visits, learned.limit) == (9, 60)
    assert learned.curve == kaplan_meier([Visit(60, True, entry=50)] * 9)


def test_days_on_hold_do_not_count() -> None:
    assert learn([advanced(50, held=20) for _ in range(9)], fixed=45, today=TODAY).quantile == 30


def test_who_was_on_hold_all_the_time_was_there_for_no_day() -> None:
    assert learn([advanced(10, held=15)], fixed=45, today=TODAY).curve == kaplan_meier([Visit(0, True)])


def test_who_entered_today_is_counted() -> None:
    assert taught([still_there(0)], fixed=45) == (None, None, 0, 1)


def test_what_happens_later_is_not_known_yet() -> None:
    tomorrow = TODAY + timedelta(days=1)
    advances_tomorrow = StepVisit(TODAY - timedelta(days=20), tomorrow, "advanced")
    enters_tomorrow = StepVisit(tomorrow, None, None)

    assert taught([advances_tomorrow, enters_tomorrow], fixed=45) == (None, None, 0, 1)


stays = st.builds(
    lambda entered, days, how, held, seen_from: StepVisit(
        TODAY - timedelta(days=entered),
        None if how is None else TODAY - timedelta(days=entered) + timedelta(days=days),
        how,
        held,
        seen_from,
    ),
    st.integers(-10, 800),
    st.integers(0, 500),
    st.sampled_from([None, "advanced", "regressed", "closed"]),
    st.integers(0, 60),
    st.none() | st.dates(START - timedelta(days=100), TODAY),
)


@given(st.lists(stays, max_size=40), st.none() | st.integers(1, 400))
def test_any_limit_rests_on_enough_and_stays_in_its_bounds(visits: list[StepVisit], fixed: int | None) -> None:
    learned = learn(visits, fixed=fixed, today=TODAY)

    assert learned.advances <= learned.visits <= len(visits)
    if learned.limit is not None:
        assert fixed is not None
        assert learned.advances >= ENOUGH_ADVANCES
        assert fixed / 2 <= learned.limit <= 2 * fixed


@given(st.lists(stays, max_size=40))
def test_who_was_long_gone_changes_nothing(visits: list[StepVisit]) -> None:
    long_gone = StepVisit(START - timedelta(days=50), START, "advanced")

    assert learn([*visits, long_gone], fixed=45, today=TODAY) == learn(visits, fixed=45, today=TODAY)


def places(*told: tuple[int, int, int, int]) -> list[Span]:
    """Places by (days ago, place, step, number of the visit)."""
    return [Span(TODAY - timedelta(days=ago), place, step, seq) for ago, place, step, seq in told]


def stayed(*told: tuple[int, int, int, int], seen_from: date = START) -> list[tuple[int, StepVisit]]:
    return list(step_visits(places(*told), last=TODAY, seen_from=seen_from))


def test_places_by_day_make_up_stays_that_end_by_advancing_or_otherwise() -> None:
    found = stayed((90, 0, 0, 1), (80, 1, 1, 2), (60, 2, 2, 3), (40, 1, 1, 4), (30, 11, 1, 4), (20, 1, 1, 5))

    assert [(step, (TODAY - stay.entered_on).days, stay.how) for step, stay in found] == [
        (1, 80, "advanced"),
        (2, 60, "left"),
        (1, 40, "left"),
        (1, 20, None),
    ]


def test_of_several_places_of_one_day_the_last_stands() -> None:
    found = stayed((90, 1, 1, 1), (50, 2, 2, 2), (50, 3, 3, 3))

    assert [(step, stay.how) for step, stay in found] == [(1, "advanced"), (3, None)]


def test_a_hold_counts_up_to_its_end_the_end_of_the_stay_or_the_last_day() -> None:
    over, left, lasting = (
        stayed((90, 1, 1, 1), (60, 10, 1, 1), (50, 1, 1, 1)),
        stayed((90, 1, 1, 1), (60, 10, 1, 1), (40, 2, 2, 2)),
        stayed((90, 1, 1, 1), (30, 10, 1, 1)),
    )

    assert [found[0][1].held_days for found in (over, left, lasting)] == [10, 20, 30]


@pytest.mark.parametrize(("ended", "is_midway"), [((10, 2, 2, 2), True), ((60, 2, 2, 2), False), (None, True)])
def test_only_a_first_stay_that_went_on_when_it_was_told_of_is_seen_from_then(
    ended: tuple[int, int, int, int] | None, is_midway: bool
) -> None:
    told_on = TODAY - timedelta(days=50)

    first, *rest = stayed((90, 1, 1, 1), *([ended] if ended else []), seen_from=told_on)

    assert first[1].seen_from == (told_on if is_midway else None)
    assert all(stay.seen_from is None for _, stay in rest)


def test_who_was_closed_from_the_first_day_stayed_nowhere() -> None:
    assert stayed((90, 11, 3, 1)) == []
