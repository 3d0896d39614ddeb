"""Search: the accounts and people that a few letters mean, as far as an index or a small scope allows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, or_, select, union_all

from changetrack.domain.people import Actor, visible_teams
from changetrack.models import Account, Alias, Contact, TeamMember, User, db, folded
from changetrack.queries.account_filters import AccountFilters, teams_in_scope
from changetrack.queries.account_reach import is_searched_whole
from changetrack.queries.account_sizes import get_sizes
from changetrack.queries.named import begins_with, holds_any

ACCOUNTS_AT_MOST = 20
PEOPLE_AT_MOST = 10
# The order of names that no index holds: what may be anywhere is looked for in the scope, not along all names.
_IN_SCOPE = func.coalesce(Account.name_key, "")


@dataclass(frozen=True, slots=True)
class AccountHit:
    """An account that was found; `by` is 'name', 'organization', 'id' or 'alias', `found` the text that matched."""

    id: int
    name: str
    organization: str | None
    product: str | None
    status: str
    claimed_step: int
    supported_step: int
    by: str
    found: str


@dataclass(frozen=True, slots=True)
class PersonHit:
    """Somebody of ours, or somebody at a customer, then with the account; `note` is an e-mail or a title."""

    name: str
    note: str | None
    user_id: int | None = None
    account_id: int | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found. `is_whole`: names were searched anywhere, not only at their beginning."""

    accounts: tuple[AccountHit, ...]
    people: tuple[PersonHit, ...]
    is_whole: bool

    @property
    def is_nothing(self) -> bool:
        """Whether nothing was found."""
        return not (self.accounts or self.people)


def search(text: str, *, actor: Actor) -> Found:
    """Return what `text` means among the accounts and people that the actor may see, by four statements.

    Ids and aliases are found by their whole, people of ours anywhere in name or e-mail; names of accounts and people
    of customers anywhere too, unless there are so many accounts that only beginnings of names are looked up.
    """
    filters = AccountFilters(text=text)
    if not filters.text_keys:
        return Found((), (), is_whole=True)
    teams = teams_in_scope(filters, actor)
    is_whole = is_searched_whole(filters, get_sizes(filters, teams))
    scope = [] if teams is None else [Account.team_id.in_(teams)]
    people = _ours(filters.text_keys, actor)
    if is_whole:
        people += _theirs(filters.text_keys, scope)
    return Found(_accounts(text.strip(), filters.text_keys, scope, is_whole=is_whole), tuple(people), is_whole)


def _accounts(
    text: str, keys: Sequence[str], scope: Sequence[ColumnElement[bool]], *, is_whole: bool
) -> tuple[AccountHit, ...]:
    """Whole ids first, then aliases, then names: those that begin with the text before those that hold it."""
    spelt = {text, text.upper(), text.lower()}
    parts = [
        _part(0, "id", Account.external_id, scope, [Account.external_id.in_(spelt)]),
        _part(1, "alias", Alias.alias, scope, [Alias.alias.in_(spelt)]).join(Alias, Alias.account_id == Account.id),
        *(_part(2, "name", Account.name, scope, [begins_with(key)]) for key in keys),
    ]
    if is_whole:
        organization = holds_any(folded(Account.organization), keys)
        inside = holds_any(Account.name_key, keys)
        parts.append(_part(3, "name", Account.name, scope, [inside], order=_IN_SCOPE))
        parts.append(_part(4, "organization", Account.organization, scope, [organization], order=_IN_SCOPE))
    found = union_all(*(select(part.subquery()) for part in parts)).subquery()
    hits: dict[int, AccountHit] = {}
    for row in db.session.execute(select(found).order_by(found.c.rank, found.c.name_key, found.c.id)):
        hits.setdefault(row.id, AccountHit(*row[2:]))
    return tuple(hits.values())[:ACCOUNTS_AT_MOST]


def _part(
    rank: int,
    by: str,
    matched: Any,
    scope: Sequence[ColumnElement[bool]],
    conditions: Sequence[ColumnElement[bool]],
    order: Any = Account.name_key,
) -> Select[Any]:
    shown: list[Any] = [Account.id, Account.name, Account.organization, Account.product, Account.status]
    shown += [Account.claimed_step, Account.supported_step, literal(by).label("by"), matched.label("found")]
    query: Select[Any] = select(literal(rank).label("rank"), Account.name_key, *shown)
    return query.where(*scope, *conditions).order_by(order, Account.id).limit(ACCOUNTS_AT_MOST)


def _ours(keys: Sequence[str], actor: Actor) -> list[PersonHit]:
    is_named = or_(holds_any(folded(User.name), keys), holds_any(User.email, keys))
    query = select(User.id, User.name, User.email).where(User.disabled_at.is_(None), is_named)
    teams = visible_teams(actor)
    if teams is not None:
        query = query.where(User.id.in_(select(TeamMember.user_id).where(TeamMember.team_id.in_(teams))))
    rows = db.session.execute(query.order_by(User.name, User.id).limit(PEOPLE_AT_MOST))
    return [PersonHit(row.name, row.email, user_id=row.id) for row in rows]


def _theirs(keys: Sequence[str], scope: Sequence[ColumnElement[bool]]) -> list[PersonHit]:
    is_named = or_(holds_any(folded(Contact.name), keys), holds_any(func.lower(Contact.email), keys))
    query = (
        select(Contact.name, Contact.title, Account.id, Account.name.label("account"))
        .join(Account, Account.id == Contact.account_id)
        .where(*scope, Contact.left_on.is_(None), is_named)
        .order_by(Contact.name, Contact.account_id)
        .limit(PEOPLE_AT_MOST)
    )
    rows = db.session.execute(query)
    return [PersonHit(row.name, row.title, account_id=row.id, account=row.account) for row in rows]
