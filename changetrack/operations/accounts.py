"""Adding accounts by hand, editing their record, and their names in other systems."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, insert, select, update

from changetrack.domain.accounts import MAX_ATTRIBUTE_KEY, MAX_ATTRIBUTE_VALUE, MAX_ATTRIBUTES, RECORD_FIELDS
from changetrack.domain.history import field_diff
from changetrack.domain.journey.moves import day_reasons
from changetrack.domain.money import CURRENCIES, MAX_MINOR_UNITS
from changetrack.domain.names import name_key
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused, Reason, StaleVersion, refuse_if
from changetrack.models import (
    OPEN_ALERT,
    Account,
    Alert,
    Alias,
    Calendar,
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
from changetrack.operations._days_off import days_off_reasons
from changetrack.operations._dossier import LARGEST_ID, Dossier, open_dossier
from changetrack.operations._hands import hands_change
from changetrack.operations._new_account import RECORD, Placement, new_account, reserve_ids
from changetrack.operations._proposals import people_of
from changetrack.operations._settle import count_holds_anew, settle
from changetrack.operations._texts import text_reasons
from changetrack.operations._transaction import transaction, unique_or
from changetrack.operations.usage._match import count_waiting
from changetrack.queries.work_calendars import load_calendars

_TEXTS = {f.name: f.max_length for f in RECORD_FIELDS if f.kind == "text" and f.name in RECORD}
_LONGEST_ALIAS = 200
_MOST_USERS = 10**9
_TRIED_AT_ONCE = 20  # ids


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
        values["external_id"] = values.get("external_id") or _free_id(f"ct-{account_id}")
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
            with unique_or(_taken(values["external_id"])):
                session.execute(insert(table), [row])
        tally.flush(session)
        count_waiting(session, now=now, today=today, names=[values["external_id"]])
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
        whole = {name: getattr(account, name) for name in RECORD} | after
        refuse_if(_record_reasons(whole, account_id, today) + _hand_over_reasons(dossier, whole["team_id"]))
        changes = field_diff(before, after)
        if not changes:
            return
        is_handed_over = bool(changes.keys() & {"team_id", "owner_id"})
        with hands_change(session, Account.id == account_id if is_handed_over else None, now):
            for name, value in after.items():
                setattr(account, name, value)
            if "calendar_id" in changes or "blackout_days" in changes:
                dossier.calendar = load_calendars().of(account.calendar_id, account.blackout_days)
            account.name_key = name_key(account.name)
            account.version += 1
            with unique_or(_taken(account.external_id)):
                session.flush()
            if account.held_days and changes.keys() & {"calendar_id", "blackout_days"}:
                count_holds_anew(dossier)
            if "team_id" in changes:  # whoever has the account now hears of it
                open_ones = (Alert.account_id == account_id, OPEN_ALERT)
                session.execute(update(Alert).where(*open_ones).values(team_id=account.team_id))
            if "external_id" in changes:
                count_waiting(session, now=now, today=today, names=[account.external_id])
            dossier.happened("account_edited", effective_on=today, changes=changes)
            settle(dossier, since=today, cause="The record was edited.")


def add_alias(*, account_id: int, alias: str, actor: Actor, now: datetime, today: date) -> None:
    """Give an account the name by which another system knows it. Raises OperationRefused if it is taken."""
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.EDIT_RECORD, now=now, today=today)
        name = alias.strip()
        if not name:
            raise OperationRefused([Reason("alias", "Write the name that the other system uses.")])
        refuse_if(text_reasons({"alias": name}, {"alias": _LONGEST_ALIAS}))
        taken = Reason("alias", f"“{name}” names an account already.")
        if session.get(Alias, name) is not None:
            raise OperationRefused([taken])
        with unique_or(taken):
            session.execute(insert(Alias).values(alias=name, account_id=account_id, created_at=now))
        count_waiting(session, now=now, today=today, names=[name])
        dossier.happened("alias_added", effective_on=today, changes={"alias": [None, name]})
        settle(dossier, since=today, cause="An alias was added.")


def remove_alias(*, account_id: int, alias: str, actor: Actor, now: datetime, today: date) -> None:
    """Take a name of another system away from an account. Raises NotFound if it has no such name."""
    with transaction() as session:
        dossier = open_dossier(session, account_id, actor=actor, action=Action.EDIT_RECORD, now=now, today=today)
        row = None if text_reasons({"alias": alias}, {"alias": _LONGEST_ALIAS}) else session.get(Alias, alias)
        if row is None or row.account_id != account_id:
            raise NotFound("alias")
        session.delete(row)
        dossier.happened("alias_removed", effective_on=today, changes={"alias": [alias, None]})
        settle(dossier, since=today, cause="An alias was removed.")


def _cleaned(record: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(record) - set(RECORD)
    if unknown:
        raise OperationRefused([Reason(name, f"An account has no field “{name}”.") for name in sorted(unknown)])
    cleaned = {k: (v.strip() or None) if isinstance(v, str) else v for k, v in record.items()}
    if "blackout_days" in cleaned:
        cleaned["blackout_days"] = [day.isoformat() for day in sorted(set(cleaned["blackout_days"] or ()))]
    return cleaned


def _record_reasons(values: Mapping[str, Any], account_id: int | None, today: date) -> list[Reason]:
    reasons, is_new = [], account_id is None
    if (is_new or "name" in values) and not values.get("name"):
        reasons.append(Reason("name", "An account needs a name."))
    if not is_new and "external_id" in values and not values["external_id"]:
        reasons.append(Reason("external_id", "An account needs its id."))
    reasons += text_reasons(values, _TEXTS)
    if values.get("started_on") is not None:
        reasons += day_reasons("started_on", values["started_on"], today=today)
    if (values.get("annual_value") is None) != (values.get("currency") is None):
        reasons.append(Reason("currency", "A value and its currency go together."))
    elif values.get("currency") is not None:
        reasons += _money_reasons(values["annual_value"], values["currency"])
    if not 0 < (values.get("planned_users") or 1) < _MOST_USERS:
        reasons.append(Reason("planned_users", "Planned users are a whole number of people."))
    reasons += days_off_reasons([date.fromisoformat(day) for day in values.get("blackout_days") or ()])
    return reasons + _attribute_reasons(values.get("attributes") or {}) + _reference_reasons(values, account_id)


def _reference_reasons(values: Mapping[str, Any], account_id: int | None) -> list[Reason]:
    session, reasons = db.session, []
    if not _exists(Team, values.get("team_id")):
        reasons.append(Reason("team_id", "There is no such team."))
    if not _exists(User, values.get("owner_id")):
        reasons.append(Reason("owner_id", "There is no such person."))
    if not _exists(Calendar, values.get("calendar_id")):
        reasons.append(Reason("calendar_id", "There is no such calendar."))
    if values.get("external_id") and not text_reasons(values, {"external_id": _TEXTS["external_id"]}):
        taken = session.scalar(select(Account.id).where(Account.external_id == values["external_id"]))
        if taken is not None and taken != account_id:
            reasons.append(_taken(values["external_id"]))
    return reasons


def _exists(model: type[Team | User | Calendar], key: int | None) -> bool:
    return key is None or (0 < key <= LARGEST_ID and db.session.get(model, key) is not None)


def _taken(external_id: str) -> Reason:
    return Reason("external_id", f"“{external_id}” is another account's external id.")


def _free_id(wanted: str) -> str:
    """`wanted`, or with a number behind it where somebody chose that very id for another account."""
    tried = 1
    while True:  # a few at a time, each looked up by its whole: an index serves that, whatever the collation
        candidates = [wanted if n == 1 else f"{wanted}-{n}" for n in range(tried, tried + _TRIED_AT_ONCE)]
        rivals = set(db.session.scalars(select(Account.external_id).where(Account.external_id.in_(candidates))))
        if free := [c for c in candidates if c not in rivals]:
            return free[0]
        tried += _TRIED_AT_ONCE


def _money_reasons(amount: Any, currency: Any) -> list[Reason]:
    reasons = []
    if not isinstance(amount, int) or not 0 <= amount <= MAX_MINOR_UNITS:
        reasons.append(Reason("annual_value", "The annual value is not an amount that can be kept."))
    if currency not in CURRENCIES:
        reasons.append(Reason("currency", "Write the currency's three-letter code, such as EUR."))
    return reasons


def _attribute_reasons(attributes: Mapping[str, Any]) -> list[Reason]:
    keys, texts = {key: key for key in attributes}, {k: v for k, v in attributes.items() if isinstance(v, str)}
    found = text_reasons(keys, dict.fromkeys(keys, MAX_ATTRIBUTE_KEY))
    found += text_reasons(texts, dict.fromkeys(texts, MAX_ATTRIBUTE_VALUE))
    reasons = [Reason("attributes", f"{reason.field}: {reason.message}"[:500]) for reason in found[:1]]
    if len(attributes) > MAX_ATTRIBUTES:
        reasons.append(Reason("attributes", f"At most {MAX_ATTRIBUTES} further fields are kept."))
    return reasons


def _hand_over_reasons(dossier: Dossier, team_id: int | None) -> list[Reason]:
    """Nobody takes an account out of a team of several to pass its gate alone."""
    actor, account = dossier.actor, dossier.account
    if team_id == account.team_id or actor.user_id is None or not _exists(Team, team_id):
        return []
    alone = {actor.user_id}
    if set(people_of(dossier, team_id)) != alone or set(people_of(dossier, account.team_id)) == alone:
        return []
    return [Reason("team_id", "You stand alone in that team: somebody else has to hand the account over.")]
