"""What outcomes and use prove of the control points that rest on them."""

from datetime import date, timedelta

import pytest

from changetrack.domain.journey.use_points import OutcomeFacts, Proof, Use, UseFacts, lasting_on, use_points

DAY = date(2026, 7, 31)
AGREED = date(2026, 1, 5)
CONFIRMED = date(2026, 2, 2)
WEEK = timedelta(weeks=1)


def proof(key: str, *outcomes: OutcomeFacts, people: UseFacts | None = None) -> Proof:
    found = use_points(Use(DAY, outcomes, people))
    return next(p for p in found if p.key == key)


def confirmed(seq: int = 1, from_: date = CONFIRMED, ends_on: date | None = None) -> OutcomeFacts:
    return OutcomeFacts(
        seq, "confirmed", agreed_on=AGREED, first_passing_on=AGREED, confirmed_from=from_, ends_on=ends_on
    )


def test_without_outcomes_and_use_nothing_is_proven() -> None:
    assert all(p.lacks for p in use_points(Use(DAY, people=UseFacts())))


def test_of_people_nobody_looked_at_nothing_is_said() -> None:
    assert {"4c", "5b"}.isdisjoint(p.key for p in use_points(Use(DAY)))


def test_an_agreed_outcome_holds_3c_from_the_day_of_the_first_agreement() -> None:
    later = OutcomeFacts(2, "agreed", agreed_on=AGREED + WEEK)

    assert proof("3c", later, OutcomeFacts(1, "in_use", agreed_on=AGREED)) == Proof("3c", (), AGREED)


@pytest.mark.parametrize("state", ["proposed", "withdrawn", "disputed"])
def test_what_nobody_stands_by_any_more_does_not_hold_3c(state: str) -> None:
    assert proof("3c", OutcomeFacts(1, state, agreed_on=AGREED)).lacks


def test_a_win_was_predicted_if_use_first_reached_it_after_the_agreement() -> None:
    after = OutcomeFacts(1, "in_use", agreed_on=AGREED, first_passing_on=AGREED + WEEK)
    before = OutcomeFacts(1, "in_use", agreed_on=AGREED, first_passing_on=AGREED - WEEK)

    assert proof("6a", after).since == AGREED + WEEK
    assert proof("6a", before).lacks


def test_one_confirmed_outcome_is_a_win_until_the_customers_word_ends() -> None:
    end = date(2026, 8, 20)

    assert proof("6b", confirmed(ends_on=end)) == Proof("6b", (), CONFIRMED, end)


def test_two_wins_hold_since_the_second_and_until_the_first_of_them_ends() -> None:
    one = confirmed(1, CONFIRMED, date(2026, 8, 20))
    two = confirmed(2, CONFIRMED + WEEK, date(2026, 9, 20))

    assert proof("7a", one, two) == Proof("7a", (), CONFIRMED + WEEK, date(2026, 8, 20))
    assert proof("7a", one).lacks == ("2 confirmed outcomes; there is 1",)


def weeks(passing: str) -> list[tuple[date, date, bool]]:
    """Weeks from CONFIRMED on: + passes, - fails, a blank has no data."""
    days = [(CONFIRMED + n * WEEK, mark) for n, mark in enumerate(passing) if mark != " "]
    return [(day, day + timedelta(days=6), mark == "+") for day, mark in days]


@pytest.mark.parametrize(
    ("passing", "lasted"),
    [
        ("+" * 25, None),
        ("+" * 26, 26),
        ("+" * 30, 26),
        ("+" * 20 + "-" + "+" * 25, None),
        ("+" * 30 + "-", None),
        ("+" * 5 + "-" + "+" * 26, 32),
        ("+" * 13 + "  " + "+" * 13, 28),
    ],
)
def test_confirmed_use_lasts_once_26_weeks_in_a_row_passed(passing: str, lasted: int | None) -> None:
    reached = lasting_on(weeks(passing), CONFIRMED)

    assert reached == (None if lasted is None else CONFIRMED + lasted * WEEK - timedelta(days=1))


def test_weeks_before_it_was_confirmed_do_not_count() -> None:
    assert lasting_on(weeks("+" * 26), CONFIRMED + WEEK) is None
    assert lasting_on(weeks("+" * 26), None) is None


def test_use_that_lasted_holds_8c_since_that_day() -> None:
    assert proof("8c", OutcomeFacts(1, "confirmed", lasted_on=DAY)) == Proof("8c", (), DAY)
    assert proof("8c", OutcomeFacts(1, "lapsed", lasted_on=DAY)).lacks


def test_two_of_the_coalition_seen_in_28_days_use_it_until_the_second_was_not_seen_for_28() -> None:
    seen = {1: DAY, 2: DAY - timedelta(days=27), 3: DAY - timedelta(days=28)}

    found = proof("4c", people=UseFacts(coalition_seen=seen))

    assert found == Proof("4c", (), None, DAY + timedelta(days=1))


def test_one_of_the_coalition_is_not_enough() -> None:
    found = proof("4c", people=UseFacts(coalition_seen={1: DAY, 2: DAY - timedelta(days=28)}))

    assert found.lacks == ("use by 2 of the coalition in 28 days; 1 so far",)


@pytest.mark.parametrize(
    ("users", "planned", "holds"), [(8, 10, True), (7, 10, False), (8, None, False), (None, 10, False)]
)
def test_four_fifths_of_the_planned_users_did_the_first_task(
    users: int | None, planned: int | None, holds: bool
) -> None:
    found = proof("5b", people=UseFacts(first_task_users=users, planned_users=planned))

    assert (not found.lacks) is holds
