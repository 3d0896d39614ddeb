"""Bringing outcomes up to date: readings, ledger, what they have come to, and what their account is worth."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.falling_use import worst_fall
from changetrack.domain.value import Posting
from changetrack.models import LedgerEntry, Outcome
from changetrack.operations._bulk import insert_tuples
from changetrack.operations._dossier import Dossier
from changetrack.operations.usage._locks import hold_accounts
from changetrack.operations.value._account_value import add_flows, value_of
from changetrack.operations.value._recognised import Recognised, recognise_all
from changetrack.queries.recognition_inputs import Key

_COLUMNS = ("account_id", "seq", "outcome_seq", *Posting._fields[1:], "currency", "recorded_at")


def recognise_outcomes(dossier: Dossier, outcomes: Iterable[Outcome], *, today: date) -> list[Recognised]:
    """Bring outcomes of an opened dossier up to date, with those of their groups; the caller settles afterwards.

    Readings are worked out from what is new of use, the ledger is posted, the outcomes' columns, the account's
    value and since when its use is falling follow, and its history tells whose state changed. A constant number of
    statements, whatever the history.
    """
    session, account = dossier.session, dossier.account
    chosen = {(outcome.account_id, outcome.seq) for outcome in outcomes}
    if not chosen:
        return []
    hold_accounts(session, [account.id])
    session.flush()
    every = list(session.scalars(select(Outcome).where(Outcome.account_id == account.id).order_by(Outcome.seq)))
    due = widened(every, chosen, is_falling=account.falling_since is not None)
    today = max([today, *(outcome.recognised_on for outcome in every if outcome.recognised_on)])  # clocks are put back
    found = recognise_all(session, every, due, today)
    write_entries(session, found, dossier.now)
    add_flows(session, ((account.team_id, each) for each in found), today)
    follow_outcomes(dossier, every, found, today=today)
    session.flush()
    return found


def follow_outcomes(dossier: Dossier, outcomes: Iterable[Any], found: Sequence[Recognised], *, today: date) -> None:
    """Bring outcomes, their account and its history in line with what was `found`; `outcomes` are all of its own."""
    account = dossier.account
    _tell(dossier, found)
    account.value = value_of(outcomes, by_key(found))
    account.falling_since, account.falling_why = worst_fall(falls(found))
    for each in found:
        _update(each, today)


def widened(outcomes: Sequence[Any], due: Collection[Key], *, is_falling: bool) -> Collection[Key]:
    """Return the outcomes of an account to look at: all of them if its use is falling, to see whether it still is."""
    return {(outcome.account_id, outcome.seq) for outcome in outcomes} if is_falling else due


def by_key(found: Iterable[Recognised]) -> Mapping[Key, Recognised]:
    """What was recognised, by account and number of the outcome."""
    return {(each.outcome.account_id, each.outcome.seq): each for each in found}


def falls(found: Iterable[Recognised]) -> list[tuple[str, tuple[date, str]]]:
    """The outcomes whose use is falling, by their statements."""
    return [(each.outcome.statement, each.fall) for each in found if each.fall is not None]


def write_entries(session: scoped_session[Session], found: Iterable[Recognised], now: datetime) -> None:
    """Append to the ledger what has to be posted."""
    rows: list[tuple[Any, ...]] = []
    for each in found:
        outcome = each.outcome
        account_id, of_all = outcome.account_id, (outcome.currency, now)
        numbered = enumerate(each.postings, outcome.ledger_seq + 1)
        rows += [(account_id, seq) + posting + of_all for seq, posting in numbered]  # noqa: RUF005  millions of them
    insert_tuples(session, LedgerEntry, _COLUMNS, rows)


def state_changes(each: Recognised) -> dict[str, list[Any]]:
    """The difference that the account's history tells of an outcome."""
    was, now = each.outcome, each.recognition
    told: dict[str, list[Any]] = {"outcome_seq": [None, was.seq]}
    if was.state != now.state:
        told["state"] = [was.state, now.state]
    if was.detail != now.detail:
        told["detail"] = [was.detail, now.detail]
    return told


def _tell(dossier: Dossier, found: Iterable[Recognised]) -> None:
    for each in found:
        if each.moves_points:
            dossier.records_changed = True
        _date(dossier, each)
        if each.event is not None:
            dossier.happened(
                each.event,
                effective_on=each.changed_on(dossier.today),
                changes=state_changes(each),
                note=each.outcome.statement,
                progress=each.is_up,
            )


def _date(dossier: Dossier, each: Recognised) -> None:
    """Note from which day on settling finds something else, also of what many together have left to it."""
    was, today = each.outcome, dossier.today
    lost = each.lost_on(today)
    days = [lost] if each.event is None else [lost, each.changed_on(today)]
    if was.recognised_on is not None and was.due_on is not None and was.due_on < was.recognised_on:
        days.append(was.due_on)  # see `write_all`
        is_whole = was.state == "confirmed" and was.detail is None and was.due_on == was.confirmed_from
        lost = lost or (None if is_whole else was.due_on)
    dossier.value_since = min((day for day in (*days, dossier.value_since) if day is not None), default=None)
    dossier.value_lost = min((day for day in (lost, dossier.value_lost) if day is not None), default=None)


def _update(each: Recognised, today: date) -> None:
    outcome = each.outcome
    for name, value in each.columns.items():
        setattr(outcome, name, value)
    outcome.due_on, outcome.touched_from, outcome.recognised_on = each.recognition.due_on, None, today
