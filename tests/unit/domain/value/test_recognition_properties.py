"""Claims about recognition that hold of any outcome: the invariants of the domain."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from changetrack.domain.value import Attestation, OutcomeTerms, Reading, recognise
from tests.unit.domain.value.diary import Diary
from tests.unit.domain.value.worlds import attestations, days, every_day, readings, terms

any_terms, any_readings, any_attestations = terms(), readings(), attestations()
LATER = date(2027, 1, 31)


@given(terms(agreed=False), any_readings, any_attestations, days)
def test_without_agreement_there_is_nothing(
    terms: OutcomeTerms, readings: list[Reading], said: list[Attestation], as_of: date
) -> None:
    found = recognise(terms, readings, said, as_of=as_of, known_at=LATER)

    assert (found.realized, found.probationary, found.live, found.promised) == (0, 0, 0, 0)


@given(any_terms, any_readings, days)
def test_without_attestation_nothing_is_realized(terms: OutcomeTerms, readings: list[Reading], as_of: date) -> None:
    found = recognise(replace(terms, requires_attestation=True), readings, [], as_of=as_of, known_at=LATER)

    assert (found.realized, found.live, found.entries) == (0, 0, [])


@settings(max_examples=300)
@given(any_terms, any_readings, any_attestations, days, st.data())
def test_a_worse_period_never_raises_what_is_realized(
    terms: OutcomeTerms, readings: list[Reading], said: list[Attestation], as_of: date, data: st.DataObject
) -> None:
    worst = data.draw(st.sampled_from([r.period_start for r in readings]))
    worse = [r._replace(value=Decimal(1)) if r.period_start == worst and r.value else r for r in readings]

    before = recognise(terms, readings, said, as_of=as_of, known_at=LATER)
    after = recognise(terms, worse, said, as_of=as_of, known_at=LATER)

    assert after.realized <= before.realized
    assert after.live <= before.live


@given(any_terms, any_readings, any_attestations, days, days)
def test_the_entries_are_the_function(
    terms: OutcomeTerms, readings: list[Reading], said: list[Attestation], as_of: date, known_at: date
) -> None:
    found = recognise(terms, readings, said, as_of=as_of, known_at=known_at)

    sums = {m: sum(s.amount for s in found.steps if s.measure == m) for m in ("realized", "probationary", "live")}
    assert sum(amount for _, amount, _ in found.entries) == found.realized >= 0
    assert sums == {"realized": found.realized, "probationary": found.probationary, "live": found.live}


@given(any_terms, any_readings, any_attestations, days, days, days)
def test_what_was_so_by_a_day_stays_so(
    terms: OutcomeTerms, readings: list[Reading], said: list[Attestation], a: date, b: date, known_at: date
) -> None:
    earlier, later = (recognise(terms, readings, said, as_of=d, known_at=known_at) for d in sorted((a, b)))

    assert earlier.entries == [entry for entry in later.entries if entry[0] <= min(a, b)]
    assert earlier.steps == tuple(step for step in later.steps if step.posted_on <= min(a, b))


@given(any_terms, any_readings, any_attestations, days, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(
    terms: OutcomeTerms, readings: list[Reading], said: list[Attestation], as_of: date, chance: Random
) -> None:
    once = list({(r.period_start, r.recorded_on): r for r in readings}.values())
    shuffled, said_in_disorder = chance.sample(once, len(once)), chance.sample(said, len(said))

    assert recognise(terms, once, said, as_of=as_of, known_at=LATER) == recognise(
        terms, shuffled, said_in_disorder, as_of=as_of, known_at=LATER
    )


@given(any_terms, any_readings, any_attestations, days)
def test_of_two_records_of_one_period_the_later_wins(
    terms: OutcomeTerms, readings: list[Reading], said: list[Attestation], as_of: date
) -> None:
    newest: dict[date, Reading] = {}
    for reading in sorted(readings, key=lambda r: r.recorded_on):
        newest[reading.period_start] = reading

    assert recognise(terms, readings, said, as_of=as_of, known_at=LATER) == recognise(
        terms, newest.values(), said, as_of=as_of, known_at=LATER
    )


@settings(max_examples=60, deadline=None)
@given(any_terms, any_readings, any_attestations)
def test_it_is_what_one_finds_day_by_day(terms: OutcomeTerms, readings: list[Reading], said: list[Attestation]) -> None:
    known = {r.period_start: r.value for r in sorted(readings, key=lambda r: r.recorded_on)}
    valid = [a for a in said if not a.retracted_on]
    diary = Diary(terms, known, valid)

    for day in every_day():
        diary.live_through(day)
        found = recognise(terms, readings, valid, as_of=day, known_at=LATER)

        assert (day, found.realized, found.probationary, found.live) == (
            day, diary.realized, diary.probationary, diary.live,
        )  # fmt: skip
        if found.state not in ("proposed", "withdrawn", "disputed"):
            assert diary.phase.startswith(found.state)
            assert (found.detail == "unverifiable") == (diary.phase == "confirmed" and diary.missing >= 2)


@given(any_terms, any_readings, any_attestations, days, st.integers(0, 40))
def test_nothing_changes_before_it_is_due(
    terms: OutcomeTerms, readings: list[Reading], said: list[Attestation], as_of: date, ahead: int
) -> None:
    now = recognise(terms, readings, said, as_of=as_of, known_at=LATER)
    day = as_of + timedelta(days=ahead)
    if now.due_on is not None:
        day = min(day, now.due_on - timedelta(days=1))

    then = recognise(terms, readings, said, as_of=day, known_at=LATER)

    if now.state == "proposed":
        then = replace(then, since=now.since)
    assert replace(then, due_on=now.due_on) == now
