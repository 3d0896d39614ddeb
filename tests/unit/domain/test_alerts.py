"""Claims about the life of an alert: how grave it is, who takes it up, how long it may wait."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changetrack.domain.alerts import (
    REST_MAX_DAYS,
    STATES,
    UNCOUNTED,
    acknowledge_reasons,
    ends_snooze,
    severity,
    snooze_reasons,
)
from changetrack.domain.calendar import DEFAULT_CALENDAR, WorkCalendar
from changetrack.domain.refusal import Reason
from changetrack.domain.staleness import REASONS, StaleReason

ONE_DAY = timedelta(days=1)
ENTERED = date(2026, 9, 1)


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


TODAY = date(2026, 11, 30)


GRAVITY = ("notice", "warning", "critical")
sets_of_reasons = st.frozensets(st.sampled_from(REASONS), min_size=1)


def fields(reasons: list[Reason]) -> list[str | None]:
    return [reason.field for reason in reasons]


def test_an_alert_goes_from_firing_to_resolved() -> None:
    assert STATES == ("firing", "acknowledged", "snoozed", "resolved")


def test_a_firing_alert_is_acknowledged_with_a_next_step_and_its_date() -> None:
    assert acknowledge_reasons("firing", "Review with Ines", TODAY, TODAY, DEFAULT_CALENDAR) == []


def test_acknowledging_needs_a_next_step_and_a_date() -> None:
    assert fields(acknowledge_reasons("firing", "  ", None, TODAY, DEFAULT_CALENDAR)) == ["next_step", "next_step_on"]


def test_a_next_step_in_the_past_is_none() -> None:
    assert fields(acknowledge_reasons("firing", "Call", TODAY - ONE_DAY, TODAY, DEFAULT_CALENDAR)) == ["next_step_on"]


@pytest.mark.parametrize(("day", "is_fine"), [(date(2026, 12, 28), True), (date(2026, 12, 29), False)])
def test_a_next_step_is_at_most_twenty_business_days_ahead(day: date, is_fine: bool) -> None:
    reasons = acknowledge_reasons("firing", "Call", day, TODAY, DEFAULT_CALENDAR)

    assert REST_MAX_DAYS == 20
    assert [reason.message for reason in reasons] == (
        [] if is_fine else ["Name a step within 20 business days: by 28 Dec 2026."]
    )


def test_the_days_ahead_are_those_of_the_accounts_calendar() -> None:
    without_christmas = WorkCalendar(holidays=frozenset({date(2026, 12, 25)}))

    assert acknowledge_reasons("firing", "Call", date(2026, 12, 29), TODAY, without_christmas) == []


@pytest.mark.parametrize("status", ["acknowledged", "snoozed", "resolved"])
def test_only_a_firing_alert_is_acknowledged(status: str) -> None:
    assert fields(acknowledge_reasons(status, "Call", TODAY, TODAY, DEFAULT_CALENDAR)) == [None]


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


@given(sets_of_reasons)
def test_the_first_five_reasons_count_and_expiring_evidence_does_not(reasons: frozenset[str]) -> None:
    counted = len(reasons & set(REASONS[:5]))

    assert severity(reasons) == GRAVITY[min(max(counted, 1), 3) - 1]
    assert set(REASONS) - set(REASONS[:5]) == UNCOUNTED


@given(sets_of_reasons, sets_of_reasons)
def test_severity_never_rises_without_ending_a_snooze(before: frozenset[str], after: frozenset[str]) -> None:
    rises = GRAVITY.index(severity(after)) > GRAVITY.index(severity(before))

    assert ends_snooze(before, after) == bool(after - before)
    assert ends_snooze(before, after) or not rises
