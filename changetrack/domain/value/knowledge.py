"""What was known of an outcome on which day: its terms, readings and attestations, and the news of a day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from itertools import pairwise
from operator import attrgetter

from changetrack.domain.value.periods import closing, number_at
from changetrack.domain.value.terms import Attestation, OutcomeTerms, Reading
from changetrack.domain.value.words import in_words, number_in_words, period_in_words

_recorded_on = attrgetter("recorded_on")
_SPOKEN = {
    "agreed_on": "agreed",
    "withdrawn_on": "withdrew",
    "disputed_on": "disputed",
    "replaced_on": "agreed other terms",
}


@dataclass(frozen=True, slots=True)
class OutcomeHistory:
    """All that was ever learned of one outcome; `versions` holds its terms with the day they were known from.

    `cap` is what a period of its overlap group may come to together, by its terms; None outside of a group.
    """

    outcome: int
    versions: Sequence[tuple[date, OutcomeTerms]]
    readings: Sequence[Reading] = ()
    attestations: Sequence[Attestation] = ()
    cap: int | None = None

    def terms_at(self, known_at: date) -> OutcomeTerms | None:
        """Return the terms as known at a day; None before there were any."""
        known = [terms for day, terms in self.versions if day <= known_at]
        return known[-1] if known else None


@dataclass(frozen=True, slots=True)
class View:
    """An outcome as known at a day: the readings, and the use by them, by the number of the period."""

    terms: OutcomeTerms
    values: dict[int, Decimal | None]
    readings: dict[int, Reading]
    attestations: list[Attestation]


class Knowledge:
    """The history of an outcome, ordered by when it was learned.

    What was recorded before it could matter (a reading until its period closed, an attestation on
    its day) is no news: only later records make another day to look from.
    """

    __slots__ = ("_history", "_of_use", "cap", "outcome")

    def __init__(self, history: OutcomeHistory) -> None:
        self._history = history
        self.outcome = history.outcome
        self.cap = history.cap
        shapes = {(terms.period, terms.settle_lag_days) for _, terms in history.versions}
        readings = sorted(history.readings, key=_recorded_on)
        self._of_use = {shape: _Use(readings, *shape) for shape in shapes}

    def days(self) -> set[int]:
        """Return the days on which something was learned that may change what was so before."""
        days = {day.toordinal() for day, _ in self._history.versions}
        for use in self._of_use.values():
            days.update(reading.recorded_on.toordinal() for _number, reading in use.late)
        for said in self._history.attestations:
            if said.recorded_on > said.given_on:
                days.add(said.recorded_on.toordinal())
            if said.retracted_on:
                days.add(said.retracted_on.toordinal())
        return days

    def at(self, day: int) -> View | None:
        """Return the outcome as known from a knowledge day until the next; None before there were terms."""
        known_at = date.fromordinal(day)
        terms = self._history.terms_at(known_at)
        if terms is None:
            return None
        use = self._of_use[terms.period, terms.settle_lag_days]
        readings = use.timely | {number: reading for number, reading in use.late if reading.recorded_on <= known_at}
        said = [
            a
            for a in self._history.attestations
            if (a.recorded_on <= a.given_on or a.recorded_on <= known_at)
            and not (a.retracted_on and a.retracted_on <= known_at)
        ]
        return View(terms, {number: reading.value for number, reading in readings.items()}, readings, said)

    def news(self, day: int) -> list[str]:
        """Return what was learned on a day, a sentence each."""
        on = date.fromordinal(day)
        return [*self._news_of_terms(on), *self._news_of_attestations(on), *self._news_of_use(on)]

    def _news_of_terms(self, on: date) -> Iterator[str]:
        versions = self._history.versions
        for (_, before), (day, after) in pairwise(versions):
            if day != on:
                continue
            changed = {f.name for f in fields(OutcomeTerms) if getattr(before, f.name) != getattr(after, f.name)}
            for name, verb in _SPOKEN.items():
                if name in changed and (said_on := getattr(after, name)):
                    yield f"The beneficiary {verb} on {in_words(said_on)}."
                elif name in changed:
                    yield f"That the beneficiary {verb} no longer holds."
            if changed - _SPOKEN.keys():
                yield "The terms changed."

    def _news_of_attestations(self, on: date) -> Iterator[str]:
        for said in self._history.attestations:
            if said.retracted_on == on:
                yield f"The attestation of {in_words(said.given_on)} was retracted."
            elif said.recorded_on == on:
                yield f"The attestation of {in_words(said.given_on)} became known."

    def _news_of_use(self, on: date) -> Iterator[str]:
        terms = self._history.terms_at(on)
        if terms is None:
            return
        known: dict[int, list[Reading]] = {}
        for reading in sorted(self._history.readings, key=_recorded_on):
            known.setdefault(number_at(reading.period_start, terms.period), []).append(reading)
        for number, readings in known.items():
            before: Decimal | None = None
            for reading in readings:
                if reading.recorded_on == on and reading.value != before:
                    yield _told(period_in_words(number, terms.period), before, reading.value)
                before = reading.value


class _Use:
    """Readings by the number of their period: `timely` the last before it closed, `late` what was news afterwards."""

    __slots__ = ("late", "timely")

    def __init__(self, readings: Sequence[Reading], kind: str, lag: int) -> None:
        self.timely: dict[int, Reading] = {}
        self.late: list[tuple[int, Reading]] = []
        for reading in readings:
            number, closes_on = closing(reading.period_start, kind, lag)
            if reading.recorded_on <= closes_on:
                self.timely[number] = reading
            else:
                self.late.append((number, reading))


def _told(period: str, before: Decimal | None, after: Decimal | None) -> str:
    if before is None or after is None:
        text = "no data" if after is None else number_in_words(after)
        return f"The {period} became known: {text}." if before is None else f"The {period} was taken back: no data."
    return f"The {period} was corrected from {number_in_words(before)} to {number_in_words(after)}."
