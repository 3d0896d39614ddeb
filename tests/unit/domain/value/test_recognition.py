"""Claims about recognition: the domain's worked examples by their numbers, and the edges of its rules."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from changetrack.domain.value import Attestation, OutcomeTerms, Reading, recognise
from tests.unit.domain.value.worlds import ATTESTED, TERMS, W1, on, recognised, week, weeks

V2 = (41, 44, 47, 40, 45, 46, 44, 48)
V4 = (*V2, 52, 30, 22, 45, 46, 44, 41, 43)
V6 = (41, 44, 47, 40, 45, 46, 33, 28)


def test_v1_three_weeks_are_use_but_no_value() -> None:
    found = recognised(weeks(45, 48, 12), on(1, 25))

    assert (found.state, found.realized, found.probationary) == ("in_use", 0, 20_000)


def test_v1b_what_was_never_agreed_is_only_proposed() -> None:
    found = recognised(weeks(*[45] * 10), on(3, 15), terms=replace(TERMS, agreed_on=None))

    assert (found.state, found.realized, found.probationary, found.promised) == ("proposed", 0, 0, 0)


def test_v1c_what_was_never_attested_is_only_in_use() -> None:
    found = recognised(weeks(*V2), on(3, 1), attestations=[])

    assert (found.state, found.realized, found.live, found.probationary) == ("in_use", 0, 0, 80_000)


@pytest.mark.parametrize(("as_of", "realized"), [(on(2, 1), 0), (on(2, 8), 10_000), (on(3, 1), 40_000)])
def test_v2_value_accrues_from_the_week_after_confirmation(as_of: date, realized: int) -> None:
    found = recognised(weeks(*V2), as_of)

    assert (found.state, found.since, found.confirmed_from) == ("confirmed", on(2, 2), on(2, 2))
    assert (found.realized, found.live, found.probationary) == (realized, 10_000, 40_000)


@pytest.mark.parametrize(
    ("as_of", "state", "detail", "since", "realized", "live"),
    [
        (on(3, 8), "confirmed", None, on(2, 2), 50_000, 10_000),
        (on(3, 15), "confirmed", "at_risk", on(2, 2), 50_000, 0),
        (on(3, 22), "lapsed", "use", on(3, 9), 50_000, 0),
        (on(4, 19), "confirmed", None, on(4, 20), 50_000, 10_000),
        (on(4, 26), "confirmed", None, on(4, 20), 60_000, 10_000),
    ],
)
def test_v4_use_lapses_and_is_confirmed_again(
    as_of: date, state: str, detail: str | None, since: date, realized: int, live: int
) -> None:
    found = recognised(weeks(*V4), as_of)

    assert (found.state, found.detail, found.since) == (state, detail, since)
    assert (found.realized, found.live) == (realized, live)


def test_v6_a_spell_too_short_to_be_a_habit_is_reversed() -> None:
    readings = weeks(*V6)

    before, at_risk, after = (recognised(readings, day) for day in (on(2, 15), on(2, 22), on(3, 1)))

    assert (before.realized, at_risk.realized, at_risk.live) == (20_000, 20_000, 0)
    assert (after.state, after.detail, after.since, after.realized) == ("lapsed", "use", on(2, 16), 0)
    assert after.entries[-1] == (on(3, 1), -20_000, "reversed")
    assert recognised(readings, on(2, 15), known_at=on(2, 16)).realized == 20_000


def test_v7_proportional_worth_is_gated_by_the_threshold() -> None:
    terms = replace(TERMS, accrual="proportional", target=Decimal(50))

    found = recognised(weeks(41, 44, 47, 40, 40, 60, 39), on(2, 22), terms=terms)

    assert [amount for _, amount, _ in found.entries] == [8_000, 10_000]


@pytest.mark.parametrize(("known_at", "realized"), [(on(2, 19), 10_000), (on(2, 20), 20_000)])
def test_v8_a_late_reading_counts_from_when_it_was_known(known_at: date, realized: int) -> None:
    late = Reading(week(5), Decimal(43), on(2, 20))

    found = recognised([*weeks(41, 44, 47, 40, None, 44), late], on(2, 15), known_at=known_at)

    assert found.realized == realized


@pytest.mark.parametrize(("known_at", "realized"), [(on(3, 9), 50_000), (on(3, 10), 40_000)])
def test_v9_a_correction_counts_from_when_it_was_known(known_at: date, realized: int) -> None:
    correction = Reading(week(6), Decimal(31), on(3, 10))

    found = recognised([*weeks(*V2, 52), correction], on(3, 8), known_at=known_at)

    assert found.realized == realized


def test_v11_promised_stands_beside_realized() -> None:
    found = recognised(weeks(*V4), on(4, 26))

    assert (found.promised, found.realized, found.realized / found.promised) == (160_000, 60_000, 0.375)


def test_a_value_exactly_at_the_threshold_passes() -> None:
    assert recognised(weeks(40), on(1, 11)).passing_run == 1
    assert recognised(weeks(39.9999), on(1, 11)).failing_run == 1


def test_a_week_in_which_it_was_agreed_does_not_qualify() -> None:
    terms = replace(TERMS, agreed_on=on(1, 7))

    assert recognised(weeks(45), on(1, 11), terms=terms).state == "agreed"
    assert recognised(weeks(45, 45), on(1, 18), terms=terms).since == week(2)


def test_before_its_day_an_agreement_is_a_proposal() -> None:
    terms = replace(TERMS, agreed_on=on(2, 2), proposed_on=on(1, 9))

    found = recognised([], on(2, 1), terms=terms)

    assert (found.state, found.since, found.due_on) == ("proposed", on(1, 9), on(2, 2))


def test_a_period_counts_only_once_its_lag_is_over() -> None:
    terms = replace(TERMS, settle_lag_days=2)

    assert recognised(weeks(45), on(1, 12), terms=terms).state == "agreed"
    assert recognised(weeks(45), on(1, 13), terms=terms).state == "in_use"


def test_confirmation_follows_the_day_on_which_the_last_period_closes() -> None:
    terms = replace(TERMS, settle_lag_days=2)

    found = recognised(weeks(*V2), on(2, 17), terms=terms)

    assert found.confirmed_from == on(2, 4)
    assert found.entries == [(on(2, 17), 10_000, "accrued")]


def test_an_attestation_that_comes_later_confirms_from_its_day() -> None:
    late = [Attestation(on(2, 11), on(2, 11))]

    before = recognised(weeks(*V2), on(2, 10), attestations=late)
    after = recognised(weeks(*V2), on(3, 1), attestations=late)

    assert (before.state, before.due_on) == ("in_use", on(2, 11))
    assert (after.confirmed_from, after.realized, after.probationary) == (on(2, 11), 20_000, 60_000)


def test_an_outcome_that_needs_no_attestation_confirms_by_use_alone() -> None:
    terms = replace(TERMS, requires_attestation=False)

    found = recognised(weeks(*V2), on(3, 1), attestations=[], terms=terms)

    assert (found.confirmed_from, found.realized, found.valid_until) == (on(2, 2), 40_000, None)


def test_months_are_periods_of_their_own_length() -> None:
    terms = OutcomeTerms("month", Decimal(40), 10_000, on(1, 15), settle_lag_days=0, confirm_after=2)
    readings = [Reading(on(m, 1), Decimal(45), on(m, 28)) for m in range(1, 7)]
    attested = [Attestation(on(4, 1), on(4, 1), valid_days=180)]

    found = recognise(terms, readings, attested, as_of=on(6, 30), known_at=on(6, 30))

    assert (found.in_use_from, found.confirmed_from) == (on(2, 1), on(4, 1))
    assert [posted for posted, _, _ in found.entries] == [on(4, 30), on(5, 31), on(6, 30)]
    assert found.due_on == on(7, 31)


def test_an_attestation_that_runs_out_ends_the_spell_and_what_was_confirmed_stays() -> None:
    found = recognised(weeks(*[45] * 17), on(4, 28))

    assert (found.state, found.detail, found.since) == ("lapsed", "attestation", on(4, 28))
    assert (found.realized, found.live, found.probationary) == (120_000, 0, 50_000 - 10_000)
    assert found.falling_why == "The customer’s attestation ran out on 28 Apr 2026."


def test_a_renewal_in_time_leaves_no_gap() -> None:
    renewed = [*ATTESTED, Attestation(on(4, 28), on(4, 28))]

    found = recognised(weeks(*[45] * 20), on(5, 24), attestations=renewed)

    assert (found.confirmed_from, found.realized, found.confirmed_run) == (on(2, 2), 160_000, 16)
    assert found.confirmed_run_from == on(2, 2)
    assert found.valid_until == on(4, 28) + timedelta(days=90)


def test_a_late_renewal_does_not_cover_backwards() -> None:
    renewed = [*ATTESTED, Attestation(on(5, 5), on(5, 5))]

    found = recognised(weeks(*[45] * 20), on(5, 24), attestations=renewed)

    assert found.confirmed_from == on(5, 5)
    assert [posted for posted, _, _ in found.entries][-3:] == [on(4, 26), on(5, 17), on(5, 24)]
    assert found.realized == 120_000 + 20_000


def test_after_an_attestation_lapse_a_passing_run_is_needed_too() -> None:
    renewed = [*ATTESTED, Attestation(on(5, 4), on(5, 4))]
    values = [45] * 16 + [12, 45, 45, 45, 45, 45]

    before = recognised(weeks(*values), on(5, 30), attestations=renewed)
    after = recognised(weeks(*values), on(5, 31), attestations=renewed)

    assert (before.state, before.detail) == ("lapsed", "attestation")
    assert (after.state, after.confirmed_from) == ("confirmed", on(6, 1))


def test_use_that_fails_after_the_attestation_ran_out_is_a_lapse_of_use() -> None:
    values = [45] * 16 + [12, 12]

    found = recognised(weeks(*values), on(5, 10))

    assert (found.state, found.detail, found.since) == ("lapsed", "use", week(17))


def test_letting_the_attestation_run_out_does_not_save_a_short_spell() -> None:
    short = [Attestation(on(1, 28), on(1, 28), valid_days=21)]

    found = recognised(weeks(*V6), on(3, 1), attestations=short)

    assert (found.state, found.detail, found.realized) == ("lapsed", "use", 0)


def test_a_week_without_data_freezes_the_count() -> None:
    assert recognised(weeks(41, 44, None, 47, 40), on(2, 8)).confirmed_from == on(2, 9)
    assert recognised(weeks(*[45] * 9, 12, None, 12), on(3, 29)).since == week(10)


def test_two_weeks_without_data_cannot_be_verified() -> None:
    one, two = (recognised(weeks(*V2), day) for day in (on(3, 8), on(3, 15)))

    assert (one.detail, one.live) == (None, 10_000)
    assert (two.state, two.detail, two.live, two.realized) == ("confirmed", "unverifiable", 0, 40_000)
    assert (two.falling_since, two.falling_why) == (on(3, 2), "No data since 2 Mar 2026.")


def test_data_that_comes_back_makes_it_live_again() -> None:
    found = recognised(weeks(*V2, None, None, 45), on(3, 22))

    assert (found.detail, found.live, found.realized) == (None, 10_000, 50_000)
    assert [(s.posted_on, s.amount, s.cause) for s in found.steps if s.measure == "live"] == [
        (on(2, 1), 10_000, "confirmed"),
        (on(3, 15), -10_000, "unverifiable"),
        (on(3, 22), 10_000, "recovered"),
    ]


def test_a_reading_taken_back_is_no_data() -> None:
    taken_back = Reading(week(8), None, on(3, 2))

    assert recognised([*weeks(*V2), taken_back], on(3, 3)).realized == 30_000


def test_a_withdrawal_stops_everything_from_its_day() -> None:
    found = recognised(weeks(*[45] * 16), on(4, 26), terms=replace(TERMS, withdrawn_on=on(3, 18)))

    assert (found.state, found.detail, found.since, found.live) == ("withdrawn", None, on(3, 18), 0)
    assert (found.realized, found.promised, found.due_on) == (60_000, 100_000, None)


def test_an_early_withdrawal_takes_back_what_accrued() -> None:
    found = recognised(weeks(*V2), on(3, 1), terms=replace(TERMS, withdrawn_on=on(2, 18)))

    assert (found.realized, found.entries[-1]) == (0, (on(2, 18), -20_000, "reversed"))


def test_a_replacement_stops_without_taking_back() -> None:
    found = recognised(weeks(*V2), on(3, 1), terms=replace(TERMS, replaced_on=on(2, 18)))

    assert (found.state, found.detail, found.since) == ("withdrawn", "replaced", on(2, 18))
    assert (found.realized, found.live, found.promised) == (20_000, 0, 60_000)


def test_a_dispute_stops_accrual_and_keeps_the_past() -> None:
    found = recognised(weeks(*V2), on(3, 1), terms=replace(TERMS, disputed_on=on(2, 18)))

    assert (found.state, found.since, found.realized, found.live) == ("disputed", on(2, 18), 20_000, 0)
    assert found.promised == 80_000


def test_a_retracted_attestation_never_was_for_those_who_know() -> None:
    retracted = [replace(ATTESTED[0], retracted_on=on(3, 3))]

    before = recognised(weeks(*V2), on(3, 1), attestations=retracted, known_at=on(3, 2))
    after = recognised(weeks(*V2), on(3, 1), attestations=retracted, known_at=on(3, 3))

    assert (before.realized, after.realized, after.state) == (40_000, 0, "in_use")


def test_a_plan_ends_after_its_periods() -> None:
    found = recognised([], on(6, 30), terms=replace(TERMS, plan_periods=6))

    assert found.promised == 60_000


def test_a_plan_without_a_start_begins_with_the_agreement() -> None:
    found = recognised([], on(1, 25), terms=replace(TERMS, plan_start=None, agreed_on=on(1, 7)))

    assert found.promised == 20_000


def test_a_proportion_is_rounded_down() -> None:
    terms = replace(TERMS, accrual="proportional", target=Decimal(60), rate=100)

    assert recognised(weeks(41), on(1, 11), terms=terms).probationary == 68


def test_proportional_worth_without_a_target_is_refused() -> None:
    with pytest.raises(ValueError, match="target"):
        recognised(weeks(41), on(1, 11), terms=replace(TERMS, accrual="proportional"))


def test_it_is_due_when_a_week_ends_closes_or_the_attestation_ends() -> None:
    terms = replace(TERMS, settle_lag_days=2)

    assert recognised([], on(4, 19), terms=terms).due_on == on(4, 21)
    assert recognised([], on(4, 21), terms=terms).due_on == on(4, 26)
    assert recognised([], on(4, 26), terms=terms).due_on == on(4, 28)


def test_each_step_says_why() -> None:
    words = [step.words for step in recognised(weeks(*V6), on(3, 1)).steps]

    assert words[0] == "Week from 5 Jan 2026: 41, threshold 40; not confirmed throughout, so nothing accrues."
    assert words[4] == "Confirmed from 2 Feb 2026."
    assert words[-1] == (
        "Confirmed from 2 Feb 2026, over from 16 Feb 2026: fewer than 4 whole weeks, so what accrued is taken back."
    )


def test_an_outcome_that_was_agreed_waits() -> None:
    found = recognised([], W1)

    assert (found.state, found.detail, found.since, found.entries) == ("agreed", None, W1, [])
