"""Claims about commitments: what a word must say, when another day may be agreed, and when it is overdue."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.calendar import WorkCalendar
from changetrack.domain.commitments import (
    commitment_words,
    is_overdue,
    is_waste,
    make_reasons,
    meet_reasons,
    renegotiate_reasons,
    reopen_reasons,
    withdraw_reasons,
)
from changetrack.domain.refusal import Reason

TODAY = date(2026, 11, 12)
ONE_DAY = timedelta(days=1)
PLAIN = WorkCalendar()
SAID_AT = datetime(2026, 11, 12, 9, tzinfo=UTC)
FRIDAY, MONDAY = date(2026, 11, 27), date(2026, 11, 30)


def fields(reasons: list[Reason]) -> list[str | None]:
    return [reason.field for reason in reasons]


def test_a_commitment_says_what_by_when_and_whose_word_it_is() -> None:
    assert make_reasons("Send the plan", TODAY, "Olu", made_on=TODAY, today=TODAY) == []


def test_a_commitment_is_refused_with_all_reasons_at_once() -> None:
    reasons = make_reasons(" ", None, "", made_on=TODAY + ONE_DAY, today=TODAY)

    assert fields(reasons) == ["action", "owner", "made_on", "due_on"]


@pytest.mark.parametrize("due_on", [TODAY - ONE_DAY, TODAY + timedelta(days=3651)])
def test_a_day_that_is_past_or_out_of_sight_is_no_due_day(due_on: date) -> None:
    assert fields(make_reasons("Call", due_on, "Olu", made_on=TODAY, today=TODAY)) == ["due_on"]


def test_what_was_promised_earlier_may_be_due_by_now() -> None:
    made_on = TODAY - timedelta(days=20)

    assert make_reasons("Call", TODAY - ONE_DAY, "Olu", made_on=made_on, today=TODAY) == []
    assert fields(make_reasons("Call", made_on - ONE_DAY, "Olu", made_on=made_on, today=TODAY)) == ["due_on"]


def test_as_much_as_fits_may_be_said_as_far_ahead_as_ten_years() -> None:
    farthest = TODAY + timedelta(days=3650)

    assert make_reasons("x" * 500, farthest, "Olu", made_on=TODAY, today=TODAY) == []
    assert meet_reasons("open", made_on=TODAY, met_on=TODAY, result="x" * 2000, today=TODAY) == []
    assert fields(meet_reasons("open", made_on=TODAY, met_on=TODAY, result="x" * 2001, today=TODAY)) == ["result"]
    assert withdraw_reasons("open", "x" * 2000) == []


def test_a_novel_is_no_action() -> None:
    assert fields(make_reasons("x" * 501, TODAY, "Olu", made_on=TODAY, today=TODAY)) == ["action"]


def test_a_commitment_is_met_between_its_making_and_today() -> None:
    made_on = TODAY - timedelta(days=5)

    assert meet_reasons("open", made_on=made_on, met_on=TODAY, result="They liked it.", today=TODAY) == []
    assert meet_reasons("open", made_on=made_on, met_on=made_on, result="", today=TODAY) == []


@pytest.mark.parametrize("met_on", [None, TODAY + ONE_DAY, TODAY - timedelta(days=6)])
def test_it_is_met_on_no_other_day(met_on: date | None) -> None:
    reasons = meet_reasons("open", made_on=TODAY - timedelta(days=5), met_on=met_on, result="", today=TODAY)

    assert fields(reasons) == ["met_on"]


def test_another_day_is_agreed_up_to_and_including_the_day_it_is_due() -> None:
    later = TODAY + timedelta(days=7)

    assert renegotiate_reasons("open", TODAY + ONE_DAY, later, today=TODAY) == []
    assert renegotiate_reasons("open", TODAY, later, today=TODAY) == []
    assert fields(renegotiate_reasons("open", TODAY - ONE_DAY, later, today=TODAY)) == [None]


def test_over_a_weekend_nothing_is_agreed_after_the_fact() -> None:
    saturday = FRIDAY + ONE_DAY

    assert not is_overdue(FRIDAY, saturday, PLAIN)
    assert fields(renegotiate_reasons("open", FRIDAY, MONDAY, today=saturday)) == [None]


@pytest.mark.parametrize("new", [None, TODAY - ONE_DAY, TODAY])
def test_another_day_is_another_and_lies_ahead(new: date | None) -> None:
    assert fields(renegotiate_reasons("open", TODAY, new, today=TODAY)) == ["due_on"]


def test_an_earlier_day_may_be_agreed_too() -> None:
    assert renegotiate_reasons("open", TODAY + timedelta(days=9), TODAY + ONE_DAY, today=TODAY) == []


def test_taking_a_word_back_needs_a_reason() -> None:
    assert withdraw_reasons("open", "They bought another product.") == []
    assert fields(withdraw_reasons("open", " ")) == ["reason"]
    assert fields(withdraw_reasons("open", "x" * 2001)) == ["reason"]


@pytest.mark.parametrize("state", ["met", "withdrawn"])
def test_what_ended_is_not_ended_again(state: str) -> None:
    assert fields(meet_reasons(state, made_on=TODAY, met_on=TODAY, result="", today=TODAY)) == [None]
    assert fields(renegotiate_reasons(state, TODAY, TODAY + ONE_DAY, today=TODAY)) == [None]
    assert fields(withdraw_reasons(state, "Why not")) == [None]


@pytest.mark.parametrize(
    ("due_on", "today", "overdue"),
    [
        (FRIDAY, FRIDAY, False),
        (FRIDAY, FRIDAY + 2 * ONE_DAY, False),
        (FRIDAY, MONDAY, True),
        (MONDAY, FRIDAY, False),
    ],
)
def test_a_commitment_is_overdue_when_a_business_day_went_by(due_on: date, today: date, overdue: bool) -> None:
    assert is_overdue(due_on, today, PLAIN) is overdue


def test_a_holiday_gives_another_day() -> None:
    calendar = WorkCalendar(holidays=frozenset({MONDAY}))

    assert not is_overdue(FRIDAY, MONDAY, calendar)
    assert is_overdue(FRIDAY, MONDAY + ONE_DAY, calendar)


@given(st.dates(TODAY, TODAY + timedelta(days=40)), st.integers(0, 60))
def test_what_is_overdue_can_no_longer_be_renegotiated(due_on: date, after: int) -> None:
    today = TODAY + timedelta(days=after)
    refused = renegotiate_reasons("open", due_on, today + timedelta(days=90), today=today)

    assert bool(refused) == (today > due_on)
    assert refused or not is_overdue(due_on, today, PLAIN)


def test_what_serves_no_outcome_is_waste() -> None:
    assert is_waste(None)
    assert not is_waste(1)


def test_a_commitment_is_told_by_what_and_who() -> None:
    assert commitment_words("Send the\nplan", "Olu") == "“Send the plan” (Olu)"
    assert commitment_words("x" * 292, "Olu") == f"“{'x' * 292}” (Olu)"
    assert commitment_words("x" * 293, "Olu") == f"“{'x' * 291}…” (Olu)"


@given(st.text(max_size=600), st.text(max_size=120))
def test_the_words_of_a_commitment_are_never_too_long(action: str, owner: str) -> None:
    assert len(commitment_words(action, owner)) <= 300


@pytest.mark.parametrize(
    ("state", "moved_at", "is_closed", "refused"),
    [
        ("met", SAID_AT - ONE_DAY, False, []),
        ("met", SAID_AT, False, []),
        ("met", SAID_AT + ONE_DAY, False, ["The account has moved since: what was met before stands."]),
        ("met", SAID_AT - ONE_DAY, True, ["The account is closed."]),
        ("withdrawn", SAID_AT - ONE_DAY, False, ["Only a commitment that is met can be opened again."]),
    ],
)
def test_what_is_met_is_opened_again_while_the_account_is_where_it_was(
    state: str, moved_at: datetime, is_closed: bool, refused: list[str]
) -> None:
    reasons = reopen_reasons(state, ended_at=SAID_AT, moved_at=moved_at, is_closed=is_closed)

    assert [reason.message for reason in reasons] == refused
