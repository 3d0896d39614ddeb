"""Claims about posting: what each posting says, and that their sums are the figures on both axes of time."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changetrack.domain.value import (
    Attestation,
    Figures,
    OutcomeHistory,
    OutcomeTerms,
    Posting,
    PostingKey,
    Reading,
    figures,
    post,
)
from tests.unit.domain.value.worlds import ATTESTED, TERMS, W1, days, groups, on, week, weeks

V2 = weeks(41, 44, 47, 40, 45, 46, 44, 48)
END = date(2026, 7, 31)
Group = tuple[list[OutcomeHistory], int | None]


def history(
    readings: list[Reading], *, attestations: Iterable[Attestation] = ATTESTED, terms: OutcomeTerms = TERMS
) -> OutcomeHistory:
    return OutcomeHistory(1, [(W1, terms)], readings, list(attestations))


def summed(postings: Iterable[Posting]) -> dict[PostingKey, int]:
    sums: Counter[PostingKey] = Counter()
    for posting in postings:
        sums[posting.key] += posting.amount
    return dict(sums)


def figures_of(postings: Iterable[Posting], outcome: int, as_of: date, known_at: date) -> Figures:
    sums = Counter[str]()
    for p in postings:
        if p.outcome == outcome and p.posted_on <= as_of and p.known_on <= known_at:
            sums[p.measure] += p.amount
    return Figures(sums["realized"], sums["probationary"], sums["live"])


def test_use_in_time_is_posted_on_the_day_its_week_closes() -> None:
    postings = [p for p in post([history(V2)], until=on(3, 1)) if p.measure == "realized"]

    assert [(p.posted_on, p.known_on, p.amount, p.cause) for p in postings] == [
        (day, day, 10_000, "accrued") for day in (on(2, 8), on(2, 15), on(2, 22), on(3, 1))
    ]
    assert postings[0].words == "Week from 2 Feb 2026: 45, threshold 40; use is confirmed."
    assert (postings[0].period_start, postings[0].reading_recorded_on) == (week(5), on(2, 8))


def test_a_correction_is_one_more_posting_that_says_why() -> None:
    corrected = history([*weeks(41, 44, 47, 40, 45, 46, 44, 48, 52), Reading(week(6), TERMS.threshold - 9, on(3, 10))])

    before, after = post([corrected], until=on(3, 9)), post([corrected], until=on(3, 10))

    assert after[: len(before)] == before
    assert [(p.measure, p.posted_on, p.known_on, p.amount, p.cause) for p in after[len(before) :]] == [
        ("live", on(2, 15), on(3, 10), -10_000, "at_risk"),
        ("realized", on(2, 15), on(3, 10), -10_000, "corrected"),
        ("live", on(2, 22), on(3, 10), 10_000, "recovered"),
    ]
    assert after[-2].words == "Corrected: The week from 9 Feb 2026 was corrected from 46 to 31."
    assert after[-2].reading_recorded_on == on(3, 10)


def test_of_all_that_is_learned_on_a_day_a_correction_names_its_own_week() -> None:
    learned = [Reading(week(n), TERMS.threshold - n, on(3, 10)) for n in range(5, 9)]
    corrected = history([*weeks(41, 44, 47, 40, 45, 46, 44, 48, 52), *learned])

    words = {
        p.period_start: p.words for p in post([corrected], until=on(3, 10)) if p.cause == "corrected" and p.period_start
    }

    assert words[week(6)] == "Corrected: The week from 9 Feb 2026 was corrected from 46 to 34."
    assert words[week(8)] == "Corrected: The week from 23 Feb 2026 was corrected from 48 to 32."


def test_what_there_is_no_room_for_is_not_cut_in_a_word() -> None:
    learned = [Reading(week(n), TERMS.threshold - 1, on(3, 10)) for n in range(1, 10)]
    corrected = history([*weeks(41, 44, 47, 40, 45, 46, 44, 48, 52), *learned])

    words = {p.words for p in post([corrected], until=on(3, 10)) if p.cause == "corrected"}

    assert all(len(said) <= 300 and said.endswith(".") for said in words)


def test_a_reading_that_comes_late_accrues_when_it_is_known() -> None:
    late = history([*weeks(41, 44, 47, 40, None, 44), Reading(week(5), TERMS.threshold, on(2, 20))])

    last = post([late], until=on(2, 20))[-1]

    assert (last.posted_on, last.known_on, last.amount, last.cause) == (on(2, 8), on(2, 20), 10_000, "accrued")
    assert last.words.endswith("use is confirmed. Learned on 20 Feb 2026.")


def test_a_short_spell_is_reversed_by_a_posting() -> None:
    reversals = [
        p for p in post([history(weeks(41, 44, 47, 40, 45, 46, 33, 28))], until=on(3, 1)) if p.cause == "reversed"
    ]

    assert [(p.posted_on, p.amount, p.period_start) for p in reversals] == [(on(3, 1), -20_000, None)]


def test_a_retracted_attestation_takes_back_what_rested_on_it() -> None:
    retracted = history(V2, attestations=[replace(ATTESTED[0], retracted_on=on(3, 3))])

    taken_back = [p for p in post([retracted], until=on(3, 3)) if p.known_on == on(3, 3) and p.measure == "realized"]

    assert [p.amount for p in taken_back] == [-10_000] * 4
    assert {p.words for p in taken_back} == {"Corrected: The attestation of 28 Jan 2026 was retracted."}


def test_a_withdrawal_learned_late_is_posted_back_to_its_day() -> None:
    ended = [(W1, TERMS), (on(3, 5), replace(TERMS, withdrawn_on=on(2, 18)))]

    postings = post([OutcomeHistory(1, ended, V2, ATTESTED)], until=on(3, 5))

    news = [p for p in postings if p.known_on == on(3, 5) and p.measure == "realized"]
    assert [(p.posted_on, p.amount, p.cause) for p in news] == [
        (on(2, 18), -20_000, "reversed"),
        (on(2, 22), -10_000, "corrected"),
        (on(3, 1), -10_000, "corrected"),
    ]
    assert news[1].words == "Corrected: The beneficiary withdrew on 18 Feb 2026."


def test_nothing_is_posted_for_what_is_only_proposed() -> None:
    assert post([history(V2, terms=replace(TERMS, agreed_on=None))], until=on(3, 1)) == []


def test_a_cap_is_shared_in_proportion_and_to_the_last_unit() -> None:
    pair = [
        OutcomeHistory(number, [(W1, replace(TERMS, rate=rate))], V2, ATTESTED, cap=10_000)
        for number, rate in ((1, 10_000), (2, 20_000))
    ]

    found = figures(pair, as_of=on(2, 8), known_at=on(2, 8))

    assert found == {1: Figures(3_333, 13_332, 3_333), 2: Figures(6_667, 26_668, 6_667)}


def test_a_lower_cap_in_terms_that_nobody_agreed_to_cuts_nothing() -> None:
    proposed = replace(TERMS, agreed_on=None)
    pair = [
        OutcomeHistory(1, [(W1, TERMS)], V2, ATTESTED, cap=10_000),
        OutcomeHistory(2, [(W1, proposed)], V2, ATTESTED, cap=1),
    ]

    found = figures(pair, as_of=on(3, 1), known_at=on(3, 1))

    assert (found[1].realized, found[1].live) == (40_000, 10_000)


def test_what_accrues_comes_before_what_is_not_confirmed_under_a_cap() -> None:
    pair = [
        OutcomeHistory(1, [(W1, TERMS)], V2, (), cap=15_000),
        OutcomeHistory(2, [(W1, TERMS)], V2, ATTESTED, cap=15_000),
    ]

    found = figures(pair, as_of=on(3, 1), known_at=on(3, 1))

    assert (found[2].realized, found[1].realized, found[1].probationary) == (40_000, 0, 4 * 7_500 + 4 * 5_000)


def test_a_reversal_takes_back_only_what_the_cap_had_left() -> None:
    pair = [
        OutcomeHistory(1, [(W1, TERMS)], weeks(41, 44, 47, 40, 45, 46, 33, 28), ATTESTED, cap=10_000),
        OutcomeHistory(2, [(W1, TERMS)], V2, ATTESTED, cap=10_000),
    ]

    postings = post(pair, until=on(3, 1))

    assert [p.amount for p in postings if p.cause == "reversed"] == [-10_000]
    assert figures_of(postings, 2, on(3, 1), on(3, 1)).realized == 2 * 5_000 + 2 * 10_000


@settings(max_examples=100, deadline=None)
@given(groups(), days, days)
def test_the_sum_of_the_postings_is_the_figure_on_both_axes(group: Group, a: date, b: date) -> None:
    histories, _cap = group
    as_of, known_at = sorted((a, b))

    postings = post(histories, until=END)

    for outcome, expected in figures(histories, as_of=as_of, known_at=known_at).items():
        assert figures_of(postings, outcome, as_of, known_at) == expected


@settings(max_examples=100, deadline=None)
@given(groups(), st.lists(days, max_size=4))
def test_posting_in_stages_is_posting_at_once(group: Group, stops: list[date]) -> None:
    histories, _cap = group
    postings: list[Posting] = []
    since: date | None = None

    for until in [*sorted(stops), END]:
        postings += post(histories, until=until, posted=summed(postings), since=since)
        since = until

    assert postings == post(histories, until=END)


@settings(max_examples=100, deadline=None)
@given(groups(), days)
def test_what_is_learned_on_the_day_of_a_posting_is_added_to_it(group: Group, today: date) -> None:
    histories, _cap = group
    morning = [
        replace(
            h,
            versions=[v for v in h.versions if v[0] < today] or h.versions[:1],
            readings=[r for r in h.readings if r.recorded_on < today],
            attestations=[
                replace(a, retracted_on=a.retracted_on if a.retracted_on and a.retracted_on < today else None)
                for a in h.attestations
                if a.recorded_on < today
            ],
        )
        for h in histories
    ]

    first = post(morning, until=today)
    second = post(histories, until=END, posted=summed(first), since=today)

    whole = post(histories, until=END)
    for outcome in (h.outcome for h in histories):
        for day in (today - timedelta(days=1), today, END):
            assert figures_of([*first, *second], outcome, day, day) == figures_of(whole, outcome, day, day)


@settings(max_examples=100, deadline=None)
@given(groups(), days)
def test_what_is_learned_and_taken_back_within_a_day_changes_no_earlier_day(group: Group, today: date) -> None:
    histories, _cap = group
    before = [
        replace(
            h,
            versions=[v for v in h.versions if v[0] < today] or h.versions[:1],
            readings=[r for r in h.readings if r.recorded_on < today],
            attestations=[a for a in h.attestations if a.recorded_on < today],
        )
        for h in histories
    ]

    morning = post(histories, until=today)
    evening = post(before, until=END, posted=summed(morning), since=today)

    assert all(p.known_on >= today for p in evening)


@settings(max_examples=100, deadline=None)
@given(groups())
def test_a_posting_is_never_known_before_it_was_so(group: Group) -> None:
    histories, _cap = group

    postings = post(histories, until=END)

    assert all(p.known_on >= p.posted_on and p.amount != 0 and 0 < len(p.words) <= 300 for p in postings)
    assert all(p.measure in ("realized", "probationary", "live") and len(p.cause) <= 20 for p in postings)


@settings(max_examples=100, deadline=None)
@given(groups(), days)
def test_no_period_of_a_group_comes_to_more_than_its_cap(group: Group, day: date) -> None:
    histories, cap = group

    sums: Counter[date] = Counter()
    for posting in post(histories, until=day):
        if posting.period_start:
            sums[posting.period_start] += posting.amount

    assert cap is None or all(0 <= amount <= cap for amount in sums.values())
    live = figures(histories, as_of=day, known_at=day)
    assert cap is None or sum(found.live for found in live.values()) <= cap


@pytest.mark.parametrize("known_at", [on(2, 15), on(3, 1)])
def test_terms_are_those_known_at_the_day(known_at: date) -> None:
    other = replace(TERMS, rate=20_000)
    changing = OutcomeHistory(1, [(W1, TERMS), (on(2, 20), other)], V2, ATTESTED)

    found = figures([changing], as_of=on(2, 15), known_at=known_at)

    assert found[1].realized == (20_000 if known_at < on(2, 20) else 40_000)
