"""Appending one of the customer's people to an account, from wherever they are first named."""

from changetrack.domain.history import field_diff
from changetrack.models import Contact
from changetrack.operations._dossier import Dossier


def add_contact_row(dossier: Dossier, **values: object) -> Contact:
    """Add a contact with the next number of its account, and say so in the history."""
    seq = max((c.seq for c in dossier.contacts()), default=0) + 1
    values["name"] = str(values["name"]).strip()
    contact = Contact(
        account_id=dossier.account.id, seq=seq, created_at=dossier.now, **{"path_roles": [], "powers": [], **values}
    )
    dossier.session.add(contact)
    dossier.records_changed = True
    dossier.happened("contact_added", effective_on=dossier.today, changes=field_diff({}, {"contact": seq, **values}))
    return contact
