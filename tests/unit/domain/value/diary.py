"""Recognition the slow way: one day after the other, with no thought of speed, to compare with."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from changetrack.domain.value import Attestation, OutcomeTerms

ONE_DAY = timedelta(days=1)
WEEK = timedelta(days=7)


@dataclass
class Spell:
    start: date
    end: date = date.max
    accrued: int = 0
    void: bool = False


@dataclass
class Diary:
    """How an outcome measured by the week stands at the end of each day."""

    terms: OutcomeTerms
    values: dict[date, Decimal | None]
    attestations: Sequence[Attestation]
    phase: str = "agreed"
    run: int = 0
    fails: int = 0
    missing: int = 0
    failing_since: date = date.max
    worth: int = 0
    probationary: int = 0
    stopped: bool = False
    spells: list[Spell] = field(default_factory=list)

    @property
    def realized(self) -> int:
        return sum(spell.accrued for spell in self.spells)

    @property
    def live(self) -> int:
        sound = self.phase == "confirmed" and not self.stopped and self.fails == 0 and self.missing < 2
        return self.worth if sound else 0

    def carried(self, day: date, given_by: date) -> bool:
        return not self.terms.requires_attestation or any(
            a.given_on <= min(day, given_by) and day < a.given_on + timedelta(days=a.valid_days)
            for a in self.attestations
        )

    def live_through(self, day: date) -> None:
        t = self.terms
        ends = [d for d in (t.withdrawn_on, t.disputed_on, t.replaced_on) if d]
        if day in ends:
            self.stopped = True
            if day == t.withdrawn_on and not (t.replaced_on and t.replaced_on < day):
                self.judge(day)
        if self.phase == "confirmed" and not self.stopped and not self.carried(day, day):
            self.phase, self.spells[-1].end = "lapsed by attestation", day
        sunday = day - timedelta(days=t.settle_lag_days)
        monday = sunday - timedelta(days=6)
        closing = sunday.weekday() == 6 and t.agreed_on and monday >= t.agreed_on and all(sunday < e for e in ends)
        value = self.values.get(monday) if closing else None
        if value is not None and value < t.threshold:
            self.fail(monday)
        self.perhaps_confirm(day, day)
        if value is not None and value >= t.threshold:
            self.succeed(monday, sunday, value)
            self.perhaps_confirm(day + ONE_DAY, day)
        if closing:
            self.missing = self.missing + 1 if value is None else 0

    def perhaps_confirm(self, start: date, today: date) -> None:
        if self.phase == "confirmed" or self.stopped:
            return
        need = self.terms.restore_after if self.spells else self.terms.confirm_after
        if self.run >= need and self.carried(start, today):
            self.phase = "confirmed"
            self.spells.append(Spell(start))

    def succeed(self, monday: date, sunday: date, value: Decimal) -> None:
        t = self.terms
        self.fails, self.run = 0, self.run + 1
        self.worth = t.rate if t.accrual == "flat" else int(t.rate * min(Decimal(1), value / (t.target or Decimal(0))))
        if self.phase == "agreed":
            self.phase = "in_use"
        holding = [s for s in self.spells if s.start <= monday and sunday < s.end and not s.void]
        if holding:
            holding[0].accrued += self.worth
        else:
            self.probationary += self.worth

    def fail(self, monday: date) -> None:
        self.run, self.fails = 0, self.fails + 1
        if self.fails == 1:
            self.failing_since = monday
        if self.fails == self.terms.lapse_after and self.phase in ("confirmed", "lapsed by attestation"):
            self.judge(self.failing_since)
            self.spells[-1].end = min(self.spells[-1].end, self.failing_since)
            self.phase = "lapsed by use"

    def judge(self, effective: date) -> None:
        if self.phase not in ("confirmed", "lapsed by attestation"):
            return
        first = self.spells[-1].start + timedelta(days=-self.spells[-1].start.weekday() % 7)
        held = max(0, (effective - first) // WEEK)
        if held < self.terms.min_hold:
            self.spells[-1].accrued, self.spells[-1].void = 0, True
