"""The commitments of either side."""

from datetime import timedelta
from typing import Any

from changetrack.models import Account, Commitment
from tests.clock import NOW, TODAY
from tests.factories._saving import Saver, next_seq, save


def make_commitment(session: Saver, account: Account, **fields: Any) -> Commitment:
    """An open one of one of the customer's people, due in a week; of ours with `owner_user_id`."""
    due_on = fields.get("due_on", TODAY + timedelta(7))
    given: dict[str, Any] = {"account_id": account.id, "seq": next_seq(session, Commitment, account.id)}
    given |= {"action": "Send the plan", "owner_name": "Somebody", "made_on": TODAY, "made_at": NOW, "made_by": "olu"}
    given |= {"first_due_on": due_on, "due_on": due_on, "changed_at": NOW}
    if "owner_user_id" not in fields:
        given["owner_contact_seq"] = 1
    return save(session, Commitment(**{**given, **fields}))
