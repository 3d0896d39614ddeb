"""What accounts' outcomes say, in the form that the control points resting on them take; read for one, or for many."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.journey.use_points import OutcomeFacts, lasting_on
from changetrack.domain.value import period_end
from changetrack.models import Contact, Outcome, Reading
from changetrack.operations._dossier import Dossier

Readings = dict[tuple[int, int], dict[date, Decimal | None]]
"""The newest value of each period, by account and number of the outcome."""


def outcome_facts(dossier: Dossier) -> tuple[OutcomeFacts, ...]:
    """Every outcome of the account as its control points see it today; two statements, one where there is none."""
    if dossier.ahead is not None:
        return dossier.ahead.outcomes
    account_id = dossier.account.id
    return tuple(_outcome_facts(dossier.session, [account_id], dossier.today).get(account_id, ()))


def read_records(dossiers: Sequence[Dossier]) -> None:
    """Read what settling asks of the records of these accounts of a page: their people and outcomes."""
    read = {dossier.account.id: dossier.ahead for dossier in dossiers if dossier.ahead is not None}
    if not read:
        return
    session = dossiers[0].session
    people, outcomes = _people(session, read), _outcome_facts(session, read, dossiers[0].today)
    for account_id, ahead in read.items():
        ahead.contacts, ahead.outcomes = people.get(account_id, ()), tuple(outcomes.get(account_id, ()))


_PLAIN = ("account_id", "seq", "name", "email", "function", "in_coalition", "is_sponsor", "left_on")
_WORDS = ("path_roles", "powers")
_PERSON = [
    *(getattr(Contact, name) for name in _PLAIN),
    *(cast(getattr(Contact, name), Text).label(name) for name in _WORDS),
]
_OUTCOME: tuple[Any, ...] = (
    Outcome.account_id, Outcome.seq, Outcome.state, Outcome.agreed_on, Outcome.confirmed_from, Outcome.valid_until,
    Outcome.settle_lag_days, Outcome.period, Outcome.threshold,
)  # fmt: skip


def _people(session: scoped_session[Session], account_ids: Collection[int]) -> Mapping[int, list[Contact]]:
    """The customers' people, with no more than settling asks of them; what thousands of them have is parsed once."""
    theirs = select(*_PERSON).where(Contact.account_id.in_(account_ids)).order_by(Contact.account_id, Contact.seq)
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for *plain, path_roles, powers in session.execute(theirs):
        person = SimpleNamespace(**dict(zip(_PLAIN, plain, strict=True)))
        person.path_roles, person.powers = _parsed(path_roles), _parsed(powers)
        found[person.account_id].append(person)
    return found


@lru_cache(maxsize=1_000)
def _parsed(words: str) -> frozenset[str]:
    return frozenset(json.loads(words))


def _outcome_facts(
    session: scoped_session[Session], account_ids: Collection[int], day: date
) -> Mapping[int, list[OutcomeFacts]]:
    theirs = select(*_OUTCOME).where(Outcome.account_id.in_(account_ids)).order_by(Outcome.account_id, Outcome.seq)
    outcomes = session.execute(theirs).all()
    found: defaultdict[int, list[OutcomeFacts]] = defaultdict(list)
    readings = _newest_readings(session, {outcome.account_id for outcome in outcomes}) if outcomes else {}
    for outcome in outcomes:
        found[outcome.account_id].append(_facts(outcome, readings.get((outcome.account_id, outcome.seq), {}), day))
    return found


def _newest_readings(session: scoped_session[Session], account_ids: Collection[int]) -> Readings:
    query = (
        select(Reading.account_id, Reading.outcome_seq, Reading.period_start, Reading.value)
        .where(Reading.account_id.in_(account_ids))
        .order_by(Reading.account_id, Reading.outcome_seq, Reading.period_start, Reading.recorded_on)
    )
    found: Readings = {}
    for account_id, seq, start, value in session.execute(query):
        found.setdefault((account_id, seq), {})[start] = value
    return found


def _facts(outcome: Any, readings: Mapping[date, Decimal | None], day: date) -> OutcomeFacts:
    settled = day - timedelta(days=outcome.settle_lag_days)  # a period that is under way has not failed yet
    periods = [
        (start, period_end(start, outcome.period), value >= outcome.threshold)
        for start, value in readings.items()
        if value is not None
    ]
    return OutcomeFacts(
        outcome.seq,
        outcome.state,
        agreed_on=outcome.agreed_on,
        first_passing_on=next((start for start, _, passes in periods if passes), None),
        confirmed_from=outcome.confirmed_from,
        ends_on=outcome.valid_until,
        lasted_on=lasting_on([p for p in periods if p[1] <= settled], outcome.confirmed_from),
    )
