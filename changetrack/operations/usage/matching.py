"""Saying by hand whose use it is that waits under a name nobody knows."""

from datetime import date, datetime

from sqlalchemy import insert

from changetrack.domain.people import Action, Actor
from changetrack.domain.refusal import OperationRefused, Reason, refuse_if
from changetrack.models import Alias
from changetrack.operations._dossier import open_dossier
from changetrack.operations._import_lookup import account_ids
from changetrack.operations._settle import settle
from changetrack.operations._texts import text_reasons
from changetrack.operations._transaction import transaction, unique_or
from changetrack.operations.usage._match import Matched, count_waiting

LONGEST_ALIAS = 200


def match_usage(*, name: str, account_id: int, actor: Actor, now: datetime, today: date) -> Matched:
    """Make `name` another name of the account and count, once and from today on known, all that waits under it.

    What comes under that name from now on counts at once. A name that is the account's already is only counted.
    Raises NotFound and Forbidden like every edit of the record, OperationRefused if it names another account.
    """
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.EDIT_RECORD, now=now, today=today)
        if not name:
            raise OperationRefused([Reason("name", "Write the name under which the use waits.")])
        refuse_if(text_reasons({"name": name}, {"name": LONGEST_ALIAS}))
        taken = Reason("name", f"“{name}” names another account.")
        named = account_ids(session, [name]).get(name)
        if named not in (None, account_id):
            raise OperationRefused([taken])
        if named is None:
            with unique_or(taken):
                session.execute(insert(Alias).values(alias=name, account_id=account_id, created_at=now))
            dossier.happened("alias_added", effective_on=today, changes={"alias": [None, name]})
        matched = count_waiting(session, now=now, today=today, names=[name])
        settle(dossier, since=today, cause="Use that waited for its account was counted.")
        return matched
