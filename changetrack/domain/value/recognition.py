"""Recognising value: what an outcome came to by a day, as known at a day, from nothing but its inputs."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from changetrack.domain.value.course import Course
from changetrack.domain.value.cover import ALWAYS, Cover
from changetrack.domain.value.periods import NEVER, first_day, number_at
from changetrack.domain.value.standing import due_on, promised, state_of
from changetrack.domain.value.terms import Attestation, OutcomeTerms, Reading
from changetrack.domain.value.words import Values, falling, why

Entry = tuple[date, int, str]


@dataclass(frozen=True, slots=True)
class Step:
    """A figure changes by `amount` from `posted_on` on; `measure` is realized, probationary or live."""

    posted_on: date
    measure: str
    amount: int
    cause: str
    words: str
    period_start: date | None


@dataclass(frozen=True, slots=True)
class Recognition:
    """How an outcome stands, and its figures in minor units.

    `since` is `confirmed_from`, or the day from which the present state has been so; for a proposed
    outcome the day it was proposed, or else the day asked about. `valid_until` is the first day that
    no attestation carries, None when none carries today. `due_on` is the next day on which time alone
    may change something. Runs count periods: passing, failing, and accruing one after the other.
    """

    state: str
    detail: str | None
    since: date
    realized: int
    live: int
    probationary: int
    promised: int
    confirmed_from: date | None = None
    valid_until: date | None = None
    due_on: date | None = None
    in_use_from: date | None = None
    passing_run: int = 0
    failing_run: int = 0
    confirmed_run: int = 0
    confirmed_run_from: date | None = None
    falling_since: date | None = None
    falling_why: str | None = None
    course: Course | None = field(default=None, repr=False, compare=False)
    values: Values = field(default_factory=dict, repr=False, compare=False)

    @property
    def entries(self) -> list[Entry]:
        """Every change of realized: the day, the amount, the cause."""
        changes = () if self.course is None else self.course.changes
        return [(date.fromordinal(c.day), c.amount, c.cause) for c in changes if c.measure == "realized"]

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every change of realized, probationary and live, in words; their sums up to a day are its figures."""
        return () if self.course is None else steps_of(self.course, self.values)


def recognise(
    terms: OutcomeTerms,
    readings: Iterable[Reading],
    attestations: Iterable[Attestation],
    *,
    as_of: date,
    known_at: date,
) -> Recognition:
    """Recognise one outcome as of the end of `as_of`, as known at the end of `known_at`.

    Of several readings of a period the one recorded last counts, within a day the later of the two
    given. A period closes `settle_lag_days` after its last day. With the same `known_at` the entries
    of an earlier `as_of` are the first entries of a later one. Source: DOMAIN section 5.
    """
    values = known_values(readings, terms.period, known_at)
    words = [a for a in attestations if a.recorded_on <= known_at and not _retracted(a, known_at)]
    cover = cover_of(terms, words, as_of)
    course = lived(terms, values, cover, as_of)
    return _recognition(terms, values, cover, course, as_of, [a.given_on for a in words if a.given_on > as_of])


def known_values(readings: Iterable[Reading], kind: str, known_at: date) -> dict[int, Decimal | None]:
    """Return the use by number of the period, as known at a day."""
    newest: dict[date, Reading] = {}
    for reading in readings:
        start, _value, recorded_on = reading
        if recorded_on <= known_at and (start not in newest or newest[start].recorded_on <= recorded_on):
            newest[start] = reading
    return {number_at(start, kind): value for start, value, _recorded_on in newest.values()}


def cover_of(terms: OutcomeTerms, known: Iterable[Attestation], as_of: date) -> Cover:
    """Return the days that are carried by what the customer had said by `as_of`."""
    if not terms.requires_attestation:
        return ALWAYS
    return Cover((first := a.given_on.toordinal(), first + a.valid_days) for a in known if a.given_on <= as_of)


def lived(terms: OutcomeTerms, values: Values, cover: Cover, as_of: date) -> Course:
    """Return the course of an outcome up to a day."""
    course = Course(terms, cover)
    course.follow([(n, v) for n in sorted(values) if (v := values[n]) is not None], as_of.toordinal())
    return course


def steps_of(course: Course, values: Values) -> tuple[Step, ...]:
    """Return the changes of a course in words."""
    terms = course.terms
    return tuple(
        Step(
            date.fromordinal(change.day),
            change.measure,
            change.amount,
            change.cause,
            why(change, terms, values),
            None if change.number is None else first_day(change.number, terms.period),
        )
        for change in course.changes
    )


def _recognition(
    terms: OutcomeTerms, values: Values, cover: Cover, course: Course, as_of: date, coming: list[date]
) -> Recognition:
    state, detail, since = state_of(terms, course, as_of)
    today, kind = as_of.toordinal(), terms.period
    carried = cover.end(today)
    fall_on, fall_why = falling(course, kind)
    return Recognition(
        state=state,
        detail=detail,
        since=since,
        realized=course.realized,
        live=course.live,
        probationary=course.probationary,
        promised=promised(terms, as_of),
        confirmed_from=date.fromordinal(course.spells[-1].start) if state == "confirmed" else None,
        valid_until=date.fromordinal(carried) if today < carried < NEVER else None,
        due_on=due_on(terms, today, carried, coming),
        in_use_from=first_day(course.first_use, kind) if course.first_use else None,
        passing_run=course.run,
        failing_run=course.fails,
        confirmed_run=course.confirmed_run,
        confirmed_run_from=first_day(course.first_confirmed, kind) if course.confirmed_run else None,
        falling_since=fall_on,
        falling_why=fall_why,
        course=course,
        values=values,
    )


def _retracted(attestation: Attestation, known_at: date) -> bool:
    return attestation.retracted_on is not None and attestation.retracted_on <= known_at
