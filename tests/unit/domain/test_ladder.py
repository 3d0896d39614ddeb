"""Claims about the ladder: who hears when, in which words, and what an executive may decide."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.calendar import WorkCalendar
from changetrack.domain.ladder import DECISIONS, RUNGS, TOP, decision_reasons, next_rung_day, rung_on
from changetrack.domain.refusal import Reason

FIRED = date(2026, 11, 30)  # a Monday
CHRISTMAS = WorkCalendar(holidays=frozenset({date(2026, 12, 25)}))
TODAY = date(2026, 12, 29)
EXAMPLE = [date(2026, 11, 30), date(2026, 12, 2), date(2026, 12, 7), date(2026, 12, 14), date(2026, 12, 29)]


def fields(reasons: list[Reason]) -> list[str | None]:
    return [reason.field for reason in reasons]


def decide(
    decision: str = "revive",
    *,
    status: str = "firing",
    rung: int = TOP,
    decided: str | None = None,
    words: str = "Begin again with the new plant manager.",
    until: date | None = None,
) -> list[Reason]:
    return decision_reasons(decision, status=status, rung=rung, decided=decided, words=words, until=until, today=TODAY)


def test_the_rungs_are_those_of_the_domain() -> None:
    assert [(rung.number, rung.name, rung.after) for rung in RUNGS] == [
        (0, "owner", 0), (1, "reminder", 2), (2, "coordinator", 5), (3, "vsm", 10), (4, "executive", 20)
    ]  # fmt: skip


@pytest.mark.parametrize(("rung", "day"), list(enumerate(EXAMPLE)))
def test_each_rung_is_due_first_on_the_day_the_domain_names(rung: int, day: date) -> None:
    assert rung_on(FIRED, day, CHRISTMAS) == rung
    assert rung_on(FIRED, day - timedelta(days=1), CHRISTMAS) == max(rung - 1, 0)


def test_the_next_rung_is_known_beforehand() -> None:
    days = [next_rung_day(FIRED, rung.number, CHRISTMAS) for rung in RUNGS]

    assert days == [*EXAMPLE[1:], None]


def test_what_fires_on_a_saturday_counts_from_there() -> None:
    saturday = date(2026, 11, 28)

    assert next_rung_day(saturday, 0, WorkCalendar()) == date(2026, 12, 1)


work_calendars = st.builds(
    WorkCalendar,
    st.sampled_from(["1111100", "1111001", "1000000"]),
    st.frozensets(st.dates(FIRED, FIRED + timedelta(days=60)), max_size=15),
)


@given(work_calendars, st.integers(0, 300))
def test_a_rung_is_due_from_the_day_that_was_foretold(calendar: WorkCalendar, after: int) -> None:
    day = FIRED + timedelta(days=after)
    reached = rung_on(FIRED, day, calendar)

    ahead = next_rung_day(FIRED, reached, calendar)

    assert ahead is None or ahead > day
    assert ahead is None or rung_on(FIRED, ahead, calendar) == reached + 1
    assert (ahead is None) == (reached == TOP)


def test_an_executive_revives_parks_or_closes() -> None:
    assert tuple(DECISIONS) == ("revive", "park", "close")
    assert decide("revive") == []
    assert decide("park", until=TODAY + timedelta(days=30)) == []
    assert decide("close") == []


def test_parking_needs_a_day_that_lies_ahead() -> None:
    assert fields(decide("park")) == ["until"]
    assert fields(decide("park", until=TODAY)) == ["until"]


@pytest.mark.parametrize("decision", DECISIONS)
def test_every_decision_is_given_with_its_words(decision: str) -> None:
    ahead = TODAY + timedelta(days=30)

    assert fields(decide(decision, words=" ", until=ahead)) == ["words"]
    assert decide(decision, words="x" * 2000, until=ahead) == []
    assert fields(decide(decision, words="x" * 2001, until=ahead)) == ["words"]


def test_there_is_no_other_decision() -> None:
    assert fields(decide("wait")) == ["decision"]


def test_what_is_resolved_decided_or_still_with_the_team_is_not_decided() -> None:
    assert fields(decide(status="resolved")) == [None]
    assert fields(decide(decided="park")) == [None]
    assert fields(decide(rung=3)) == [None]


@pytest.mark.parametrize("status", ["acknowledged", "snoozed"])
def test_what_somebody_has_taken_up_is_not_decided_over_their_head(status: str) -> None:
    assert fields(decide(status=status)) == [None]


def test_all_reasons_against_a_decision_come_at_once() -> None:
    assert fields(decide("park", status="resolved", words="")) == [None, "words", "until"]
