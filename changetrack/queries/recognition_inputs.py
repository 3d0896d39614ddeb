"""Reads of what recognition goes by: outcomes' terms as they were known from day to day, attestations, readings."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, select, type_coerce
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.value import Attestation, OutcomeHistory, OutcomeTerms, PostingKey, Reading
from changetrack.models import LedgerEntry, OutcomeStatement, usage_number
from changetrack.models import Reading as ReadingRow

Key = tuple[int, int]
"""An outcome: its account and its number there."""

Posted = dict[PostingKey, int]
"""What was posted of an outcome, by what it is about."""

_ALIKE = (
    "period", "threshold", "rate", "accrual", "target", "confirm_after", "lapse_after", "restore_after", "min_hold",
    "settle_lag_days", "requires_attestation", "plan_start", "plan_periods", "proposed_on",
)  # fmt: skip
_SPOKEN = {"agreed": "agreed_on", "withdrawn": "withdrawn_on", "disputed": "disputed_on"}


class _Statement(NamedTuple):
    """What recognition takes from a statement."""

    account_id: int
    outcome_seq: int
    kind: str
    given_on: date
    valid_days: int  # of an attestation
    recorded_on: date
    retracted_on: date | None


def read_histories(
    session: scoped_session[Session],
    outcomes: Sequence[Any],
    wanted: Collection[Key],
    known: Mapping[Key, Sequence[Reading]] | None = None,
) -> dict[Key, OutcomeHistory]:
    """Return all that was learned of the `wanted` among `outcomes`, which are all of their accounts; two statements.

    The readings of some may be `known` already.
    """
    known = known or {}
    statements = _statements(session, {account_id for account_id, _seq in wanted})
    readings = {**known, **read_readings(session, [key for key in wanted if key not in known])}
    successors: defaultdict[Key, list[Any]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.replaces is not None:
            said = statements.get((outcome.account_id, outcome.seq), ())
            successors[outcome.account_id, outcome.replaces] += [s for s in said if s.kind == "agreed"]
    histories = {}
    for outcome in outcomes:
        key = (outcome.account_id, outcome.seq)
        if key in wanted:
            said = statements.get(key, ())
            attested = [
                Attestation(s.given_on, s.recorded_on, s.valid_days, s.retracted_on)
                for s in said
                if s.kind == "attested"
            ]
            versions = known_terms(outcome, said, successors.get(key, ()))
            histories[key] = OutcomeHistory(outcome.seq, versions, readings.get(key, ()), attested, outcome.group_cap)
    return histories


def known_terms(outcome: Any, statements: Iterable[Any], successors: Iterable[Any]) -> list[tuple[date, OutcomeTerms]]:
    """Return an outcome's terms with the days of the customer's words, each with the day they were known from.

    `successors` are the agreements to terms that replace these. What was said and taken back on the same day makes
    two versions of that day, of which the last counts.
    """
    bare = OutcomeTerms(agreed_on=None, **{name: getattr(outcome, name) for name in _ALIKE})
    heard = [(_SPOKEN[s.kind], s) for s in statements if s.kind in _SPOKEN]
    heard += [("replaced_on", s) for s in successors]
    if outcome.agreed_on is None and all(name != "replaced_on" or s.retracted_on for name, s in heard):
        bare = replace(bare, replaced_on=outcome.replaced_on)  # a proposal that was taken back
    days = {day for _name, s in heard for day in (s.recorded_on, s.retracted_on) if day is not None}
    known = [(min(days | {outcome.proposed_on}), bare)]
    said: Mapping[str, date] = {}
    for day in sorted(days):
        for spoken in (_spoken(heard, day, undone_on=day), _spoken(heard, day)):
            if spoken == said:
                continue
            said, terms = spoken, replace(bare, **spoken)
            if terms != known[-1][1]:
                known.append((day, terms))
    return known


def read_readings(
    session: scoped_session[Session], wanted: Collection[Key], since: date = date.min
) -> dict[Key, list[Reading]]:
    """Return the readings of some outcomes, of the periods that begin on `since` or later."""
    columns: Any = ReadingRow.__table__.c
    number = type_coerce(columns.value, BigInteger)
    query: Any = select(columns.account_id, columns.outcome_seq, columns.period_start, number, columns.recorded_on)
    found: dict[Key, list[Reading]] = {key: [] for key in wanted}
    rows = session.execute(query.where(*_of(columns, wanted), columns.period_start >= since)).all()
    for account_id, seq, start, kept, recorded_on in rows:
        if (account_id, seq) in found:
            value = None if kept is None else usage_number(kept)
            found[account_id, seq].append(Reading(start, value, recorded_on))
    return found


def read_posted(session: scoped_session[Session], wanted: Collection[Key]) -> Mapping[Key, Posted]:
    """Return the sums on the ledger of some outcomes by what the entries are about, those that came to 0 too."""
    entry: Any = LedgerEntry.__table__.c
    query: Any = select(
        entry.account_id, entry.outcome_seq, entry.measure, entry.posted_on, entry.period_start, entry.amount
    )
    found: defaultdict[Key, Posted] = defaultdict(dict)
    for account_id, seq, measure, posted_on, start, amount in session.execute(query.where(*_of(entry, wanted))).all():
        if (account_id, seq) in wanted:
            posted, about = found[account_id, seq], (seq, measure, posted_on, start)
            posted[about] = posted.get(about, 0) + amount
    return found


def _of(table: Any, wanted: Collection[Key]) -> tuple[Any, Any]:
    """The rows of these outcomes, and of some others of the same accounts."""
    return (
        table.account_id.in_({account_id for account_id, _seq in wanted}),
        table.outcome_seq.in_({seq for _account_id, seq in wanted}),
    )


def _spoken(heard: Iterable[tuple[str, Any]], day: date, undone_on: date | None = None) -> Mapping[str, Any]:
    """The day of each word that was known and not taken back at the end of `day`; the one recorded last counts.

    With `undone_on` those count, too, that were recorded and taken back on that day.
    """
    return {
        name: statement.given_on
        for name, statement in heard
        if statement.recorded_on <= day
        and (
            statement.retracted_on is None
            or statement.retracted_on > day
            or statement.recorded_on == statement.retracted_on == undone_on
        )
    }


def _statements(session: scoped_session[Session], accounts: set[int]) -> Mapping[Key, list[_Statement]]:
    said: Any = OutcomeStatement.__table__.c
    columns: list[Any] = [said[name] for name in _Statement._fields]
    found: defaultdict[Key, list[_Statement]] = defaultdict(list)
    rows = select(*columns).where(said.account_id.in_(accounts)).order_by(said.account_id, said.seq)
    for statement in map(_Statement._make, session.execute(rows)):
        found[statement.account_id, statement.outcome_seq].append(statement)
    return found
