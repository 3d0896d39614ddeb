"""Claims about staleness: each reason from its first day, its words, and when to look again."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from changetrack.domain.alerts import severity
from changetrack.domain.calendar import WorkCalendar
from changetrack.domain.stale_words import why_on
from changetrack.domain.staleness import (
    REASONS,
    EvidenceEnd,
    StaleFacts,
    StaleLimits,
    StaleReason,
    grace_days,
    next_due_on,
    rule_words,
    stale_reasons,
)

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
        "over_age", ENTERED + timedelta(days=46), "61 days in step 1; the limit is 45.", step=1, limit=45, rule="1"
    )


def test_a_clock_goes_on_in_the_words_of_a_later_day() -> None:
    (reason,) = stale_reasons(aged(), PLAIN, ENTERED + timedelta(days=50))
    later = ENTERED + timedelta(days=61)

    said = why_on(later, "over_age", since=reason.since, step=1, limit=45, calendar=PLAIN)

    assert said == stale_reasons(aged(), PLAIN, later)[0].why


def silent(customer_on: date | None, limit: int = 10, step: int = 3, held: int = 0) -> StaleFacts:
    limits = StaleLimits(None, None, "1", silent_days=limit)
    return replace(FRESH, step=step, customer_on=customer_on, customer_held_workdays=held, limits=limits)


def promised(due_on: date) -> StaleFacts:
    return replace(FRESH, commitment_due_on=due_on, commitment_words="“Send the plan” (Olu)")


def test_the_reasons_are_six_in_the_order_of_the_domain() -> None:
    assert REASONS == (
        "no_progress", "over_age", "silent_customer", "overdue_commitment", "usage_falling", "evidence_expiring"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("holidays", "event", "first_stale"),
    [
        (set(), date(2026, 11, 12), date(2026, 11, 27)),
        ({date(2026, 11, 26)}, date(2026, 11, 12), date(2026, 11, 30)),
        ({date(2026, 12, 25), date(2027, 1, 1)}, date(2026, 12, 18), date(2027, 1, 6)),
    ],
)
def test_a_customer_is_silent_first_on_the_day_the_domain_names(
    holidays: set[date], event: date, first_stale: date
) -> None:
    calendar = WorkCalendar(holidays=frozenset(holidays))

    (reason,) = stale_reasons(silent(event), calendar, first_stale)

    assert stale_reasons(silent(event), calendar, first_stale - ONE_DAY) == ()
    assert (reason.reason, reason.since) == ("silent_customer", first_stale)
    assert next_due_on(silent(event), calendar, event) == first_stale


def test_a_silent_customer_is_told_by_how_long_and_the_limit() -> None:
    (reason,) = stale_reasons(silent(date(2026, 11, 12)), PLAIN, date(2026, 11, 30))
    (anchored,) = stale_reasons(silent(date(2026, 9, 1), limit=45, step=9), PLAIN, date(2026, 11, 30))

    assert reason.why == "12 business days without a word from the customer in step 3; the limit is 10."
    assert anchored.why == "64 business days without a word from the customer while anchored; the limit is 45."


def test_a_customer_who_never_spoke_is_silent_from_the_beginning_of_the_visit() -> None:
    assert stale_reasons(silent(None), PLAIN, date(2026, 9, 15)) == ()
    assert names(stale_reasons(silent(None), PLAIN, date(2026, 9, 16))) == ("silent_customer",)


def test_business_days_on_hold_do_not_count_as_silence() -> None:
    assert stale_reasons(silent(date(2026, 11, 12), held=3), PLAIN, date(2026, 12, 1)) == ()
    assert names(stale_reasons(silent(date(2026, 11, 12), held=3), PLAIN, date(2026, 12, 2))) == ("silent_customer",)


def test_a_commitment_is_overdue_on_the_first_business_day_after_it_was_due() -> None:
    friday, sunday, monday = date(2026, 11, 27), date(2026, 11, 29), date(2026, 11, 30)

    (reason,) = stale_reasons(promised(friday), PLAIN, monday)

    assert stale_reasons(promised(friday), PLAIN, sunday) == ()
    assert next_due_on(promised(friday), PLAIN, friday) == monday
    assert (reason.reason, reason.since) == ("overdue_commitment", monday)
    assert reason.why == "“Send the plan” (Olu) was due on 27 Nov 2026, 1 business day ago."


def test_a_learned_limit_is_told_with_the_fixed_one_beside_it() -> None:
    limits = StaleLimits(62, None, "playbook 3", fixed_age_days=45, learned_month=date(2026, 11, 1))
    facts = replace(FRESH, limits=limits)

    (reason,) = stale_reasons(facts, PLAIN, ENTERED + timedelta(days=64))

    assert reason.why == "64 days in step 3; the limit is 62, learned for Nov 2026 (fixed: 45)."
    assert reason.rule == "playbook 3, limit learned for Nov 2026"
    assert rule_words(limits, "no_progress") == "playbook 3"


def test_a_visit_is_not_over_age_on_the_day_of_its_limit() -> None:
    assert stale_reasons(aged(), PLAIN, ENTERED + timedelta(days=45)) == ()


def test_days_on_hold_do_not_count_as_age() -> None:
    facts = aged(held_days=20)

    assert stale_reasons(facts, PLAIN, ENTERED + timedelta(days=65)) == ()
    assert stale_reasons(facts, PLAIN, ENTERED + timedelta(days=66))[0].why.startswith("46 days in step 1")


def test_the_last_step_is_named_as_a_step() -> None:
    (reason,) = stale_reasons(stuck(ENTERED, limit=30, step=8), PLAIN, date(2026, 11, 30))

    assert reason.why == "64 business days without progress in step 8; the limit is 30."


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
        StaleReason(
            "evidence_expiring", date(2026, 11, 6), "1a ends on 20 Nov 2026.", words="evidence ends on 20 Nov", rule="1"
        ),
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
    facts = replace(
        FRESH, limits=StaleLimits(45, 10, "1", 10), evidence_ends=(EvidenceEnd("2c", date(2026, 11, 3), 2),)
    )
    facts = replace(facts, falling_since=ENTERED, commitment_due_on=ENTERED, commitment_words="“Call” (Olu)")

    assert names(stale_reasons(facts, PLAIN, date(2026, 12, 1))) == REASONS


def test_what_is_held_closed_or_not_opened_is_never_stale() -> None:
    facts = replace(stuck(ENTERED), is_open=False, evidence_ends=(EvidenceEnd("2c", date(2026, 11, 3), 2),))

    assert stale_reasons(facts, PLAIN, date(2027, 11, 3)) == ()


def test_an_account_on_hold_still_sees_its_evidence_end() -> None:
    facts = replace(stuck(ENTERED), is_open=False, evidence_ends=(EvidenceEnd("2c", date(2026, 11, 3), 2),))

    assert next_due_on(facts, PLAIN, ENTERED) == date(2026, 11, 3)


def test_on_the_day_that_was_due_the_next_one_is_another() -> None:
    facts = stuck(date(2026, 11, 12))

    assert next_due_on(facts, PLAIN, date(2026, 11, 26)) == date(2026, 11, 27)
    assert next_due_on(facts, PLAIN, date(2026, 11, 27)) is None


def test_nothing_is_due_where_time_alone_changes_nothing() -> None:
    assert next_due_on(FRESH, PLAIN, ENTERED) is None


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
