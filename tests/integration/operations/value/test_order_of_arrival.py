"""The ledger does not depend on when the job came by nor on the order of arrival, and is what the function says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

import pytest

from changetrack.domain.value import OutcomeHistory, post, recognise
from changetrack.queries.recognition_inputs import read_histories
from tests.factories._saving import Saver
from tests.factories.use import FIRST_DAY, Posting, Use, week

ONE_DAY = timedelta(days=1)
V4 = (41, 44, 47, 40, 45, 46, 44, 48, 52, 30, 22, 45, 46, 44, 41, 43)
V6 = (41, 44, 47, 40, 45, 46, 33, 28)
LAST_DAY = date(2026, 4, 27)


@dataclass(frozen=True)
class Arrival:
    """Something that is learned on a day."""

    known_on: date
    happen: Callable[[Use], None]
    undoes: bool = False  # something that has to be there


def usage(number: int, value: int, known_on: date | None = None) -> Arrival:
    """The number of a week, stated on its Wednesday unless said otherwise."""
    on = week(number) + timedelta(days=2)
    return Arrival(known_on or on, lambda use: use.count(on, value, recorded_on=known_on or on))


def word(kind: str, given_on: date, known_on: date | None = None) -> Arrival:
    """A word of the customer."""
    return Arrival(known_on or given_on, lambda use: use.say(kind, given_on, recorded_on=known_on or given_on))


def weeks(values: Sequence[int | None]) -> list[Arrival]:
    """The numbers of the weeks, each in its week."""
    return [usage(place, value) for place, value in enumerate(values, 1) if value is not None]


AGREED, ATTESTED = word("agreed", FIRST_DAY), word("attested", date(2026, 1, 28))
STORIES = {
    "V2": [AGREED, ATTESTED, *weeks(V4[:8])],
    "V4": [AGREED, ATTESTED, *weeks(V4)],
    "V6": [AGREED, ATTESTED, *weeks(V6)],
    "V8": [AGREED, ATTESTED, *weeks([41, 44, 47, 40, None, 44]), usage(5, 43, date(2026, 2, 20))],
    "V9": [AGREED, ATTESTED, *weeks(V4[:9]), usage(6, 31, date(2026, 3, 10))],
    "late agreement": [word("agreed", FIRST_DAY, date(2026, 3, 2)), ATTESTED, *weeks(V4[:8])],
    "late attestation": [AGREED, word("attested", date(2026, 1, 28), date(2026, 3, 4)), *weeks(V4)],
    "retraction": [
        AGREED, ATTESTED, *weeks(V4[:9]),
        Arrival(date(2026, 3, 5), lambda use: use.retract("attested", date(2026, 3, 5)), undoes=True),
    ],
    "withdrawal": [AGREED, ATTESTED, *weeks(V4), word("withdrawn", date(2026, 2, 20))],
    "late dispute": [AGREED, ATTESTED, *weeks(V4), word("disputed", date(2026, 3, 1), date(2026, 3, 20))],
    "corrected twice": [
        AGREED, ATTESTED, *weeks(V4), usage(6, 31, date(2026, 3, 10)), usage(6, 47, date(2026, 3, 12)),
    ],
}  # fmt: skip


def lived(use: Use, story: Sequence[Arrival], runs: Callable[[date], bool]) -> list[Posting]:
    """The postings after the days went by, the job coming on some of them, and on the last."""
    use.propose()
    on = FIRST_DAY
    while on <= LAST_DAY:
        for arrival in story:
            if arrival.known_on == on:
                arrival.happen(use)
        if runs(on) or on == LAST_DAY:
            use.recognise(on)
        on += ONE_DAY
    return use.postings()


def learned(use: Use) -> OutcomeHistory:
    """All that was learned of the outcome."""
    outcome = use.outcome()
    (history,) = read_histories(use.session, [outcome], {(outcome.account_id, outcome.seq)}).values()
    return history


def from_the_start(use: Use) -> list[Posting]:
    """What one posting of all that was learned comes to."""
    return sorted(
        (p.outcome, p.measure, p.posted_on, p.known_on, p.amount) for p in post([learned(use)], until=LAST_DAY)
    )


@pytest.mark.parametrize("name", STORIES)
def test_the_ledger_is_the_function_for_every_pair_of_days(session: Saver, name: str) -> None:
    use = Use(session)

    postings = lived(use, STORIES[name], runs=lambda _on: True)

    history = learned(use)
    days = [*(FIRST_DAY + timedelta(days=n) for n in range(0, 112, 7)), LAST_DAY]
    for known_at in days:
        terms = history.terms_at(known_at)
        assert terms is not None
        for as_of in (day for day in days if day <= known_at):
            wanted = recognise(terms, history.readings, history.attestations, as_of=as_of, known_at=known_at)
            assert sums(postings, as_of, known_at) == (wanted.realized, wanted.probationary, wanted.live)


@pytest.mark.parametrize("name", STORIES)
def test_the_job_may_come_every_day(session: Saver, name: str) -> None:
    use = Use(session)

    every_day = lived(use, STORIES[name], runs=lambda _on: True)

    assert every_day == from_the_start(use)


@pytest.mark.parametrize("name", STORIES)
def test_the_job_may_come_now_and_then(session: Saver, name: str) -> None:
    chance = Random(name)
    use = Use(session)

    now_and_then = lived(use, STORIES[name], runs=lambda _on: chance.random() < 0.2)

    assert now_and_then == from_the_start(use)


@pytest.mark.parametrize("name", STORIES)
def test_after_an_outage_and_in_any_order_the_ledger_is_the_same(session: Saver, name: str) -> None:
    chance = Random(name)
    shuffled = sorted(STORIES[name], key=lambda arrival: (arrival.undoes, chance.random()))
    use = Use(session)
    use.propose()

    for arrival in shuffled:
        arrival.happen(use)
    use.recognise(LAST_DAY)

    assert use.postings() == from_the_start(use)


def sums(postings: Sequence[Posting], as_of: date, known_at: date) -> tuple[int, ...]:
    """Realized, probationary, live: what the ledger says of a pair of days."""
    known = [p for p in postings if p[2] <= as_of and p[3] <= known_at]
    return tuple(sum(p[4] for p in known if p[1] == measure) for measure in ("realized", "probationary", "live"))
