"""Outcomes to recognise: those of the domain's worked examples, and any that hypothesis can think of."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from changetrack.domain.value import Attestation, OutcomeHistory, OutcomeTerms, Reading, Recognition, recognise

WEEK = timedelta(days=7)
W1 = date(2026, 1, 5)
END = date(2026, 12, 31)
LAST_WEEK = 22


def on(month: int, day: int) -> date:
    return date(2026, month, day)


def week(number: int) -> date:
    return W1 + WEEK * (number - 1)


ATTESTED = (Attestation(on(1, 28), on(1, 28)),)
TERMS = OutcomeTerms("week", Decimal(40), 10_000, agreed_on=W1, settle_lag_days=0, plan_start=W1)


def weeks(*values: float | None) -> list[Reading]:
    """Readings of W1, W2, …, each recorded on the last day of its week; None for one that never came."""
    return [
        Reading(week(number), Decimal(str(value)), week(number) + timedelta(days=6))
        for number, value in enumerate(values, start=1)
        if value is not None
    ]


def recognised(
    readings: Iterable[Reading],
    as_of: date,
    *,
    attestations: Iterable[Attestation] = ATTESTED,
    terms: OutcomeTerms = TERMS,
    known_at: date = END,
) -> Recognition:
    return recognise(terms, readings, attestations, as_of=as_of, known_at=known_at)


days = st.integers(0, 7 * LAST_WEEK).map(lambda n: W1 + timedelta(days=n))
values = st.sampled_from([None, *map(Decimal, (0, 39, 40, 40, 45, 60, 60))])


@st.composite
def terms(draw: st.DrawFn, *, agreed: bool = True) -> OutcomeTerms:
    """Terms as they may be proposed, with short counts so that much happens; sometimes an end."""
    confirm_after = draw(st.integers(1, 4))
    ends = st.none() | st.none() | days
    return OutcomeTerms(
        period="week",
        threshold=Decimal(40),
        rate=draw(st.sampled_from([1, 7, 10_000])),
        agreed_on=draw(st.sampled_from([W1, on(1, 7), on(1, 20)])) if agreed else None,
        accrual=draw(st.sampled_from(["flat", "proportional"])),
        target=Decimal(50),
        confirm_after=confirm_after,
        lapse_after=draw(st.integers(1, 3)),
        restore_after=draw(st.integers(1, confirm_after)),
        min_hold=draw(st.integers(0, 4)),
        settle_lag_days=draw(st.sampled_from([0, 0, 1, 2, 9])),
        requires_attestation=draw(st.sampled_from([True, True, True, False])),
        withdrawn_on=draw(ends),
        disputed_on=draw(ends),
        replaced_on=draw(ends),
    )


@st.composite
def readings(draw: st.DrawFn) -> list[Reading]:
    """One reading for most weeks, mostly in time, some late, and some corrected later on."""
    found: list[Reading] = []
    for number, value in enumerate(draw(st.lists(values, min_size=4, max_size=LAST_WEEK)), start=1):
        recorded_on = week(number) + timedelta(days=draw(st.sampled_from([3, 6, 6, 7, 8, 30])))
        found.append(Reading(week(number), value, recorded_on))
        if draw(st.integers(0, 6)) == 0:
            found.append(Reading(week(number), draw(values), recorded_on + timedelta(days=draw(st.integers(0, 40)))))
    return found


@st.composite
def attestations(draw: st.DrawFn) -> list[Attestation]:
    """None to four attestations, short enough to run out, some learned late, some retracted."""
    found: list[Attestation] = []
    for given_on in draw(st.lists(days, max_size=4)):
        recorded_on = given_on + timedelta(days=draw(st.sampled_from([0, 0, 0, 1, 12])))
        retracted = draw(st.none() | st.none() | st.integers(0, 60))
        found.append(
            Attestation(
                given_on,
                recorded_on,
                draw(st.sampled_from([1, 7, 20, 90, 90])),
                None if retracted is None else recorded_on + timedelta(days=retracted),
            )
        )
    return found


@st.composite
def histories(draw: st.DrawFn, outcome: int = 1) -> OutcomeHistory:
    """An outcome that was proposed, agreed, and perhaps ended, each learned on a day of its own."""
    final = draw(terms())
    bare = replace(final, agreed_on=None, withdrawn_on=None, disputed_on=None, replaced_on=None)
    agreed = replace(bare, agreed_on=final.agreed_on)
    learned = draw(days)
    versions = [(W1, bare), (max(learned, W1), agreed)]
    if agreed != final:
        versions.append((learned + timedelta(days=draw(st.integers(0, 60))), final))
    return OutcomeHistory(outcome, versions, draw(readings()), draw(attestations()))


@st.composite
def groups(draw: st.DrawFn) -> tuple[list[OutcomeHistory], int | None]:
    """One to three outcomes, without a cap or with one that cuts some of the time."""
    number = draw(st.integers(1, 3))
    cap = draw(st.none() | st.sampled_from([1, 5, 10_000, 15_000]))
    return [replace(draw(histories(outcome)), cap=cap) for outcome in range(1, number + 1)], cap


def every_day() -> Sequence[date]:
    return [W1 + timedelta(days=n) for n in range(7 * (LAST_WEEK + 4))]
