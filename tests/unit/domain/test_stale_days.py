"""Claims about any visit at all: when something said about it changes, and since when it was true."""

import re
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.calendar import WorkCalendar
from changetrack.domain.stale_words import why_on
from changetrack.domain.staleness import EvidenceEnd, StaleFacts, StaleLimits, StaleReason, next_due_on, stale_reasons

ENTERED = date(2026, 9, 1)


def names(reasons: tuple[StaleReason, ...]) -> tuple[str, ...]:
    return tuple(reason.reason for reason in reasons)


limits = st.builds(
    StaleLimits,
    st.none() | st.integers(0, 60),
    st.none() | st.integers(0, 30),
    st.just("1"),
    st.none() | st.integers(0, 45),
    st.none() | st.integers(1, 60),
    st.none() | st.just(date(2026, 11, 1)),
)
points = st.builds(
    EvidenceEnd,
    point=st.sampled_from(["1a", "2c", "6c", "8b"]),
    ends_on=st.dates(ENTERED - timedelta(days=40), ENTERED + timedelta(days=90)),
    step=st.integers(1, 8),
    foreseen=st.booleans(),
)
visits = st.builds(
    StaleFacts,
    step=st.integers(1, 9),
    is_open=st.booleans(),
    entered_on=st.just(ENTERED),
    held_days=st.integers(0, 20),
    progress_on=st.dates(ENTERED - timedelta(days=10), ENTERED + timedelta(days=30)),
    evidence_ends=st.lists(points, max_size=4).map(tuple),
    limits=limits,
    held_workdays=st.integers(0, 14),
    customer_on=st.none() | st.dates(ENTERED - timedelta(days=10), ENTERED + timedelta(days=30)),
    customer_held_workdays=st.integers(0, 14),
    commitment_due_on=st.none() | st.dates(ENTERED - timedelta(days=10), ENTERED + timedelta(days=90)),
    commitment_words=st.just("“Send the plan” (Olu)"),
)
work_calendars = st.builds(
    WorkCalendar,
    st.sampled_from(["1111100", "1111001", "1000000"]),
    st.frozensets(st.dates(ENTERED, ENTERED + timedelta(days=90)), max_size=15),
)


def said(facts: StaleFacts, calendar: WorkCalendar, day: date) -> object:
    """What is said on a day but for the numbers that grow daily, and which points hold."""
    reasons = stale_reasons(facts, calendar, day)
    words = [(r.reason, r.since, re.sub(r"\d+ (business )?days?", "some days", r.why)) for r in reasons]
    return words, [end.ends_on <= day for end in facts.evidence_ends]


@given(visits, work_calendars)
def test_what_is_said_changes_on_due_days_only(facts: StaleFacts, calendar: WorkCalendar) -> None:
    days = [ENTERED + timedelta(days=i) for i in range(160)]
    due = {next_due_on(facts, calendar, day) for day in days}

    changes = {b for a, b in pairwise(days) if said(facts, calendar, a) != said(facts, calendar, b)}

    assert changes <= due


@given(visits, work_calendars, st.integers(0, 200))
def test_the_next_due_day_lies_ahead(facts: StaleFacts, calendar: WorkCalendar, after: int) -> None:
    today = ENTERED + timedelta(days=after)

    due = next_due_on(facts, calendar, today)

    assert due is None or due > today


@given(visits, work_calendars, st.integers(0, 160))
def test_a_reason_is_true_since_the_day_it_names(facts: StaleFacts, calendar: WorkCalendar, after: int) -> None:
    today = ENTERED + timedelta(days=after)

    for reason in stale_reasons(facts, calendar, today):
        then = max(reason.since, ENTERED)

        assert then <= today
        assert reason.reason in names(stale_reasons(facts, calendar, then))


@given(visits, work_calendars, st.integers(0, 160))
def test_a_kept_reason_reads_on_a_later_day_as_if_it_were_judged_then(
    facts: StaleFacts, calendar: WorkCalendar, after: int
) -> None:
    later = ENTERED + timedelta(days=after)

    for reason in stale_reasons(facts, calendar, later):
        if reason.limit is not None:
            first = next(r for r in stale_reasons(facts, calendar, reason.since) if r.reason == reason.reason)
            said = why_on(
                later, first.reason, since=first.since, step=first.step, limit=reason.limit, calendar=calendar,
                words=first.words,
            )  # fmt: skip

            assert said == reason.why
