"""Claims about staleness: each reason from its first day, its words, its gravity, and when to look again."""

import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.alerts import (
    REASONS,
    STATES,
    EvidenceEnd,
    StaleFacts,
    StaleLimits,
    StaleReason,
    acknowledge_reasons,
    ends_snooze,
    grace_days,
    next_due_on,
    severity,
    snooze_reasons,
    stale_reasons,
    why_on,
)
from changetrack.domain.calendar import WorkCalendar
from changetrack.domain.refusal import Reason

PLAIN = WorkCalendar()
ONE_DAY = timedelta(days=1)
NEVER = StaleLimits(age_days=None, progress_days=None, rule_version="1")
ENTERED = date(2026, 9, 1)

FRESH = StaleFacts(
    step=3, is_open=True, entered_on=ENTERED, held_days=0, progress_on=ENTERED, evidence_ends=(), limits=NEVER
)


def stuck(progress_on: date, limit: int = 10, held_workdays: int = 0, step: int = 3) -> StaleFacts:
    limits = StaleLimits(None, limit, "1")
    return replace(FRESH, step=step, progress_on=progress_on, limits=limits, held_workdays=held_workdays)


def aged(limit: int = 45, held_days: int = 0, step: int = 1) -> StaleFacts:
    return replace(FRESH, step=step, held_days=held_days, limits=StaleLimits(limit, None, "1"))


def ending(*ends: EvidenceEnd) -> StaleFacts:
    return replace(FRESH, evidence_ends=ends)


def names(reasons: tuple[StaleReason, ...]) -> tuple[str, ...]:
    return tuple(reason.reason for reason in reasons)


@pytest.mark.parametrize(
    ("holidays", "event", "first_stale"),
    [
        (set(), date(2026, 11, 12), date(2026, 11, 27)),
        ({date(2026, 11, 26)}, date(2026, 11, 12), date(2026, 11, 30)),
        ({date(2026, 12, 25), date(2027, 1, 1)}, date(2026, 12, 18), date(2027, 1, 6)),
    ],
)
def test_no_progress_is_true_first_on_the_day_the_domain_names(
    holidays: set[date], event: date, first_stale: date
) -> None:
    calendar = WorkCalendar(holidays=frozenset(holidays))
    facts = stuck(event)

    the_day_before = stale_reasons(facts, calendar, first_stale - ONE_DAY)
    (reason,) = stale_reasons(facts, calendar, first_stale)

    assert the_day_before == ()
    assert (reason.reason, reason.since) == ("no_progress", first_stale)
    assert next_due_on(facts, calendar, event) == first_stale


def test_no_progress_says_how_long_where_and_the_limit() -> None:
    (reason,) = stale_reasons(stuck(date(2026, 11, 12)), PLAIN, date(2026, 11, 30))

    assert reason.why == "12 business days without progress in step 3; the limit is 10."


def test_business_days_on_hold_do_not_count_as_lack_of_progress() -> None:
    facts = stuck(date(2026, 11, 12), held_workdays=3)

    assert stale_reasons(facts, PLAIN, date(2026, 12, 1)) == ()
    assert stale_reasons(facts, PLAIN, date(2026, 12, 2))[0].why.startswith("11 business days")


def test_over_age_says_how_long_where_and_the_limit() -> None:
    (reason,) = stale_reasons(aged(), PLAIN, ENTERED + timedelta(days=61))

    assert reason == StaleReason(
        "over_age", ENTERED + timedelta(days=46), "61 days in step 1; the limit is 45.", step=1, limit=45
    )


def test_a_clock_goes_on_in_the_words_of_a_later_day() -> None:
    (reason,) = stale_reasons(aged(), PLAIN, ENTERED + timedelta(days=50))
    later = ENTERED + timedelta(days=61)

    said = why_on(later, "over_age", since=reason.since, step=1, limit=45, calendar=PLAIN)

    assert said == stale_reasons(aged(), PLAIN, later)[0].why


def test_a_visit_is_not_over_age_on_the_day_of_its_limit() -> None:
    assert stale_reasons(aged(), PLAIN, ENTERED + timedelta(days=45)) == ()


def test_days_on_hold_do_not_count_as_age() -> None:
    facts = aged(held_days=20)

    assert stale_reasons(facts, PLAIN, ENTERED + timedelta(days=65)) == ()
    assert stale_reasons(facts, PLAIN, ENTERED + timedelta(days=66))[0].why.startswith("46 days in step 1")


