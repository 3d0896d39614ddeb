"""Recognising what is due: one account with everything that follows, or many together as far as no rule needs more."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Forbidden
from changetrack.models import Outcome
from changetrack.operations._dossier import open_dossier
from changetrack.operations._settle import settle
from changetrack.operations._transaction import transaction
from changetrack.operations.usage._locks import hold_accounts
from changetrack.operations.value._bulk_recognition import lock_holders, outcomes_of, write_all
from changetrack.operations.value._ledger import recognise_outcomes, widened
from changetrack.operations.value._recognised import Recognised, recognise_all
from changetrack.queries.recognition_inputs import Key


@dataclass(frozen=True, slots=True)
class RecognisedCounts:
    """What recognition did: outcomes looked at, entries posted, outcomes whose state changed."""

    outcomes: int = 0
    entries: int = 0
    changed: int = 0


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
        settle(dossier, since=today, cause="What was known of its use changed.")
        changed = sum(event["kind"].startswith("outcome_") for event in dossier.events)
        return RecognisedCounts(len(found), sum(len(each.postings) for each in found), changed)


def recognise_accounts(*, account_ids: Sequence[int], actor: Actor, now: datetime, today: date) -> RecognisedCounts:
    """Recognise what is due of many accounts in one transaction; a few hundred at a time.

    Readings, ledger, figures, history and summaries are complete afterwards. Outcomes from which more follows (a
    control point, a reason to be stale) stay due: `recognise_account` then settles their accounts one by one.
    """
    if not may(actor, Action.WORK):
        raise Forbidden("Only the night recognises many accounts together.")
    with transaction() as session:
        holders = lock_holders(session, account_ids)
        hold_accounts(session, holders)
        outcomes = outcomes_of(session, holders)
        due: set[Key] = set()
        for account_id, mine in outcomes.items():
            if own := {(account_id, o.seq) for o in mine if _is_due(o, today)}:
                due.update(widened(mine, own, is_falling=holders[account_id].falling_since is not None))
        every = [outcome for mine in outcomes.values() for outcome in mine]
        found = recognise_all(session, every, due, today) if due else []
        write_all(session, holders, outcomes, _by_account(found), actor=actor, now=now, today=today)
        return RecognisedCounts(
            len(found), sum(len(each.postings) for each in found), sum(each.event is not None for each in found)
        )


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
