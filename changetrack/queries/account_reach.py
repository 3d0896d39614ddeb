"""How the accounts of a list are reached: along an index in the list's order, or through the few that a filter leaves.

Which of the two reads fewer rows follows from the summaries. What must not lead the way is hidden from SQLite
behind an expression that no index knows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal_column, or_, select

from changetrack.domain.filters import ATTRIBUTE, NO_VALUE
from changetrack.domain.funnel import OPEN_PLACES, PLACES
from changetrack.models import Account, db, folded
from changetrack.queries.account_filters import AccountFilters
from changetrack.queries.account_sizes import Sizes, sum_of
from changetrack.queries.filters import account_conditions
from changetrack.queries.named import begins_with, holds_any
from changetrack.queries.standings import standing_accounts

SEARCHED_WHOLE = 10_000  # accounts; in more than these a text is looked for at the beginning of names only
_TEAMS_APART = 12
_COUNTED_UP_TO = 8_000
Condition = ColumnElement[bool]
# As the partial indexes say them, to the letter: only so a database sees that they apply.
_UNSUPPORTED = and_(
    literal_column("accounts.supported_step < accounts.claimed_step"), literal_column("accounts.place < 10")
)
_STALE = and_(literal_column("accounts.stale"), literal_column("accounts.place < 10"))


@dataclass(frozen=True, slots=True)
class Branch:
    """A part of the list that one index holds in order; `place` where the whole branch stands at one."""

    conditions: tuple[Condition, ...]
    place: int | None = None


@dataclass(frozen=True, slots=True)
class _Filter:
    """One filter: as an index can serve it, hidden from them, and how many of all accounts it leaves (None: no index).

    `by_name`: what serves it also holds the names in their order, where it is `parts` each of them;
    `of_all`: of all accounts, not of each team.
    """

    leading: Condition
    hidden: Condition
    size: int | None
    by_name: bool = False
    of_all: bool = False
    parts: tuple[Condition, ...] = ()


def reach(
    filters: AccountFilters, teams: Sequence[int | None] | None, sizes: Sizes, *, by: str, limit: int
) -> list[Branch]:
    """Return the branches that together hold exactly the accounts of the filters in the teams in scope.

    `by` is the sort without its sign; `limit` rows are going to be read of each branch, in its order.
    """
    if teams is not None and not teams:
        return []
    if filters.as_of is not None:
        return [_as_they_stood(filters, teams)]
    narrow = [_as_served(f, by, teams) for f in _filters(filters, sizes)]
    leader = _leader(narrow, filters, sizes, limit)
    if leader is not None:
        hidden = [f.hidden for f in narrow if f is not leader]
        return [Branch((leader.leading, *hidden, *_hidden_scope(teams, _places(filters, sizes))))]
    return list(_along_an_index(filters, teams, narrow, by, _places(filters, sizes)))


def is_searched_whole(filters: AccountFilters, sizes: Sizes) -> bool:
    """Whether a text is found anywhere in names rather than only where they begin."""
    counts = [sizes.in_scope[p] for p in filters.places or PLACES if p in sizes.in_scope]
    return sum_of(counts).accounts <= SEARCHED_WHOLE


def _as_served(one: _Filter, by: str, teams: Sequence[int | None] | None) -> _Filter:
    """The filter as it is for this order and these teams, and for this database.

    PostgreSQL knows how frequent each value is, and guesses where it is hidden: there nothing is.
    """
    by_name = one.by_name and by != "days" and (teams is None or not one.of_all)
    is_weighed = db.session.get_bind().dialect.name == "postgresql"
    return replace(one, by_name=by_name, hidden=one.leading if is_weighed else one.hidden)


def _filters(filters: AccountFilters, sizes: Sizes) -> Iterator[_Filter]:
    for name, value in filters.fields.items():
        if name != "team":
            yield _field(name, value, sizes)
    total = sum_of(sizes.everywhere.values())
    if filters.unsupported:
        gap = Account.claimed_step - Account.supported_step > 0
        yield _Filter(_UNSUPPORTED, gap, total.unsupported, by_name=True, of_all=True)
    if filters.stale:
        yield _Filter(_STALE, Account.stale.is_(True), total.stale, by_name=True, of_all=True)
    if filters.text_keys:
        yield _text(filters, sizes)


def _field(name: str, value: str, sizes: Sizes) -> _Filter:
    (leading,) = account_conditions({name: value})
    if name.startswith(ATTRIBUTE):
        return _Filter(leading, leading, None)
    wanted: Any = "" if value == NO_VALUE else value
    column: Any = getattr(Account, "owner_id" if name == "owner" else name)
    if name == "owner":
        wanted = 0 if value == NO_VALUE else int(value)
    hidden = func.coalesce(column, 0 if name == "owner" else "") == wanted
    counts = sizes.by_field.get(name)
    size = _count(leading) if counts is None else sum_of(counts.values()).accounts
    return _Filter(leading, hidden, size)


def _text(filters: AccountFilters, sizes: Sizes) -> _Filter:
    if is_searched_whole(filters, sizes):
        columns = (Account.name_key, folded(Account.organization), folded(Account.external_id))
        anywhere = or_(*(holds_any(column, filters.text_keys) for column in columns))
        return _Filter(anywhere, anywhere, None)
    parts = tuple(begins_with(key) for key in filters.text_keys)
    hidden = or_(*(Account.name_key.startswith(key, autoescape=True) for key in filters.text_keys))
    return _Filter(or_(*parts), hidden, _count(or_(*parts)), by_name=True, parts=parts)


def _count(leading: Condition) -> int:
    """How many accounts there are of a kind, counted no further than matters."""
    some = select(Account.id).where(leading).limit(_COUNTED_UP_TO).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def _leader(narrow: Sequence[_Filter], filters: AccountFilters, sizes: Sizes, limit: int) -> _Filter | None:
    """The filter to read the list through, None where walking along the order is expected to read less."""
    sized = [f for f in narrow if f.size is not None and not f.by_name]
    if not sized:
        return None
    smallest = min(sized, key=lambda f: f.size or 0)
    everywhere = max(sum_of(sizes.everywhere.values()).accounts, 1)
    in_reach = sum_of(sizes.in_scope[p] for p in filters.places or PLACES if p in sizes.in_scope).accounts
    share = prod((f.size or 0) / everywhere for f in sized)
    walked = min(in_reach, limit / share) if share else in_reach
    return smallest if (smallest.size or 0) <= walked else None


def _places(filters: AccountFilters, sizes: Sizes) -> list[int]:
    """The places at which there can be accounts of the list; those known to have none are not walked along."""
    there = set(filters.places or PLACES)
    for flag in ("unsupported", "stale"):
        if getattr(filters, flag):
            known_empty = {p for p in OPEN_PLACES if not getattr(sizes.in_scope.get(p), flag, 0)}
            there &= set(OPEN_PLACES) - (known_empty if sizes.in_scope else set())
    return sorted(there)


def _along_an_index(
    filters: AccountFilters,
    teams: Sequence[int | None] | None,
    narrow: Sequence[_Filter],
    by: str,
    places: Sequence[int | None],
) -> Iterator[Branch]:
    """One branch for each team and, where the order or a filter asks for it, for each place and beginning of a name."""
    parted = [f.parts if f.by_name and f.parts else (f.leading if f.by_name else f.hidden,) for f in narrow]
    if by == "name" and not (filters.places or filters.unsupported or filters.stale):
        places = [None]
    for team in _scopes(teams):
        for place in places:
            at = () if place is None else (Account.place == place,)
            for conditions in product(*parted):
                yield Branch((*team, *at, *conditions), place)


def _scopes(teams: Sequence[int | None] | None) -> list[tuple[Condition, ...]]:
    if teams is None:
        return [()]
    if len(teams) > _TEAMS_APART:
        return [(Account.team_id.in_(teams),)]
    return [(Account.team_id.is_(None) if team is None else Account.team_id == team,) for team in teams]


def _hidden_scope(teams: Sequence[int | None] | None, places: Sequence[int]) -> list[Condition]:
    found: list[Condition] = [(Account.place + 0).in_(places)] if len(places) < len(PLACES) else []
    if teams is not None:
        found.append(func.coalesce(Account.team_id, 0).in_([team or 0 for team in teams]))
    return found


def _as_they_stood(filters: AccountFilters, teams: Sequence[int | None] | None) -> Branch:
    """The accounts that a picture of the past counted, as far as they may be seen today."""
    assert filters.as_of is not None
    stood = standing_accounts(
        as_of=filters.as_of, known_until=filters.known_until, filters=filters.fields,
        teams=None if teams is None else [team for team in teams if team is not None],
    ).subquery()  # fmt: skip
    at: list[Condition] = [stood.c.place.in_(sorted(filters.places))] if filters.places else []
    at += [stood.c.unsupported] if filters.unsupported else []
    at += [stood.c.stale] if filters.stale else []
    text = [holds_any(Account.name_key, filters.text_keys)] if filters.text_keys else []
    return Branch((Account.id.in_(select(stood.c.account_id).where(*at)), *text))
