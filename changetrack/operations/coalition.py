"""The customer's people: adding and editing contacts, and which roles the decision path has."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from changetrack.domain.cells import parse_email
from changetrack.domain.coalition import ALWAYS_APPLICABLE, PATH_ROLES, POWERS
from changetrack.domain.history import field_diff
from changetrack.domain.journey.moves import day_reasons
from changetrack.domain.people import Action, Actor
from changetrack.domain.refusal import NotFound, OperationRefused, Reason, StaleVersion, refuse_if
from changetrack.operations._contacts import CONTACT_TEXTS, add_contact_row
from changetrack.operations._dossier import Dossier, open_dossier
from changetrack.operations._settle import settle
from changetrack.operations._texts import text_reasons
from changetrack.operations._transaction import transaction

CONTACT_FIELDS = (
    "name",
    "email",
    "title",
    "function",
    "path_roles",
    "powers",
    "in_coalition",
    "is_sponsor",
    "left_on",
)


def add_contact(*, account_id: int, contact: Mapping[str, Any], actor: Actor, now: datetime, today: date) -> int:
    """Add one of the customer's people; `contact` has fields of CONTACT_FIELDS. Returns its number in the account.

    Raises OperationRefused with everything that is wrong with it.
    """
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        values = _cleaned(contact)
        refuse_if(_reasons(dossier, {"name": None} | values, None))
        row = add_contact_row(dossier, **values)
        settle(dossier, since=today, cause=f"{row.name} joined the customer's people.")
        return row.seq


def edit_contact(
    *,
    account_id: int,
    seq: int,
    contact: Mapping[str, Any],
    version: int,
    actor: Actor,
    now: datetime,
    today: date,
) -> None:
    """Save an edited contact; `version` is the one that was shown. Raises StaleVersion, OperationRefused, NotFound."""
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        row = next((c for c in dossier.contacts() if c.seq == seq), None)
        if row is None:
            raise NotFound("contact")
        after = _cleaned(contact)
        before = {name: getattr(row, name) for name in after}
        if row.version != version:
            raise StaleVersion(current=before | {"version": row.version}, typed=after)
        refuse_if(_reasons(dossier, after, seq))
        changes = field_diff(before, after)
        if not changes:
            return
        for name, value in after.items():
            setattr(row, name, value)
        row.version += 1
        dossier.records_changed = True
        dossier.happened("contact_edited", effective_on=today, changes=changes, note=row.name)
        session.flush()
        since = row.left_on if "left_on" in changes and row.left_on else today
        settle(dossier, since=since, cause=f"What is known of {row.name} changed.")


def set_decision_path(
    *, account_id: int, not_applicable: Collection[str], actor: Actor, now: datetime, today: date
) -> None:
    """Say which roles the customer's decision path does not have. Approver, decider and user always apply."""
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.WORK, now=now, today=today)
        left_out = sorted(set(not_applicable))
        wrong = [r for r in left_out if r not in PATH_ROLES or r in ALWAYS_APPLICABLE]
        if wrong:
            raise OperationRefused(
                [Reason("not_applicable", f"“{r}” is not a role that a decision path can lack.") for r in wrong]
            )
        changes = field_diff(
            {"roles_not_applicable": dossier.journey.roles_not_applicable}, {"roles_not_applicable": left_out}
        )
        if not changes:
            return
        dossier.journey.roles_not_applicable = left_out
        dossier.records_changed = True
        dossier.happened("decision_path_changed", effective_on=today, changes=changes)
        settle(dossier, since=today, cause="The decision path changed.")


def _cleaned(contact: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {k: (v.strip() or None) if isinstance(v, str) else v for k, v in contact.items()}
    for name in ("path_roles", "powers"):
        if name in values:
            values[name] = sorted(set(values[name] or []))
    if values.get("email"):
        values["email"] = values["email"].lower()
    return values


def _reasons(dossier: Dossier, values: Mapping[str, Any], seq: int | None) -> list[Reason]:
    reasons = [Reason(k, f"A contact has no field “{k}”.") for k in values if k not in CONTACT_FIELDS]
    if "name" in values and not values["name"]:
        reasons.append(Reason("name", "A person needs a name."))
    reasons += [
        Reason("path_roles", f"“{r}” is not a role of the decision path.")
        for r in values.get("path_roles", [])
        if r not in PATH_ROLES
    ]
    reasons += [
        Reason("powers", f"“{p}” is not one of " + ", ".join(POWERS) + ".")
        for p in values.get("powers", [])
        if p not in POWERS
    ]
    reasons += text_reasons(values, CONTACT_TEXTS)
    email = values.get("email")
    if isinstance(email, str) and not any(r.field == "email" for r in reasons):
        reasons += _email_reasons(email)
    if email and any(c.email == email and c.seq != seq for c in dossier.contacts()):
        reasons.append(Reason("email", "Another person of this account has that address."))
    left_on = values.get("left_on")
    if left_on is not None:
        reasons += day_reasons("left_on", left_on, today=dossier.today)
    return reasons


def _email_reasons(email: str) -> list[Reason]:
    try:
        parse_email(email)
    except ValueError as problem:
        return [Reason("email", str(problem))]
    return []
