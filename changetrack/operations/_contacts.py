"""The customer's people of an account: finding them by name, and appending one, from wherever they are first named."""

from collections.abc import Iterable

from changetrack.domain.history import field_diff
from changetrack.models import Contact
from changetrack.operations._dossier import Dossier

CONTACT_TEXTS = {"name": 120, "email": 254, "title": 120, "function": 120}


def person_named(people: Iterable[Contact], name: str, title: str = "") -> Contact | None:
    """Whoever of `people` has that name, and that title if one is given: one person is one person, named twice."""
    for contact in people:
        same_title = not title.strip() or _key(title) == _key(contact.title or "")
        if contact.left_on is None and same_title and _key(contact.name) == _key(name):
            return contact
    return None


def _key(words: str) -> str:
    return " ".join(words.split()).casefold()


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
