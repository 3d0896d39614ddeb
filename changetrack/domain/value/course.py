"""The course of one outcome: in use, confirmed, lapsed, confirmed again, and what each period was worth.

Within a day, the customer's withdrawal comes before a period that closes, and a failing period before
an attestation: what is so at the end of the day counts. Source: DOMAIN section 5.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from changetrack.domain.value.cover import Cover
from changetrack.domain.value.periods import NEVER, bounds, first_whole, number_of
from changetrack.domain.value.terms import OutcomeTerms, worth

_SILENT_AFTER = 2  # closed periods without data


class Change(NamedTuple):
    """A figure changes on a day; `number` is the period it is about, `about` the days or periods behind it."""

    day: int
    measure: str
    amount: int
    cause: str
    number: int | None
    about: tuple[int, ...] = ()


class Spell:
    """An uninterrupted time of confirmed use: its days, and the periods that accrued in it."""

    __slots__ = ("accrued", "end", "first", "start", "total", "void")

    def __init__(self, start: int, first: int) -> None:
        self.start = start
        self.first = first  # the first period that begins in it
        self.end = NEVER
        self.accrued: list[int] = []
        self.total = 0
        self.void = False


class Course:
    """Follows an outcome from period to period; afterwards its attributes say how things stand."""

    def __init__(self, terms: OutcomeTerms, cover: Cover) -> None:
        self.terms, self.cover, self.kind = terms, cover, terms.period
        self.changes: list[Change] = []
        self.spells: list[Spell] = []
        self.phase, self.detail, self.since = "agreed", "", 0
        self.run = self.fails = self.confirmed_run = 0
        self.first_use = self.first_fail = self.first_confirmed = self.last = 0
        self.live = self.realized = self.probationary = 0
        self.silent = self.stopped = False
        self._worth = 0
        self._need = terms.confirm_after
        self._turn_on = self._silent_on = NEVER
        self._stops = _stops(terms)

    def follow(self, readings: Iterable[tuple[int, Decimal]], as_of: int) -> None:
        """Live through the readings, (period, value) in order, and the days up to and including `as_of`."""
        agreed_on, kind, lag = self.terms.agreed_on, self.kind, self.terms.settle_lag_days
        if agreed_on is None or agreed_on.toordinal() > as_of:
            return
        self.since = agreed_on.toordinal()
        start, threshold = first_whole(self.since, kind), self.terms.threshold
        stop_on = self._stops[-1][0]
        self.last = start - 1
        for number, value in readings:
            if number < start:
                continue
            end = bounds(number, kind)[1]
            closes = end + lag
            if closes > as_of or end >= stop_on:
                break
            self._close(number, end, closes, value if value >= threshold else None)
        self._stop_until(as_of)
        self._advance(as_of)

    def _close(self, number: int, end: int, closes: int, passing: Decimal | None) -> None:
        if self._stops[-1][0] <= closes:
            self._stop_until(closes)
        if number - self.last <= _SILENT_AFTER:
            self._silent_on = NEVER
        if self._turn_on <= closes or self._silent_on <= closes:
            self._advance(closes if passing is not None else closes - 1)
        self.silent = False
        self.last = number
        if not self.stopped:
            self._silent_on = bounds(number + _SILENT_AFTER, self.kind)[1] + self.terms.settle_lag_days
        if passing is None:
            self._fail(number, closes)
        else:
            self._pass(number, end, closes, worth(self.terms, passing))

    def _pass(self, number: int, end: int, closes: int, amount: int) -> None:
        self.fails = 0
        self.run += 1
        self._worth = amount
        if self.phase == "agreed":
            self.phase, self.first_use, self.since = "in_use", number, bounds(number, self.kind)[0]
        self._account(number, end, closes, amount)
        if self.phase == "confirmed":
            if amount != self.live and not self.stopped:
                self._set_live(closes, amount, "measured" if self.live else "recovered", number)
        elif self.run == self._need:
            if self.cover.foreseen(closes + 1):
                self._confirm(closes, closes + 1)
            else:
                self._turn_on = self.cover.next(closes + 1)

    def _account(self, number: int, end: int, closes: int, amount: int) -> None:
        """A passing period accrues in the spell that it began and ended in; without one its worth is unconfirmed."""
        for spell in reversed(self.spells):
            if spell.first <= number and end < spell.end and not spell.void:
                spell.accrued.append(number)
                spell.total += amount
                self.realized += amount
                if not self.confirmed_run:
                    self.first_confirmed = number
                self.confirmed_run += 1
                if amount:
                    self.changes.append(Change(closes, "realized", amount, "accrued", number))
                return
        self.confirmed_run = 0
        self.probationary += amount
        self._note(closes, "probationary", amount, "unconfirmed", number)

    def _fail(self, number: int, closes: int) -> None:
        self.fails += 1
        self.run = self.confirmed_run = 0
        if self.fails == 1:
            self.first_fail = number
        if self.fails == self.terms.lapse_after and self._holds():
            self._lapse_use(closes)
        elif self.phase == "confirmed":
            self._set_live(closes, 0, "at_risk", number)
        if self.phase != "confirmed":
            self._turn_on = NEVER

    def _holds(self) -> bool:
        """Say whether the last spell can still be lost by a lapse of use: it has not been already."""
        return self.phase == "confirmed" or self.detail == "attestation"

    def _lapse_use(self, closes: int) -> None:
        first = bounds(self.first_fail, self.kind)[0]
        self._judge(first, closes)
        self.spells[-1].end = min(self.spells[-1].end, first)
        self._set_live(closes, 0, "lapsed_use", self.first_fail)
        self._lapse(first, "use")

    def _judge(self, effective: int, posted: int) -> None:
        """R4: what a spell of fewer than `min_hold` whole periods accrued is reversed; use was never a habit."""
        spell = self.spells[-1]
        held = max(0, number_of(effective, self.kind) - spell.first)
        if held < self.terms.min_hold:
            spell.void = True
            self.realized -= spell.total
            self._note(posted, "realized", -spell.total, "reversed", None, (effective, spell.start, *spell.accrued))
            spell.total = 0
            spell.accrued = []

    def _lapse(self, since: int, detail: str) -> None:
        self.phase, self.detail, self.since = "lapsed", detail, since
        self._need = NEVER if self.stopped else self.terms.restore_after
        self.confirmed_run = 0

    def _confirm(self, day: int, start: int) -> None:
        again = bool(self.spells)
        self.spells.append(Spell(start, first_whole(start, self.kind)))
        self.phase, self.detail, self.since = "confirmed", "", start
        self._turn_on = self.cover.end(start)
        if not self.silent:
            self._set_live(day, self._worth, "restored" if again else "confirmed", None, (start,))

    def _expire(self, day: int) -> None:
        self.spells[-1].end = day
        self._set_live(day, 0, "lapsed_attestation", None, (day,))
        self._lapse(day, "attestation")
        self._turn_on = self.cover.next(day) if self.run >= self._need else NEVER

    def _advance(self, upto: int) -> None:
        """Let the days pass on which time alone turns something: an attestation, or two periods without data."""
        while True:
            day = self._turn_on
            if self._silent_on <= upto and self._silent_on <= day:
                self.silent = True
                self._set_live(self._silent_on, 0, "unverifiable", self.last + 1)
                self._silent_on = NEVER
            elif day > upto:
                return
            elif self.phase == "confirmed":
                self._expire(day)
            else:
                self._confirm(day, day)

    def _stop_until(self, upto: int) -> None:
        while self._stops[-1][0] <= upto:
            day, kind = self._stops.pop()
            if not self.stopped:
                self._advance(day - 1)
                self._set_live(day, 0, kind, None, (day,))
                self.stopped = True
                self._turn_on = self._silent_on = self._need = NEVER
            if kind == "withdrawn" and self._holds():
                self._judge(day, day)

    def _set_live(self, day: int, amount: int, cause: str, number: int | None, about: tuple[int, ...] = ()) -> None:
        if amount != self.live:
            about = about if number is None else (number,)
            self._note(day, "live", amount - self.live, cause, None, about)
            self.live = amount

    def _note(
        self, day: int, measure: str, amount: int, cause: str, number: int | None, about: tuple[int, ...] = ()
    ) -> None:
        if amount:
            self.changes.append(Change(day, measure, amount, cause, number, about))


def _stops(terms: OutcomeTerms) -> list[tuple[int, str]]:
    """The days that end accrual with their cause, the nearest last; at the bottom the one that never comes."""
    withdrawn, replaced, disputed = terms.withdrawn_on, terms.replaced_on, terms.disputed_on
    stops = [(NEVER, "")]
    if withdrawn and not (replaced and replaced < withdrawn):
        stops.append((withdrawn.toordinal(), "withdrawn"))
    if replaced:
        stops.append((replaced.toordinal(), "replaced"))
    if disputed:
        stops.append((disputed.toordinal(), "disputed"))
    return stops if len(stops) == 1 else sorted(stops, reverse=True)