def test_an_anchored_account_is_named_so() -> None:
    facts = replace(FRESH, step=9, limits=StaleLimits(365, 30, "1"))

    reasons = stale_reasons(facts, PLAIN, date(2027, 10, 1))

    assert names(reasons) == ("no_progress", "over_age")
    assert "while anchored" in reasons[0].why
    assert "395 days anchored" in reasons[1].why


def test_evidence_is_expiring_from_fourteen_days_before_its_end() -> None:
    facts = ending(EvidenceEnd("1a", date(2026, 11, 20), 1))

    assert stale_reasons(facts, PLAIN, date(2026, 11, 5)) == ()
    assert stale_reasons(facts, PLAIN, date(2026, 11, 6)) == (
        StaleReason("evidence_expiring", date(2026, 11, 6), "1a ends on 20 Nov 2026."),
    )


def test_ended_and_ending_evidence_are_told_in_the_order_of_their_days() -> None:
    facts = ending(EvidenceEnd("1a", date(2026, 11, 20), 1), EvidenceEnd("2c", date(2026, 11, 3), 2))

    (reason,) = stale_reasons(facts, PLAIN, date(2026, 11, 11))

    assert reason.why == "2c ended on 3 Nov 2026; 1a ends on 20 Nov 2026."


def test_evidence_has_ended_on_its_first_day_without_it() -> None:
    facts = ending(EvidenceEnd("2c", date(2026, 11, 3), 2))

    (the_day_before,) = stale_reasons(facts, PLAIN, date(2026, 11, 2))
    (on_the_day,) = stale_reasons(facts, PLAIN, date(2026, 11, 3))

    assert the_day_before.why == "2c ends on 3 Nov 2026."
    assert on_the_day.why == "2c ended on 3 Nov 2026."


@pytest.mark.parametrize(("step", "grace"), [(1, 14), (5, 14), (6, 28), (8, 28)])
def test_after_the_grace_the_team_is_asked_to_restore_or_move_back(step: int, grace: int) -> None:
    ended = date(2026, 11, 3)
    facts = ending(EvidenceEnd(f"{step}a", ended, step))

    (last_day,) = stale_reasons(facts, PLAIN, ended + timedelta(days=grace - 1))
    (after,) = stale_reasons(facts, PLAIN, ended + timedelta(days=grace))

    assert grace_days(step) == grace
    assert "restore" not in last_day.why
    assert "restore the evidence or move back" in after.why


def test_an_end_that_nobody_could_foresee_is_stale_from_its_own_day() -> None:
    facts = ending(EvidenceEnd("2a", date(2026, 11, 3), 2, foreseen=False))

    (reason,) = stale_reasons(facts, PLAIN, date(2026, 11, 4))

    assert reason.since == date(2026, 11, 3)


def test_a_visit_is_not_stale_from_before_it_began() -> None:
    facts = ending(EvidenceEnd("1a", ENTERED + ONE_DAY, 1))

    (reason,) = stale_reasons(facts, PLAIN, ENTERED)

    assert reason.since == ENTERED


def test_all_reasons_that_are_true_are_given_in_their_order() -> None:
    facts = replace(FRESH, limits=StaleLimits(45, 10, "1"), evidence_ends=(EvidenceEnd("2c", date(2026, 11, 3), 2),))
    facts = replace(facts, falling_since=ENTERED)

    assert names(stale_reasons(facts, PLAIN, date(2026, 12, 1))) == REASONS


def test_what_is_held_closed_or_not_opened_is_never_stale() -> None:
    facts = replace(stuck(ENTERED), is_open=False, evidence_ends=(EvidenceEnd("2c", date(2026, 11, 3), 2),))

    assert stale_reasons(facts, PLAIN, date(2027, 11, 3)) == ()


def test_an_account_on_hold_still_sees_its_evidence_end() -> None:
    facts = replace(stuck(ENTERED), is_open=False, evidence_ends=(EvidenceEnd("2c", date(2026, 11, 3), 2),))

    assert next_due_on(facts, PLAIN, ENTERED) == date(2026, 11, 3)


