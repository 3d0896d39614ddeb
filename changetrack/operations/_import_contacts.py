"""Loading contacts: the customer's people, known again by their address or else by their name."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, select

from changetrack.domain.first_seen import FirstSeen
from changetrack.domain.history import field_diff
from changetrack.domain.imports import Layout, ParsedRow, RowReason
from changetrack.domain.people import Action
from changetrack.models import Contact
from changetrack.operations._contacts import add_contact_row
from changetrack.operations._dossier import Dossier, open_dossier
from changetrack.operations._import_lookup import account_ids
from changetrack.operations._import_terms import Scene, Tried, Watch
from changetrack.operations._settle import settle

_COLUMNS = {"roles": "path_roles", "sponsor": "is_sponsor"}


@dataclass(slots=True)
class _People:
    """What is to be done about one account's contacts: people to add, and (number, changed values)."""

    new: list[dict[str, Any]] = field(default_factory=list)
    changed: list[tuple[int, dict[str, Any]]] = field(default_factory=list)


@contextmanager
def contacts_loader(scene: Scene, _layout: Layout) -> Iterator["ContactsLoader"]:
    """A loader for one reading of a file of the customer's people, known again by their address or else their name."""
    yield ContactsLoader(scene)


class ContactsLoader:
    """Compares people with those on record; what they prove or no longer prove is settled account by account."""

    work_at_end = 0.0

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._seen = FirstSeen()

    def try_rows(self, rows: Sequence[ParsedRow]) -> Tried:
        """See who is new, changed or as they were; the work is {account id: people}."""
        session = self._scene.session
        ids = account_ids(session, (str(row.values["external_id"]) for row in rows))
        present: dict[int, list[Row[Any]]] = defaultdict(list)
        query = select(Contact.__table__).where(Contact.account_id.in_(sorted(set(ids.values()))))
        for contact in session.execute(query.order_by(Contact.account_id, Contact.seq)):
            present[contact.account_id].append(contact)
        tried = Tried(work=defaultdict(_People))
        for row in rows:
            id_ = ids.get(str(row.values["external_id"]))
            if reason := self._reason(row, id_):
                tried.rejected.append([reason])
            elif id_ is not None:
                self._compare(row, id_, present[id_], tried)
        return tried

    def write(self, work: dict[int, _People]) -> None:
        """Save the people of each account and settle what follows from them."""
        scene = self._scene
        for id_ in sorted(work):
            dossier = open_dossier(
                scene.session, id_, actor=scene.actor, action=Action.IMPORT, now=scene.now, today=scene.today
            )
            for values in work[id_].new:
                add_contact_row(dossier, **values)
                scene.session.flush()
            _change(dossier, work[id_].changed)
            scene.session.flush()
            settle(dossier, since=scene.today, cause="The customer's people were imported.", quiet=True)
            scene.session.flush()
            scene.session.expunge_all()

    def finish(self, *, write: bool, count: bool, watch: Watch) -> Tried:
        """Nothing waits for the end of the file."""
        del write, count, watch
        return Tried()

    def _reason(self, row: ParsedRow, id_: int | None) -> RowReason | None:
        if id_ is None:
            return RowReason(row.line, "external_id", f"There is no account “{row.values['external_id']}”.")
        who = str(row.values.get("email") or row.values["name"]).casefold()
        earlier = self._seen.line_of(f"{id_} {who}", row.line)
        if earlier is not None:
            return RowReason(row.line, "name", f"This person of the account stands in line {earlier} already.")
        return None

    def _compare(self, row: ParsedRow, id_: int, people: Sequence[Row[Any]], tried: Tried) -> None:
        values = {_COLUMNS.get(name, name): value for name, value in row.values.items() if name != "external_id"}
        if "path_roles" in values:
            values["path_roles"] = sorted(values["path_roles"] or [])  # type: ignore[call-overload]  # a list of roles
        for flag in ("in_coalition", "is_sponsor"):
            if flag in values:
                values[flag] = bool(values[flag])
        known = _find(people, values)
        if known is None:
            tried.created += 1
            tried.work[id_].new.append(values)
        elif any(getattr(known, name) != value for name, value in values.items()):
            tried.updated += 1
            tried.work[id_].changed.append((known.seq, values))
        else:
            tried.unchanged += 1


def _find(people: Sequence[Row[Any]], values: dict[str, Any]) -> Row[Any] | None:
    email, name = values.get("email"), values["name"].casefold()
    if email:
        same = next((p for p in people if p.email == email), None)
        return same or next((p for p in people if p.email is None and p.name.casefold() == name), None)
    return next((p for p in people if p.name.casefold() == name), None)


def _change(dossier: Dossier, changed: Sequence[tuple[int, dict[str, Any]]]) -> None:
    people = {contact.seq: contact for contact in dossier.contacts()} if changed else {}
    for seq, after in changed:
        contact = people[seq]
        before = {name: getattr(contact, name) for name in after}
        for name, value in after.items():
            setattr(contact, name, value)
        contact.version += 1
        dossier.records_changed = True
        dossier.happened(
            "contact_edited", effective_on=dossier.today, changes=field_diff(before, after), note=contact.name
        )
