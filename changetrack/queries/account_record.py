"""The record of one account as it is edited: its fields, its version, its names in other systems."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import NotFound
from changetrack.models import Account, Alias, db

ALIASES_SHOWN = 200


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """The fields of one account; `aliases` are its names in other systems.

    `annual_value` is in minor units of `currency`; `version` grows with each edit.
    """

    id: int
    version: int
    external_id: str
    name: str
    organization: str | None
    product: str | None
    segment: str | None
    region: str | None
    industry: str | None
    tier: str | None
    team_id: int | None
    owner_id: int | None
    started_on: date | None
    annual_value: int | None
    currency: str | None
    planned_users: int | None
    calendar_id: int | None
    blackout_days: tuple[date, ...]
    attributes: Mapping[str, Any]
    may_edit: bool
    aliases: tuple[str, ...] = ()


def get_account_record(account_id: int, *, actor: Actor) -> AccountRecord:
    """Return an account's record by two statements. Raises NotFound if it is absent or another team's."""
    account = db.session.get(Account, account_id)
    if account is None or not may(actor, Action.SEE, account.team_id):
        raise NotFound("account")
    fields = (
        "id", "version", "external_id", "name", "organization", "product", "segment", "region", "industry", "tier",
        "team_id", "owner_id", "started_on", "annual_value", "currency", "planned_users", "calendar_id", "attributes",
    )  # fmt: skip
    return AccountRecord(
        **{name: getattr(account, name) for name in fields},
        blackout_days=tuple(map(date.fromisoformat, account.blackout_days)),
        may_edit=may(actor, Action.EDIT_RECORD, account.team_id),
        aliases=list_aliases(account_id),
    )


def list_aliases(account_id: int) -> tuple[str, ...]:
    """The account's names in other systems, the first 200 by alphabet; who asks has been let in before."""
    aliases = select(Alias.alias).where(Alias.account_id == account_id).order_by(Alias.alias).limit(ALIASES_SHOWN)
    return tuple(db.session.scalars(aliases))
