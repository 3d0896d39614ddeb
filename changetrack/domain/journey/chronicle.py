"""The story of an account told anew: what is on record and what is learned late, as visits and holds."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from changetrack.domain.journey.steps import (
    CLOSE_OUTCOMES,
    CLOSED_PLACE,
    HELD_PLACE,
    NOT_OPENED,
    REGRESS_REASONS,
)
from changetrack.domain.journey.timeline import HoldFacts, Span, VisitFacts, spans

RESUMED = -1
"""In place of a place: the end of a hold, at the step at which it began."""

_PLACEHOLDERS = {"imported", "created"}
_FORWARD = {"advanced", "opened"}


@dataclass(frozen=True, slots=True)
class Record:
    """That an account came to a place on a day; `visit_seq` or `hold_seq` number what is on record."""

    on: date
    place: int
    reason: str | None = None
    visit_seq: int = 0
    hold_seq: int = 0


@dataclass(slots=True)
class Stay:
    """A visit as the story tells it; `was` is its number on record, 0 if it is new."""

    step: int
    kind: str
    entered_on: date
    reason: str | None = None
    note: str | None = None
    left_on: date | None = None
    left_kind: str | None = None
    was: int = 0


@dataclass(slots=True)
class Parking:
    """A hold as the story tells it; `was` is its number on record, 0 if it is new."""

    held_on: date
    reason: str | None = None
    resumed_on: date | None = None
    was: int = 0


@dataclass(frozen=True, slots=True)
class Chronicle:
    """The visits and holds of an account in order of time; the position (from 1) is their number."""

    stays: tuple[Stay, ...]
    parkings: tuple[Parking, ...]

    def says_the_same(self, other: "Chronicle") -> bool:
        """Whether both tell the same visits and holds, whatever their numbers."""
        return _unnumbered(self) == _unnumbered(other)

    def spans(self) -> list[Span]:
        """The places of the account in order of days."""
        visits = [
            VisitFacts(seq, stay.step, stay.entered_on, stay.left_on, stay.left_kind == "closed")
            for seq, stay in enumerate(self.stays, 1)
        ]
        return spans(visits, [HoldFacts(p.held_on, p.resumed_on) for p in self.parkings])


def _unnumbered(chronicle: Chronicle) -> tuple[list[Stay], list[Parking]]:
    return [replace(s, was=0) for s in chronicle.stays], [replace(p, was=0) for p in chronicle.parkings]


def on_record(stays: Iterable[Stay], parkings: Iterable[Parking]) -> list[Record]:
    """What visits and holds on record (each in order of time) say, as records in order of time."""
    found: list[Record] = []
    for stay in stays:
        found.append(Record(stay.entered_on, stay.step, visit_seq=stay.was))
        if stay.left_kind == "closed" and stay.left_on is not None:
            found.append(Record(stay.left_on, CLOSED_PLACE, stay.reason, visit_seq=stay.was))
    for parking in parkings:
        _put_hold(found, parking)
    return found


def _put_hold(found: list[Record], parking: Parking) -> None:
    """A hold stands after what came before it on its day; its end before what follows on that day."""
    day = parking.held_on
    before = (n for n, r in enumerate(found) if r.on < day or (r.on == day and r.place != CLOSED_PLACE))
    begin = max(before, default=-1) + 1
    found.insert(begin, Record(day, HELD_PLACE, parking.reason, hold_seq=parking.was))
    if parking.resumed_on is not None:
        later = (n for n, r in enumerate(found) if n > begin and r.on >= parking.resumed_on)
        found.insert(next(later, len(found)), Record(parking.resumed_on, RESUMED))


def tell(stays: Sequence[Stay], parkings: Sequence[Parking], learned: Sequence[Record]) -> Chronicle:
    """Tell the story anew with what was `learned` (in the order of its file), each at its place in time.

    What is on record keeps its identity. An account's placeholder, the step "not opened" with which it was
    first recorded, gives way to records of the same or an earlier day. Nothing new changes nothing.
    """
    recorded = _without_placeholder(stays, on_record(stays, parkings), learned)
    teller = _Teller({stay.was: stay for stay in stays}, {parking.was: parking for parking in parkings})
    return teller.tell(_in_order(recorded, learned))


def _without_placeholder(stays: Sequence[Stay], recorded: list[Record], learned: Sequence[Record]) -> list[Record]:
    if not stays or not learned or stays[0].step != NOT_OPENED or stays[0].kind not in _PLACEHOLDERS:
        return recorded
    placeholder = stays[0]
    day = placeholder.entered_on
    gives_way = any(r.on < day or (r.on == day and r.place < HELD_PLACE) for r in learned)
    is_confirmed = any(r.on == day and r.place == NOT_OPENED for r in learned)
    if is_confirmed or not gives_way:
        return recorded
    return [r for r in recorded if r.visit_seq != placeholder.was or r.place == CLOSED_PLACE]


def _in_order(recorded: Sequence[Record], learned: Sequence[Record]) -> Iterator[Record]:
    days: dict[date, tuple[list[Record], list[Record]]] = {}
    for record in recorded:
        days.setdefault(record.on, ([], []))[0].append(record)
    for record in learned:
        days.setdefault(record.on, ([], []))[1].append(record)
    for day in sorted(days):
        yield from _one_day(*days[day])


def _one_day(recorded: list[Record], learned: list[Record]) -> list[Record]:
    """The records of one day: what both tell of stands in the order of the file, if that tells of more."""
    told: list[Record] = []
    confirmed: dict[int, Record] = {}
    for record in learned:
        places = (n for n, r in enumerate(recorded) if r.place == record.place and n not in confirmed)
        if (known := next(places, None)) is not None:
            record = confirmed[known] = _confirmed(recorded[known], record)
        told.append(record)
    rest = [(n, r) for n, r in enumerate(recorded) if n not in confirmed and r.place != RESUMED]
    if rest and len(told) == len(confirmed):
        return [confirmed.get(n, r) for n, r in enumerate(recorded)]
    first = min(confirmed, default=len(recorded))
    before = [r for n, r in rest if n < first and r.place < HELD_PLACE]
    after = [r for _, r in rest if r not in before]
    return before + told + after + _end_of_hold(recorded, told, after)


def _end_of_hold(recorded: list[Record], told: list[Record], after: list[Record]) -> list[Record]:
    """The end of a hold on this day, unless a step that is told of ends it."""
    begun_today = [r for r in (*told, *after) if r.place == HELD_PLACE]
    ended_by_a_step = any(r.place < HELD_PLACE for r in told) and not begun_today
    return [] if ended_by_a_step else [r for r in recorded if r.place == RESUMED]


def _confirmed(known: Record, learned: Record) -> Record:
    return replace(known, reason=learned.reason or known.reason)


class _Teller:
    """Goes through the records once, from the first day to the last."""

    def __init__(self, known: dict[int, Stay], parked: dict[int, Parking]) -> None:
        self._known, self._parked = known, parked
        self._stays: list[Stay] = []
        self._parkings: list[Parking] = []
        self._is_closed = False

    def tell(self, records: Iterable[Record]) -> Chronicle:
        for record in records:
            if record.place == RESUMED:
                self._resume(record.on)
            elif record.place == HELD_PLACE:
                self._hold(record)
            elif record.place == CLOSED_PLACE:
                self._close(record)
            else:
                self._come_to(record)
        for stay, following in pairwise(self._stays):
            if stay.left_kind != "closed":
                stay.left_on, stay.left_kind = following.entered_on, following.kind
        return Chronicle(tuple(self._stays), tuple(self._parkings))

    def _resume(self, on: date) -> None:
        if self._parkings and self._parkings[-1].resumed_on is None:
            self._parkings[-1].resumed_on = on

    def _hold(self, record: Record) -> None:
        self._begin(record.on)
        if self._parkings and self._parkings[-1].resumed_on is None:
            return
        known = self._parked.get(record.hold_seq)
        reason = record.reason or (known.reason if known else None)
        self._parkings.append(Parking(record.on, reason, was=record.hold_seq))

    def _close(self, record: Record) -> None:
        if self._is_closed:
            return
        self._begin(record.on)
        self._resume(record.on)
        stay = self._stays[-1]
        stay.left_on, stay.left_kind, self._is_closed = record.on, "closed", True
        if record.reason:
            stay.reason, note = _coded(record.reason, CLOSE_OUTCOMES)
            stay.note = note or stay.note
        elif stay.reason is None or not record.visit_seq:
            stay.reason = "other"

    def _begin(self, on: date) -> None:
        """A hold or a closing needs a visit that it ends or stands on."""
        if not self._stays:
            self._stays.append(Stay(NOT_OPENED, "imported", on))
        elif self._is_closed:
            self._stays.append(Stay(self._stays[-1].step, "reopened", on))
            self._is_closed = False

    def _come_to(self, record: Record) -> None:
        self._resume(record.on)
        last = self._stays[-1] if self._stays else None
        if last is not None and last.step == record.place and not self._is_closed:
            if record.visit_seq and not last.was:
                self._adopt(last, record)
            return
        kind = self._kind(last, record)
        stay = Stay(record.place, kind, record.on)
        if record.visit_seq:
            self._adopt(stay, record)
        if kind == "regressed":
            self._explain(stay, record)
        self._stays.append(stay)
        self._is_closed = False

    def _adopt(self, stay: Stay, record: Record) -> None:
        known = self._known[record.visit_seq]
        is_explained = stay.reason not in (None, "other") or stay.note is not None
        stay.was, stay.note = known.was, stay.note or known.note
        if stay.kind == "regressed":
            stay.reason = stay.reason if is_explained else known.reason or stay.reason
        is_exception = known.kind == "excepted" and stay.kind in _FORWARD
        if is_exception or {stay.kind, known.kind} <= _PLACEHOLDERS:
            stay.kind = known.kind

    def _explain(self, stay: Stay, record: Record) -> None:
        if record.reason:
            stay.reason, note = _coded(record.reason, REGRESS_REASONS)
            stay.note = note or stay.note
        elif stay.reason is None:
            stay.reason = "other"

    def _kind(self, last: Stay | None, record: Record) -> str:
        if last is None:
            return "imported"
        if self._is_closed:
            return "reopened"
        if record.place < last.step:
            return "regressed"
        return "opened" if last.step == NOT_OPENED else "advanced"


def _coded(reason: str, codes: dict[str, str]) -> tuple[str, str | None]:
    """A reason as (code, note), known by its code or its words; else it is "other", and the note keeps it."""
    key = reason.strip().casefold()
    for code, words in codes.items():
        if key in (code, words.casefold(), code.replace("_", " ")):
            return code, None
    return "other", reason
