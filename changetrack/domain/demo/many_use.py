"""Use and outcomes of a share of the many accounts: one outcome each, agreed and mostly attested, in two files."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from changetrack.domain.demo.arrivals import HEADERS
from changetrack.domain.demo.deeds import FileDeed
from changetrack.domain.demo.gains import GAINS, WORK
from changetrack.domain.demo.many import READ_AGO, More, Traits

OUTCOMES = (
    "external_id", "statement", "beneficiary", "metric", "threshold", "rate", "currency", "plan_start", "plan_periods",
    "agreed_on", "attested_on",
)  # fmt: skip
_ONE_IN = 40
_MOST = 5_000
_PLACES = frozenset("45678") | {"anchored"}
_LONGEST = 240  # days since the agreement
_USERS = (8, 60)
_RATES = (200, 4_000)  # a week, in whole units of the currency
_WORDS = (20, 95, 170)  # days after the agreement on which the customer attests
_KEPT = 0.8  # of them go on using it


def use_files(more: More) -> Iterator[FileDeed]:
    """The outcomes and all use until the first list, then the use since then, when the last one was read."""
    chosen = [traits for number in _numbers(more) if (traits := more.traits(number)).place in _PLACES]
    first, last = (more.today - timedelta(ago) for ago in (READ_AGO[0], READ_AGO[-1]))
    if chosen:
        outcomes = [row for traits in chosen for row in _outcome(traits, first)]
        yield FileDeed(first, 410, "ada", "usage", f"all-use-{first}.csv", HEADERS, _use(chosen, date.min, first))
        yield FileDeed(first, 415, "ada", "outcomes", f"all-outcomes-{first}.csv", OUTCOMES, outcomes)
        yield FileDeed(last, 410, "ada", "usage", f"all-use-{last}.csv", HEADERS, _use(chosen, first, last))


def _numbers(more: More) -> range:
    return range(0, more.count, max(_ONE_IN, more.count // _MOST))


def _chance(traits: Traits) -> Random:
    return Random(f"use {traits.external_id}")  # noqa: S311  a story, not a secret


def _agreed_on(traits: Traits, until: date) -> date:
    return max(traits.started_on, until - timedelta(_chance(traits).randrange(60, _LONGEST)))


def _enough(traits: Traits, chance: Random) -> int:
    return WORK[traits.product].a_week * chance.randrange(*_USERS)


def _outcome(traits: Traits, until: date) -> Iterator[tuple[str, ...]]:
    if (agreed_on := _agreed_on(traits, until)) >= until:
        return
    chance = _chance(traits)
    enough, words = _enough(traits, chance), [agreed_on + timedelta(days) for days in _WORDS]
    yield (
        traits.external_id, GAINS[traits.product][0].statement, "Head of operations", WORK[traits.product].metric.key,
        str(enough), str(chance.randrange(*_RATES)), traits.currency, agreed_on.isoformat(), "52",
        agreed_on.isoformat(), ";".join(day.isoformat() for day in words if day < until),
    )  # fmt: skip


def _use(chosen: list[Traits], after: date, until: date) -> list[tuple[str, ...]]:
    """A number a week, on Wednesdays: mostly enough, of some no longer lately."""
    rows: list[tuple[str, ...]] = []
    for traits in chosen:
        chance = _chance(traits)
        enough, goes_on = _enough(traits, chance), chance.random() < _KEPT
        day = until - timedelta(_LONGEST)
        day += timedelta((2 - day.weekday()) % 7)
        while day < until:
            share = chance.uniform(1.0, 1.5) if goes_on or (until - day).days > 40 else chance.uniform(0.3, 0.9)
            if after <= day and traits.started_on <= day:
                metric, value = WORK[traits.product].metric.key, str(int(enough * share))
                rows.append((traits.external_id, metric, day.isoformat(), value, ""))
            day += timedelta(7)
    return rows
