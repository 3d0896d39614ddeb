"""The customer's people."""

from typing import Any

from changetrack.models import Account, Contact
from tests.clock import NOW
from tests.factories._saving import Saver, next_seq, number, save


def make_contact(session: Saver, account: Account, **fields: Any) -> Contact:
    """Somebody at the customer, in no role yet."""
    n = number()
    given = {"account_id": account.id, "seq": next_seq(session, Contact, account.id), "name": f"Contact {n}"}
    return save(session, Contact(**{**given, "email": f"contact{n}@customer.example", "created_at": NOW, **fields}))