def test_nothing_is_due_where_time_alone_changes_nothing() -> None:
    assert next_due_on(FRESH, PLAIN, ENTERED) is None


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        (["no_progress"], "notice"),
        (["over_age"], "notice"),
        (["evidence_expiring"], "notice"),
        (["no_progress", "evidence_expiring"], "notice"),
        (["no_progress", "over_age"], "warning"),
        (["no_progress", "over_age", "evidence_expiring"], "warning"),
        (["no_progress", "over_age", "silent_customer"], "critical"),
        (["no_progress", "over_age", "silent_customer", "overdue_commitment", "usage_falling"], "critical"),
        (["no_progress", "no_progress"], "notice"),
    ],
)
def test_severity_is_the_number_of_distinct_reasons_but_for_expiring_evidence(
    reasons: list[str], expected: str
) -> None:
    assert severity(reasons) == expected
    assert severity([StaleReason(name, ENTERED, "") for name in reasons]) == expected


limits = st.builds(StaleLimits, st.none() | st.integers(0, 60), st.none() | st.integers(0, 30), st.just("1"))
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


TODAY = date(2026, 11, 30)


def fields(reasons: list[Reason]) -> list[str | None]:
    return [reason.field for reason in reasons]


def test_an_alert_goes_from_firing_to_resolved() -> None:
    assert STATES == ("firing", "acknowledged", "snoozed", "resolved")


def test_a_firing_alert_is_acknowledged_with_a_next_step_and_its_date() -> None:
    assert acknowledge_reasons("firing", "Review with Ines", TODAY, TODAY) == []


def test_acknowledging_needs_a_next_step_and_a_date() -> None:
    assert fields(acknowledge_reasons("firing", "  ", None, TODAY)) == ["next_step", "next_step_on"]


def test_a_next_step_in_the_past_is_none() -> None:
    assert fields(acknowledge_reasons("firing", "Call", TODAY - ONE_DAY, TODAY)) == ["next_step_on"]


@pytest.mark.parametrize("status", ["acknowledged", "snoozed", "resolved"])
def test_only_a_firing_alert_is_acknowledged(status: str) -> None:
    assert fields(acknowledge_reasons(status, "Call", TODAY, TODAY)) == [None]


@pytest.mark.parametrize("business_days", [1, 10])
def test_an_acknowledged_alert_is_snoozed_for_up_to_ten_business_days(business_days: int) -> None:
    assert snooze_reasons("acknowledged", business_days, "They are on holiday", 1) == []


@pytest.mark.parametrize("business_days", [None, 0, -1, 11])
def test_a_snooze_of_any_other_length_is_refused(business_days: int | None) -> None:
    assert fields(snooze_reasons("acknowledged", business_days, "Holiday", 0)) == ["days"]


@pytest.mark.parametrize("status", ["firing", "snoozed", "resolved"])
def test_only_an_acknowledged_alert_is_snoozed(status: str) -> None:
    assert fields(snooze_reasons(status, 5, "Holiday", 0)) == [None]


def test_a_third_snooze_in_a_visit_is_refused() -> None:
    (reason,) = snooze_reasons("acknowledged", 5, "Holiday", 2)

    assert "at most 2 times" in reason.message


def test_a_snooze_is_refused_with_all_reasons_at_once() -> None:
    assert fields(snooze_reasons("firing", 30, "", 2)) == [None, "days", "reason", None]


def test_a_snooze_ends_when_a_reason_joins_and_not_when_one_leaves() -> None:
    assert ends_snooze({"no_progress"}, {"no_progress", "over_age"})
    assert not ends_snooze({"no_progress", "over_age"}, {"over_age"})


def test_use_that_falls_is_a_reason_which_counts() -> None:
    falling = replace(FRESH, falling_since=ENTERED, falling_why="Orders shipped: the last week fell short.")

    (reason,) = stale_reasons(falling, PLAIN, ENTERED)

    assert (reason.reason, reason.since, reason.why) == (
        "usage_falling", ENTERED, "Orders shipped: the last week fell short."
    )  # fmt: skip
    assert severity(["usage_falling", "no_progress"]) == "warning"


def test_use_that_fell_before_the_step_was_entered_counts_from_its_first_day() -> None:
    falling = replace(FRESH, falling_since=FRESH.entered_on - timedelta(days=9), falling_why="It fell short.")

    assert stale_reasons(falling, PLAIN, ENTERED)[0].since == FRESH.entered_on
