"""A control point holds by the newest word on record, for as long as that word lasts."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.journey.default_playbook import DEFAULT_PLAYBOOK
from changetrack.domain.journey.evidence import (
    EvidenceFact,
    expiry,
    judge_numbers,
    number_reasons,
    point_state,
)
from changetrack.domain.journey.playbook import ControlPoint, NumberRule, parse_playbook

PLAYBOOK = parse_playbook(1, DEFAULT_PLAYBOOK)
JAN_1 = date(2026, 1, 1)
DAYS = st.integers(0, 60).map(lambda n: JAN_1 + timedelta(n))


def point(key: str) -> ControlPoint:
    """A control point of the shipped playbook."""
    found = PLAYBOOK.point(key)
    assert found is not None
    return found


def rule(key: str) -> NumberRule:
    """The number rule of a control point."""
    found = point(key).rule
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("asked", "yes", "passes"),
    [(4, 3, True), (4, 2, False), (3, 3, True), (2, 2, False), (100, 75, True), (100, 74, False)],
)
def test_managers_are_convinced_by_three_quarters_of_at_least_three(asked: int, yes: int, passes: bool) -> None:
    assert judge_numbers(rule("1c"), {"asked": asked, "yes": yes}).passes is passes


@pytest.mark.parametrize(
    ("affected", "asked", "understood", "passes"),
    [(40, 5, 4, True), (40, 4, 4, False), (100, 9, 9, False), (100, 10, 8, True), (100, 10, 7, False)],
)
def test_understanding_asks_five_people_and_a_tenth(affected: int, asked: int, understood: int, passes: bool) -> None:
    numbers = {"affected": affected, "asked": asked, "understood": understood}

    assert judge_numbers(rule("4b"), numbers).passes is passes


@pytest.mark.parametrize(("reached", "channels", "passes"), [(80, 2, True), (79, 2, False), (100, 1, False)])
def test_reach_needs_four_fifths_by_two_channels(reached: int, channels: int, passes: bool) -> None:
    numbers = {"affected": 100, "reached": reached, "channels": channels}

    assert judge_numbers(rule("4a"), numbers).passes is passes


@pytest.mark.parametrize(("meetings", "present", "passes"), [(2, 8, True), (2, 7, False), (1, 12, False)])
def test_a_coalition_meets_twice_with_two_thirds_present(meetings: int, present: int, passes: bool) -> None:
    numbers = {"meetings": meetings, "present": present, "invited": 12}

    assert judge_numbers(rule("2c"), numbers).passes is passes


def test_a_rule_explains_itself_in_the_numbers_it_was_given() -> None:
    judgement = judge_numbers(rule("1c"), {"asked": 4, "yes": 3})

    assert judgement.explanation == "managers asked 4 (at least 3); said yes 75% of 4 (at least 75%)"


def test_nobody_asked_is_not_a_division_by_zero() -> None:
    assert judge_numbers(rule("1c"), {"asked": 0, "yes": 0}).passes is False


def test_all_that_is_wrong_with_numbers_is_said_at_once() -> None:
    assert {r.field for r in number_reasons(rule("4a"), {"channels": -1})} == {
        "affected",
        "reached",
        "channels",
    }


def test_a_part_cannot_exceed_its_whole() -> None:
    assert [r.field for r in number_reasons(rule("1c"), {"asked": 3, "yes": 4})] == ["yes"]


def test_evidence_counts_on_its_first_day_and_no_longer_on_the_day_it_expires() -> None:
    fact = EvidenceFact(1, "1c", True, JAN_1, expiry(point("1c"), JAN_1))

    states = [point_state(point("1c"), [fact], JAN_1 + timedelta(n)) for n in (-1, 0, 179, 180)]

    assert [s.holds for s in states] == [False, True, True, False]
    assert states[1].ends_on == states[3].ended_on == JAN_1 + timedelta(180)


def test_the_newest_word_counts_not_the_kindest() -> None:
    facts = [EvidenceFact(1, "1c", True, JAN_1), EvidenceFact(2, "1c", False, JAN_1 + timedelta(5))]

    assert point_state(point("1c"), facts, JAN_1 + timedelta(4)).holds
    assert point_state(point("1c"), facts, JAN_1 + timedelta(5)).ended_on == JAN_1 + timedelta(5)


def test_what_is_taken_back_gives_way_to_what_was_said_before() -> None:
    taken_back = EvidenceFact(2, "1c", False, JAN_1, retracted_on=JAN_1 + timedelta(9))
    facts = [EvidenceFact(1, "1c", True, JAN_1), taken_back]

    assert [point_state(point("1c"), facts, JAN_1 + timedelta(n)).holds for n in (8, 9)] == [False, True]


def test_two_people_have_to_tell_the_vision_back_and_one_twice_is_not_two() -> None:
    first, again, other = (EvidenceFact(n, "3b", True, JAN_1, contact_seq=c) for n, c in ((1, 1), (2, 1), (3, 2)))

    assert not point_state(point("3b"), [first, again], JAN_1).holds
    assert point_state(point("3b"), [first, again, other], JAN_1).evidence == (2, 3)


def test_a_point_of_two_people_ends_with_the_first_word_to_expire() -> None:
    facts = [
        EvidenceFact(1, "3b", True, JAN_1, JAN_1 + timedelta(180), contact_seq=1),
        EvidenceFact(2, "3b", True, JAN_1 + timedelta(30), JAN_1 + timedelta(210), contact_seq=2),
    ]

    assert point_state(point("3b"), facts, JAN_1 + timedelta(40)).ends_on == JAN_1 + timedelta(180)


FACTS = st.lists(
    st.builds(
        lambda seq, on, lasts, passes, back: EvidenceFact(
            seq, "1c", passes, on, on + timedelta(lasts) if lasts else None, on + timedelta(back) if back else None
        ),
        st.integers(1, 99),
        DAYS,
        st.one_of(st.none(), st.integers(1, 30)),
        st.booleans(),
        st.one_of(st.none(), st.integers(0, 30)),
    ),
    max_size=6,
    unique_by=lambda f: f.seq,
)


@given(FACTS, DAYS)
def test_the_order_in_which_evidence_arrives_does_not_matter(facts: list[EvidenceFact], day: date) -> None:
    assert point_state(point("1c"), facts, day) == point_state(point("1c"), facts[::-1], day)


@given(FACTS, DAYS)
def test_a_point_keeps_its_state_until_the_day_it_names(facts: list[EvidenceFact], day: date) -> None:
    state = point_state(point("1c"), facts, day)
    until = min((f.effective_on for f in facts if f.effective_on > day), default=date.max)
    until = min([until, *(f.retracted_on for f in facts if f.retracted_on and f.retracted_on > day)])

    for later in (day + timedelta(n) for n in range(1, 30)):
        if state.holds and later < min(until, state.ends_on or date.max):
            assert point_state(point("1c"), facts, later).holds


def test_a_sample_is_no_greater_than_what_it_is_taken_from() -> None:
    reasons = number_reasons(rule("4b"), {"affected": 0, "asked": 5, "understood": 5})

    assert [r.field for r in reasons] == ["asked"]


def test_where_own_hand_is_asked_for_what_is_reported_counts_neither_for_nor_against() -> None:
    own_only = ControlPoint("5c", "Title", "Condition", "attested", "customer", own_hand=True)
    own = EvidenceFact(1, "5c", True, JAN_1, hand="own")
    reported_yes = EvidenceFact(2, "5c", True, JAN_1, hand="reported")
    reported_no = EvidenceFact(3, "5c", False, JAN_1 + timedelta(days=1), hand="reported")

    assert not point_state(own_only, [reported_yes], JAN_1).holds
    assert point_state(own_only, [own, reported_no], JAN_1 + timedelta(days=1)).evidence == (1,)
    assert not point_state(own_only, [reported_yes, reported_no], JAN_1).ended_on
