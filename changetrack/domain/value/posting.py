"""Posting: the ledger of value on two axes, the day from which a figure was so and the day it could be known.

The sum of the postings up to (as of, known at) is the figure recognised as of the one as known at the
other, for every as of up to known at.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from changetrack.domain.value.caps import capped
from changetrack.domain.value.course import Change, Course
from changetrack.domain.value.knowledge import Knowledge, OutcomeHistory, View
from changetrack.domain.value.periods import day_at, first_day, number_at
from changetrack.domain.value.recognition import cover_of, lived
from changetrack.domain.value.words import in_words, period_in_words, why

CORRECTED = "corrected"
_LONGEST_WORDS = 300
_ROOM = 250  # of them for what was learned


PostingKey = tuple[int, str, date, date | None]
"""What a posting is about: outcome, measure, the day, the period; postings of one key correct each other."""


class Posting(NamedTuple):
    """A figure of an outcome differs by `amount` from `posted_on` on, as could be known from `known_on` on.

    `cause` is that of the change when its key is first posted, “corrected” afterwards.
    """

    outcome: int
    measure: str
    posted_on: date
    known_on: date
    amount: int
    cause: str
    words: str
    period_start: date | None
    reading_recorded_on: date | None

    @property
    def key(self) -> PostingKey:
        """What it is about."""
        return self.outcome, self.measure, self.posted_on, self.period_start


def post(
    histories: Sequence[OutcomeHistory],
    *,
    until: date,
    posted: Mapping[PostingKey, int] | None = None,
    since: date | None = None,
    lived_through: Mapping[int, Course] | None = None,
) -> list[Posting]:
    """Return the postings of an overlap group (of one outcome, mostly) up to and including `until`.

    To go on from earlier postings, give their sums by key, those that came to 0 too, as `posted`, and
    the day they were made as `since`: together they are what posting from the start returns. What was
    learned and taken back within that day is posted and taken back on it; no earlier day is told otherwise.
    `lived_through` are the courses of the outcomes up to `until` as known then, if they were followed
    already: `Recognition.course`.
    """
    group = [Knowledge(history) for history in sorted(histories, key=_outcome)]
    accumulated = dict(posted or {})
    postings: list[Posting] = []
    final = 0 if since is None else since.toordinal()
    for known_from, end in _segments(group, until.toordinal()):
        if end >= final:
            courses = lived_through if end == until.toordinal() else None
            postings += _Segment(group, max(known_from, final), end, courses or {}).differences(accumulated)
    return postings


def _segments(group: Sequence[Knowledge], until: int) -> Iterator[tuple[int, int]]:
    """The stretches of days through which nothing is learned: first and last day."""
    days = sorted({day for knowledge in group for day in knowledge.days() if day <= until})
    yield from zip(days, [*(day - 1 for day in days[1:]), until], strict=False)


class _Segment:
    """A stretch of days with one state of knowledge: what should be posted at its end."""

    def __init__(self, group: Sequence[Knowledge], known_from: int, end: int, courses: Mapping[int, Course]) -> None:
        self._group = group
        self._known_from = known_from
        self._known_on, self._end = day_at(known_from), day_at(end)
        self._views = {knowledge.outcome: knowledge.at(known_from) for knowledge in group}
        found = [
            courses[outcome].changes if outcome in courses else _changes(view, self._end)
            for outcome, view in self._views.items()
        ]
        caps = [knowledge.cap for knowledge in group]
        self._changes = dict(zip(self._views, capped(found, caps), strict=True))
        self._news: dict[int, list[str]] = {}

    def differences(self, accumulated: dict[PostingKey, int]) -> list[Posting]:
        """Return what has to be posted on top of the accumulated sums, and add it to them."""
        postings: list[Posting] = []
        target = self._target()
        for key, (amount, change) in target.items():
            before = accumulated.get(key)
            if before is None and amount:
                postings.append(self._first(key, amount, change))
                accumulated[key] = amount
            elif before is not None and before != amount:
                postings.append(self._correction(key, amount - before))
                accumulated[key] = amount
        for key, amount in accumulated.items():
            if amount and key not in target and key[2] <= self._end:
                postings.append(self._correction(key, -amount))
                accumulated[key] = 0
        return sorted(postings, key=_order)

    def _target(self) -> dict[PostingKey, tuple[int, Change]]:
        target: dict[PostingKey, tuple[int, Change]] = {}
        for outcome, changes in self._changes.items():
            view = self._views[outcome]
            kind = view.terms.period if view else ""
            for change in changes:
                day, measure, amount, _cause, number, _about = change
                start = None if number is None else first_day(number, kind)
                key = (outcome, measure, day_at(day), start)
                if key in target:
                    amount += target[key][0]
                target[key] = (amount, change)
        return target

    def _first(self, key: PostingKey, amount: int, change: Change) -> Posting:
        """The posting of the first change of a key."""
        outcome, measure, posted_on, start = key
        view = self._views[outcome]
        assert view is not None  # without terms nothing changes
        reading = None if change.number is None else view.readings.get(change.number)
        recorded_on = None if reading is None else reading.recorded_on
        words, known_on = why(change, view.terms, view.values), posted_on
        if posted_on < self._known_on:
            known_on = self._known_on
            words += f" Learned on {in_words(known_on)}."
        words = words[:_LONGEST_WORDS]
        return Posting(outcome, measure, posted_on, known_on, amount, change.cause, words, start, recorded_on)

    def _correction(self, key: PostingKey, amount: int) -> Posting:
        """A posting on top of what was posted of a key before."""
        outcome, measure, posted_on, start = key
        view, recorded_on = self._views[outcome], None
        if view and start and (reading := view.readings.get(number_at(start, view.terms.period))):
            recorded_on = reading.recorded_on
        words, known_on = self._corrected(outcome, start)[:_LONGEST_WORDS], max(posted_on, self._known_on)
        return Posting(outcome, measure, posted_on, known_on, amount, CORRECTED, words, start, recorded_on)

    def _corrected(self, outcome: int, start: date | None) -> str:
        """Why a figure is another one now: by what was learned of its own period if there is such news, else by all."""
        if not self._news:
            self._news = {knowledge.outcome: knowledge.news(self._known_from) for knowledge in self._group}
        view, own = self._views[outcome], self._news[outcome]
        if view and start:
            period = period_in_words(number_at(start, view.terms.period), view.terms.period)
            own = [sentence for sentence in own if f" {period} " in sentence] or own
        if not own:
            own = ["Another outcome of its group changed." if any(self._news.values()) else "It was computed anew."]
        return "Corrected: " + _whole_sentences(own)


def _whole_sentences(sentences: Sequence[str]) -> str:
    """As many of them as there is room for, and that there were more."""
    told = ""
    for sentence in sentences:
        if len(told) + len(sentence) > _ROOM:
            return f"{told.rstrip()} And more was learned that day."
        told += f"{sentence} "
    return told.rstrip()


def _changes(view: View | None, as_of: date) -> list[Change]:
    if view is None or view.terms.agreed_on is None:
        return []
    return lived(view.terms, view.values, cover_of(view.terms, view.attestations, as_of), as_of).changes


def _order(posting: Posting) -> tuple[date, int, date, str, date]:
    return posting.known_on, posting.outcome, posting.posted_on, posting.measure, posting.period_start or date.min


def _outcome(history: OutcomeHistory) -> int:
    return history.outcome
