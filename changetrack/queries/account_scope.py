"""Whose records a list across accounts may hold, and whether it is quicker to go through the accounts or past them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, exists, select

from changetrack.domain.people import Actor
from changetrack.models import Account
from changetrack.queries.account_filters import AccountFilters, teams_in_scope
from changetrack.queries.account_sizes import get_sizes
from changetrack.queries.filters import account_conditions

_SMALL = 300  # accounts: so many are looked through rather than looked for


@dataclass(frozen=True, slots=True)
class Scope:
    """The accounts that some fields leave and an actor may see; `accounts` says how many, None where nobody counted.

    `is_empty`: there can be none.
    """

    fields: Mapping[str, str]
    teams: tuple[int | None, ...] | None
    accounts: int | None

    @property
    def is_whole(self) -> bool:
        """Whether it is every account there is."""
        return self.teams is None and not self.fields

    @property
    def is_empty(self) -> bool:
        """Whether nobody's accounts are in it."""
        return self.teams == ()

    @property
    def is_small(self) -> bool:
        """Whether it is a part of all accounts that is best gone through account by account."""
        return not self.is_whole and self.accounts is not None and self.accounts <= _SMALL

    def conditions(self, account_id: Any) -> tuple[ColumnElement[bool], ...]:
        """The condition that the account with this id is in the scope; none for the whole."""
        if self.is_whole:
            return ()
        rest = {name: value for name, value in self.fields.items() if name != "team" or self.teams is None}
        mine = account_conditions(rest)
        if self.teams is not None:
            team = Account.team_id
            mine.append(team.is_(None) if self.teams == (None,) else team.in_([t for t in self.teams if t is not None]))
        if self.is_small:
            return (account_id.in_(select(Account.id).where(*mine)),)
        return (exists().where(Account.id == account_id, *mine),)


def get_scope(fields: Mapping[str, str], *, actor: Actor) -> Scope:
    """Return the scope of validated fields of accounts for an actor, by at most one statement."""
    filters = AccountFilters(fields=fields)
    teams = teams_in_scope(filters, actor)
    if (teams is None and not fields) or teams == ():
        return Scope(fields, teams, None)
    return Scope(fields, teams, get_sizes(filters, teams).total(filters))
