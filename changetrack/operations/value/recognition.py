"""Recognising what is due: of one account or of many together, and what follows from it for their journeys."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Forbidden
from changetrack.models import Account, Outcome
from changetrack.operations._dossier import open_dossier
from changetrack.operations._night_page import open_page
from changetrack.operations._settle import settle
from changetrack.operations._transaction import transaction
from changetrack.operations._use_facts import read_records
from changetrack.operations.usage._locks import hold_accounts
from changetrack.operations.value._account_value import add_flows
from changetrack.operations.value._bulk_recognition import lock_holders, outcomes_of, write_all, write_outcomes
from changetrack.operations.value._ledger import follow_outcomes, recognise_outcomes, widened, write_entries
from changetrack.operations.value._recognised import Recognised, recognise_all
from changetrack.queries.recognition_inputs import Key


@dataclass(frozen=True, slots=True)
class RecognisedCounts:
    """What recognition did: outcomes looked at, entries posted, outcomes whose state changed, accounts settled."""

    outcomes: int = 0
    entries: int = 0
    changed: int = 0
    settled: int = 0


def recognise_account(*, account_id: int, actor: Actor, now: datetime, today: date) -> RecognisedCounts:
    """Recognise the outcomes of one account that are due on `today`, and settle what follows from it.

    Doing it again the same day changes nothing. Reasons to be stale that have become true wait for the night, as
    always by day. Raises NotFound, Forbidden. Source: DOMAIN section 5.
    """
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        mine = select(Outcome).where(Outcome.account_id == account_id, Outcome.due_on <= today)
        due = [outcome for outcome in session.scalars(mine) if not _is_ahead(outcome, today)]
        if not due:
            return RecognisedCounts()
        dossier.records_changed = True
        found = recognise_outcomes(dossier, due, today=today)
        settle(dossier, since=today, cause=_CAUSE)
        return _counts(found, settled=1)


def recognise_accounts(*, account_ids: Sequence[int], actor: Actor, now: datetime, today: date) -> RecognisedCounts:
    """Recognise what is due of many accounts in one transaction; a few hundred at a time.

    Readings, ledger, figures, history and summaries are complete afterwards. Outcomes from which more follows (a
    control point, a reason to be stale) stay due: `settle_accounts` then settles their accounts.
    """
    _check(actor)
    with transaction() as session:
        holders = lock_holders(session, account_ids)
        hold_accounts(session, holders)
        outcomes = outcomes_of(session, holders)
        found = _recognise(session, holders, outcomes, today)
        write_all(session, holders, outcomes, _by_account(found), actor=actor, now=now, today=today)
        return _counts(found)


def settle_accounts(*, account_ids: Sequence[int], actor: Actor, now: datetime, today: date) -> RecognisedCounts:
    """Recognise and settle many accounts, as `recognise_account` does each of them, in one transaction.

    A few hundred at a time, by a constant number of statements. What somebody else is at is passed over, and stays due.
    """
    _check(actor)
    with transaction() as session, session.no_autoflush:
        mine = [Account.id.in_(account_ids)]
        moment: dict[str, Any] = {"actor": actor, "now": now, "today": today, "reach": None}
        page = open_page(session, mine, order=(Account.id,), limit=len(account_ids), **moment)
        accounts = {dossier.account.id: dossier.account for dossier in page.dossiers}
        hold_accounts(session, accounts)
        outcomes = outcomes_of(session, accounts)
        found = _recognise(session, accounts, outcomes, today)
        write_entries(session, found, now)
        add_flows(session, ((accounts[each.outcome.account_id].team_id, each) for each in found), today)
        of = _by_account(found)
        settled = [dossier for dossier in page.dossiers if dossier.account.id in of]
        for dossier in settled:
            follow_outcomes(dossier, outcomes[dossier.account.id], of[dossier.account.id], today=today)
        write_outcomes(session, (each.outcome for each in found))
        read_records(settled)
        for dossier in settled:
            dossier.records_changed = True
            settle(dossier, since=today, cause=_CAUSE)
        page.write(settled, "value", "falling_since", "falling_why")
        return _counts(found, settled=len(settled))


_CAUSE = "What was known of its use changed."


def _check(actor: Actor) -> None:
    if not may(actor, Action.WORK):
        raise Forbidden("Only the night recognises many accounts together.")


def _recognise(
    session: scoped_session[Session], accounts: Mapping[int, Any], outcomes: Mapping[int, Sequence[Any]], today: date
) -> list[Recognised]:
    due: set[Key] = set()
    for account_id, mine in outcomes.items():
        if any(_is_ahead(outcome, today) for outcome in mine):
            continue  # clocks were put back: it is left to be done by itself
        if own := {(account_id, o.seq) for o in mine if _is_due(o, today)}:
            due.update(widened(mine, own, is_falling=accounts[account_id].falling_since is not None))
    every = [outcome for mine in outcomes.values() for outcome in mine]
    return recognise_all(session, every, due, today) if due else []


def _counts(found: Sequence[Recognised], settled: int = 0) -> RecognisedCounts:
    changed = sum(each.event is not None for each in found)
    return RecognisedCounts(len(found), sum(len(each.postings) for each in found), changed, settled)


def _by_account(found: Sequence[Recognised]) -> Mapping[int, list[Recognised]]:
    grouped: defaultdict[int, list[Recognised]] = defaultdict(list)
    for each in found:
        grouped[each.outcome.account_id].append(each)
    return grouped


def _is_due(outcome: Outcome, today: date) -> bool:
    return outcome.due_on is not None and outcome.due_on <= today and not _is_ahead(outcome, today)


def _is_ahead(outcome: Outcome, today: date) -> bool:
    """Whether it was recognised as of a later day already: a rehearsal of the past changes nothing."""
    return outcome.recognised_on is not None and outcome.recognised_on > today
