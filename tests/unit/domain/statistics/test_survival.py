"""Claims about how long visits last while some go on: the domain's worked examples, late entry, competing ends."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.statistics import (
    CompetingVisit,
    Curve,
    Visit,
    cumulative_incidence,
    curve_of,
    kaplan_meier,
)

FIRST = "6 9+ 10 12 12 15+ 18 21 25+ 30+"
SECOND = "5 7 8 8+ 11 13 14 17 20 22+ 26 33"
OUTCOMES = ("advanced", "closed")


def visits(told: str) -> list[Visit]:
    """“6 9+”: one that ended after 6 days, one that still goes on after 9."""
    return [Visit(int(word.rstrip("+")), not word.endswith("+")) for word in told.split()]


def test_the_first_worked_example_of_the_domain() -> None:
    curve = kaplan_meier(visits(FIRST))

    shares = [curve.survival_at(t) for t in (6, 10, 12, 18, 21)]

    assert shares == pytest.approx([0.9, 0.7875, 0.5625, 0.421875, 0.28125])
    assert curve.median == 18


def test_the_completed_alone_would_say_twelve() -> None:
    completed = [visit for visit in visits(FIRST) if visit.ended]

    assert kaplan_meier(completed).median == 12


def test_the_second_worked_example_of_the_domain() -> None:
    curve = kaplan_meier(visits(SECOND))

    assert curve.median == 14
    assert curve.quantile(0.85) == 26


def test_a_quantile_that_is_not_reached_is_none() -> None:
    curve = kaplan_meier(visits(FIRST))

    assert curve.quantile(0.85) is None
    assert kaplan_meier([]).median is None
    assert kaplan_meier(visits("4+ 9+")).median is None


def test_where_nobody_ended_everybody_goes_on() -> None:
    assert kaplan_meier(visits("4+ 9+")).survival_at(100) == 1.0


def test_the_share_is_level_between_the_days_on_which_stays_ended() -> None:
    curve = kaplan_meier(visits(FIRST))

    assert curve.survival_at(5) == 1.0
    assert curve.survival_at(9) == curve.survival_at(6)
    assert curve.survival_at(1000) == curve.survival_at(21)


def test_a_curve_is_ready_for_a_plot() -> None:
    curve = kaplan_meier(visits("6 9+ 10"))

    assert [day for day, _ in curve.steps] == [0, 6, 10]
    assert [share for _, share in curve.steps] == pytest.approx([1, 2 / 3, 0])
    assert [(fall.day, fall.at_risk, fall.ended) for fall in curve.falls] == [(6, 3, 1), (10, 1, 1)]


def test_a_stay_that_ended_on_its_first_day_counts() -> None:
    curve = kaplan_meier([Visit(0, True), Visit(3, False)])

    assert curve.steps == ((0, 0.5),)


def test_who_is_seen_late_was_not_at_risk_before() -> None:
    seen_from_the_beginning = visits("5 10")
    seen_late = [Visit(10, True, entry=7), Visit(12, False, entry=7)]

    curve = kaplan_meier([*seen_from_the_beginning, *seen_late])

    assert [(fall.day, fall.at_risk) for fall in curve.falls] == [(5, 2), (10, 3)]
    assert [fall.survival for fall in curve.falls] == pytest.approx([1 / 2, 1 / 6])


def test_who_is_seen_from_a_day_on_is_at_risk_from_the_next() -> None:
    seen_from_day_5 = [Visit(9, False, entry=5)]

    curve = kaplan_meier([*visits("5 6 9+"), *seen_from_day_5])

    assert [(fall.day, fall.at_risk) for fall in curve.falls] == [(5, 3), (6, 3)]


def test_who_is_seen_only_on_the_last_day_tells_nothing() -> None:
    assert kaplan_meier([Visit(10, True, entry=10)]) == Curve(())


@pytest.mark.parametrize(("days", "entry"), [(-1, 0), (5, 6), (5, -1)])
def test_a_stay_that_cannot_be_is_refused(days: int, entry: int) -> None:
    with pytest.raises(ValueError, match="cannot be seen"):
        Visit(days, False, entry)
    with pytest.raises(ValueError, match="cannot be seen"):
        CompetingVisit(days, None, entry)


def test_the_quantile_is_exact_where_a_share_is_hit() -> None:
    ten = [Visit(day, True) for day in range(1, 21)]

    assert [kaplan_meier(ten).quantile(q / 20) for q in range(1, 21)] == list(range(1, 21))


def test_closing_competes_with_advancing() -> None:
    stays = [
        CompetingVisit(2, "advanced"),
        CompetingVisit(3, "closed"),
        CompetingVisit(3, None),
        CompetingVisit(5, "advanced"),
    ]

    chances = cumulative_incidence(stays)

    assert chances["advanced"].at(1) == 0.0
    assert chances["advanced"].at(2) == pytest.approx(1 / 4)
    assert chances["closed"].at(4) == pytest.approx(1 / 4)
    assert chances["advanced"].at(9) == pytest.approx(3 / 4)


def test_without_an_end_there_is_no_chance_of_any() -> None:
    assert cumulative_incidence([CompetingVisit(4, None)]) == {}


stays = st.tuples(st.integers(0, 40), st.sampled_from([*OUTCOMES, None]), st.integers(0, 40)).map(
    lambda drawn: CompetingVisit(max(drawn[0], drawn[2]), drawn[1], min(drawn[0], drawn[2]))
)


def as_visits(found: Sequence[CompetingVisit]) -> list[Visit]:
    return [Visit(stay.days, stay.outcome is not None, stay.entry) for stay in found]


@given(st.lists(stays, max_size=25))
def test_a_curve_only_falls_and_stays_a_share(found: list[CompetingVisit]) -> None:
    shares = [share for _, share in kaplan_meier(as_visits(found)).steps]

    assert shares == sorted(shares, reverse=True)
    assert all(0 <= share <= 1 for share in shares)


@given(st.lists(stays, max_size=25), st.integers(0, 45))
def test_every_way_to_end_and_going_on_add_up_to_one(found: list[CompetingVisit], t: int) -> None:
    chances = cumulative_incidence(found)

    total = sum(chance.at(t) for chance in chances.values()) + kaplan_meier(as_visits(found)).survival_at(t)

    assert total == pytest.approx(1)


@given(st.lists(stays, max_size=25), st.floats(0.01, 1), st.floats(0.01, 1))
def test_a_quantile_is_the_first_day_that_reaches_it(found: list[CompetingVisit], q: float, other: float) -> None:
    curve = kaplan_meier(as_visits(found))

    day = curve.quantile(q)

    later = curve.quantile(max(q, other))
    assert day is None or curve.survival_at(day) <= 1 - q + 1e-9
    assert day in (None, 0) or curve.survival_at(day - 1) > 1 - q
    assert later is None or (day is not None and day <= later)


@given(st.lists(st.integers(0, 60), min_size=1))
def test_without_anybody_going_on_it_is_the_plain_share(days: list[int]) -> None:
    curve = kaplan_meier([Visit(day, True) for day in days])

    for t in range(61):
        assert curve.survival_at(t) == pytest.approx(sum(day > t for day in days) / len(days))


@given(st.lists(stays, max_size=25))
def test_the_order_of_the_stays_does_not_matter(found: list[CompetingVisit]) -> None:
    shuffled = sorted(found, key=lambda stay: (str(stay.outcome), -stay.days, stay.entry))

    assert kaplan_meier(as_visits(shuffled)) == kaplan_meier(as_visits(found))


def test_a_curve_is_rebuilt_from_what_was_kept_of_it() -> None:
    visits = [Visit(days, ended=days % 5 > 0) for days in (6, 9, 10, 12, 12, 15, 18, 21, 25, 30)]
    curve = kaplan_meier(visits)

    assert curve_of((fall.day, fall.at_risk, fall.ended) for fall in curve.falls) == curve
    assert curve_of([]).median is None
