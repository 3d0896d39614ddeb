"""Adding accounts by hand, editing their record, and their names in other systems."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, insert, select, update

from changetrack.domain.history import field_diff
from changetrack.domain.journey.moves import day_reasons
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused, Reason, StaleVersion, refuse_if
from changetrack.models import (
    Account,
    Alert,
    Alias,
    Event,
    Journey,
    PlaybookVersion,
    Standing,
    Team,
    User,
    Visit,
    db,
)
from changetrack.operations._cells import FunnelTally
from changetrack.operations._dossier import open_dossier
from changetrack.operations._new_account import RECORD, Placement, new_account, reserve_ids
from changetrack.operations._settle import settle
from changetrack.operations._transaction import transaction

_TEXTS = ("name", "organization", "product", "segment", "region", "industry", "tier")


def create_account(*, record: Mapping[str, Any], actor: Actor, now: datetime, today: date) -> int:
    """Add an account by hand, not opened; returns its id. `record` has the fields of the account record.

    Raises OperationRefused with everything that is wrong: no name, unknown team or owner, an external id in use.
    """
    with transaction() as session:
        values = _cleaned(record)
        if not may(actor, Action.EDIT_RECORD, values.get("team_id")):
            raise Forbidden("You may add accounts to your own teams only.")
        refuse_if(_record_reasons(values, None, today))
        account_id = reserve_ids(session, 1)[0]
        values["external_id"] = values.get("external_id") or f"ct-{account_id}"
        version = session.scalar(select(func.max(PlaybookVersion.version))) or 1
        started = values.get("started_on") or today
        tally = FunnelTally()
        rows = new_account(
            account_id,
            values,
            Placement(0, started, "not_opened"),
            kind="created",
            playbook_version=version,
            actor=actor,
            now=now,
            today=today,
            tally=tally,
        )
        for table, row in (
            (Account, rows.account),
            (Journey, rows.journey),
            (Visit, rows.visit),
            (Standing, rows.standing),
            (Event, rows.event),
        ):
            session.execute(insert(table), [row])
        tally.flush(session)
        return account_id


def edit_account(
    *, account_id: int, record: Mapping[str, Any], version: int, actor: Actor, now: datetime, today: date
) -> None:
    """Save an edited record (all or some of its fields); `version` is the one that was shown.

    Raises StaleVersion with both versions if somebody saved in between, OperationRefused with all that is wrong.
    """
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.EDIT_RECORD, now=now, today=today)
        account, after = dossier.account, _cleaned(record)
        before = {name: getattr(account, name) for name in after}
        if account.version != version:
            raise StaleVersion(current=before, typed=after)
        if after.get("team_id", account.team_id) != account.team_id and not may(
            actor, Action.EDIT_RECORD, after["team_id"]
        ):
            raise Forbidden("You may hand an account only to a team of yours.")
        refuse_if(_record_reasons({name: getattr(account, name) for name in RECORD} | after, account_id, today))
        changes = field_diff(before, after)
        if not changes:
            return
        for name, value in after.items():
            setattr(account, name, value)
        account.name_key = account.name.casefold()
        account.version += 1
        if "team_id" in changes:  # whoever has the account now hears of it
            open_ones = (Alert.account_id == account_id, Alert.state != "resolved")
            session.execute(update(Alert).where(*open_ones).values(team_id=account.team_id))
        dossier.happened("account_edited", effective_on=today, changes=changes)
        settle(dossier, since=today, cause="The record was edited.")


def add_alias(*, account_id: int, alias: str, actor: Actor, now: datetime, today: date) -> None:
    """Give an account the name by which another system knows it. Raises OperationRefused if it is taken."""
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.EDIT_RECORD, now=now, today=today)
        name = alias.strip()
        if not name:
            raise OperationRefused([Reason("alias", "Write the name that the other system uses.")])
        if session.get(Alias, name) is not None:
            raise OperationRefused([Reason("alias", f"“{name}” names an account already.")])
        session.add(Alias(alias=name, account_id=account_id, created_at=now))
        dossier.happened("alias_added", effective_on=today, changes={"alias": [None, name]})
        settle(dossier, since=today, cause="An alias was added.")


def remove_alias(*, account_id: int, alias: str, actor: Actor, now: datetime, today: date) -> None:
    """Take a name of another system away from an account. Raises NotFound if it has no such name."""
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.EDIT_RECORD, now=now, today=today)
        row = session.get(Alias, alias)
        if row is None or row.account_id != account_id:
            raise NotFound("alias")
        session.delete(row)
        dossier.happened("alias_removed", effective_on=today, changes={"alias": [alias, None]})
        settle(dossier, since=today, cause="An alias was removed.")


def _cleaned(record: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(record) - set(RECORD)
    if unknown:
        raise OperationRefused([Reason(name, f"An account has no field “{name}”.") for name in sorted(unknown)])
    return {k: (v.strip() or None) if isinstance(v, str) else v for k, v in record.items()}


def _record_reasons(values: Mapping[str, Any], account_id: int | None, today: date) -> list[Reason]:
    reasons, is_new = [], account_id is None
    if (is_new or "name" in values) and not values.get("name"):
        reasons.append(Reason("name", "An account needs a name."))
    if not is_new and "external_id" in values and not values["external_id"]:
        reasons.append(Reason("external_id", "An account needs its id."))
    for name in (*_TEXTS, "external_id"):
        limit = 200 if name in ("name", "organization", "external_id") else 120
        if len(values.get(name) or "") > limit:
            reasons.append(Reason(name, f"At most {limit} characters."))
    if values.get("started_on") is not None:
        reasons += day_reasons("started_on", values["started_on"], today=today)
    if (values.get("annual_value") is None) != (values.get("currency") is None):
        reasons.append(Reason("currency", "A value and its currency go together."))
    return reasons + _reference_reasons(values, account_id)


def _reference_reasons(values: Mapping[str, Any], account_id: int | None) -> list[Reason]:
    session, reasons = db.session, []
    if values.get("team_id") is not None and session.get(Team, values["team_id"]) is None:
        reasons.append(Reason("team_id", "There is no such team."))
    if values.get("owner_id") is not None and session.get(User, values["owner_id"]) is None:
        reasons.append(Reason("owner_id", "There is no such person."))
    if values.get("external_id"):
        taken = session.scalar(select(Account.id).where(Account.external_id == values["external_id"]))
        if taken is not None and taken != account_id:
            reasons.append(Reason("external_id", f"“{values['external_id']}” is another account's external id."))
    return reasons
