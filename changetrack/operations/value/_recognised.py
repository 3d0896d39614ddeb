"""Recognising many outcomes at once: their readings, what has to be posted, and how they stand afterwards."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.falling_use import find_fall
from changetrack.domain.value import CORRECTED, OutcomeHistory, Posting, Recognition, post, recognise
from changetrack.operations.value._readings import refresh_readings
from changetrack.queries.recognition_inputs import Key, Posted, read_histories, read_posted

FIGURES = ("promised", "probationary", "realized", "live")
_RANKS = {"proposed": 0, "agreed": 1, "lapsed": 1, "in_use": 2, "confirmed": 3}
_LASTING = {"week": (26,), "month": (6, 7)}  # periods: 26 weeks are as many days as six months, or one more
_SET_BACK = "set_back"
_FALLING = ("at_risk", "unverifiable")


@dataclass(frozen=True)
class Recognised:
    """An outcome (as it was on record), how it stands now, and what has to be posted for it."""

    outcome: Any
    history: OutcomeHistory
    recognition: Recognition
    postings: Sequence[Posting]
    figures: Mapping[str, int]
    fall: tuple[date, str] | None

    @property
    def columns(self) -> dict[str, Any]:
        """What follows for the outcome's row, but for the days on which it was and is to be recognised."""
        found = self.recognition
        return {
            "state": found.state,
            "detail": found.detail,
            "state_since": found.since,
            "confirmed_from": found.confirmed_from,
            "valid_until": found.valid_until,
            **self.figures,
            "ledger_seq": self.outcome.ledger_seq + len(self.postings),
        }

    @cached_property
    def event(self) -> str | None:
        """What happened to its state, as a kind of event; None if it stands as it stood."""
        was, now = self.outcome, self.recognition
        if was.state != now.state:
            known = now.state in ("in_use", "confirmed", "lapsed") and (self.is_up or now.state == "lapsed")
            return f"outcome_{now.state if known else _SET_BACK}"
        if was.detail != now.detail and now.state == "confirmed":
            return f"outcome_{now.detail or 'recovered'}"
        return None

    def changed_on(self, today: date) -> date:
        """The day from which its present state is so, not after today."""
        was, now = self.outcome, self.recognition
        if was.detail in _FALLING and was.state == now.state and now.detail is None:
            return today  # it has recovered, as it turned out today
        return min(now.falling_since or now.since if now.detail in _FALLING else now.since, today)

    def lost_on(self, today: date) -> date | None:
        """The day from which it no longer is what it was; None if it is no less. It may be confirmed again by now."""
        was, now = self.outcome, self.recognition
        if was.state == "confirmed" == now.state and was.confirmed_from not in (None, now.confirmed_from):
            ends = {spell.start: spell.end for spell in now.course.spells} if now.course else {}
            start = was.confirmed_from.toordinal()
            return date.fromordinal(min(ends.get(start, start), today.toordinal()))
        is_less = self.event is not None and not self.is_up and (now.state != "confirmed" or now.detail is not None)
        return self.changed_on(today) if is_less else None

    @cached_property
    def is_up(self) -> bool:
        """Whether its state moved up, which is progress. Source: DOMAIN section 6."""
        return _RANKS.get(self.recognition.state, 0) > _RANKS.get(self.outcome.state, 0)

    @property
    def moves_points(self) -> bool:
        """Whether control points that rest on outcomes may have changed by it."""
        was, now = self.outcome, self.recognition
        names = ("state", "detail", "confirmed_from", "valid_until")
        run = now.confirmed_run
        accrued = sum(posting.cause == "accrued" for posting in self.postings)
        has_lasted = any(run - accrued < lasting <= run for lasting in _LASTING[was.period])  # DOMAIN section 3, 8c
        is_corrected = any(posting.cause == CORRECTED for posting in self.postings)
        return has_lasted or is_corrected or any(getattr(was, name) != getattr(now, name) for name in names)


def recognise_all(
    session: scoped_session[Session], outcomes: Sequence[Any], due: Collection[Key], today: date
) -> list[Recognised]:
    """Recognise the outcomes in `due`, with those of their groups; `outcomes` are all of their accounts.

    Reads in a constant number of statements, writes the readings, and nothing else.
    """
    groups = [group for group in _groups(outcomes) if any(_key(outcome) in due for outcome in group)]
    chosen = [outcome for group in groups for outcome in group]
    wanted = {_key(outcome) for outcome in chosen}
    fresh = refresh_readings(session, chosen, today)
    histories = read_histories(session, outcomes, wanted, fresh)
    posted = read_posted(session, {_key(outcome) for outcome in chosen if outcome.ledger_seq})
    return [found for group in groups for found in _recognise_group(group, histories, posted, today)]


def _groups(outcomes: Sequence[Any]) -> Iterator[list[Any]]:
    """The outcomes that share a cap together, all others each by itself."""
    sharing: defaultdict[tuple[int, str], list[Any]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.overlap_group is None:
            yield [outcome]
        else:
            sharing[outcome.account_id, outcome.overlap_group].append(outcome)
    yield from sharing.values()


def _recognise_group(
    group: Sequence[Any], histories: Mapping[Key, OutcomeHistory], posted: Mapping[Key, Posted], today: date
) -> Iterator[Recognised]:
    before: Posted = {}
    for outcome in group:
        before |= posted.get(_key(outcome), {})
    earlier = [outcome.recognised_on for outcome in group if outcome.recognised_on is not None]
    mine = {outcome.seq: histories[_key(outcome)] for outcome in group}
    standing = {seq: _stands(history, today) for seq, history in mine.items()}
    postings = post(
        list(mine.values()),
        until=today,
        posted=before,
        since=min(earlier, default=None),
        lived_through={seq: found.course for seq, found in standing.items() if found.course is not None},
    )
    figures = {seq: dict.fromkeys(FIGURES, 0) | {"promised": found.promised} for seq, found in standing.items()}
    for (seq, measure, _posted_on, _start), amount in before.items():
        figures[seq][measure] += amount
    for posting in postings:
        figures[posting.outcome][posting.measure] += posting.amount
    for outcome in group:
        seq, found = outcome.seq, standing[outcome.seq]
        own = postings if len(group) == 1 else [posting for posting in postings if posting.outcome == seq]
        fall = find_fall(outcome, found, mine[seq].readings, today)
        yield Recognised(outcome, mine[seq], found, own, figures[seq], fall)


def _stands(history: OutcomeHistory, today: date) -> Recognition:
    terms = history.terms_at(today) or history.versions[0][1]
    return recognise(terms, history.readings, history.attestations, as_of=today, known_at=today)


def _key(outcome: Any) -> Key:
    return outcome.account_id, outcome.seq
