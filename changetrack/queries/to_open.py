"""Which accounts of somebody's teams wait to be opened, and whether there is any account at all."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select, union_all

from changetrack.domain.journey.steps import NOT_OPENED
from changetrack.domain.people import Actor
from changetrack.models import Account, db
from changetrack.queries.account_filters import AccountFilters
from changetrack.queries.account_sizes import get_sizes, sum_of

NAMED_AT_MOST = 5


@dataclass(frozen=True, slots=True)
class ToOpen:
    """The accounts of some teams that nobody has opened: how many, and the first few as (id, name).

    `has_accounts`: those teams have any account, opened or not.
    """

    count: int
    first: tuple[tuple[int, str], ...]
    has_accounts: bool


def get_to_open(*, actor: Actor) -> ToOpen:
    """Return what waits to be opened in the actor's teams: two statements, counted by the summaries."""
    teams = sorted(actor.teams)
    counts = get_sizes(AccountFilters(), tuple(teams)).in_scope
    unopened = counts[NOT_OPENED].accounts if NOT_OPENED in counts else 0
    return ToOpen(unopened, _first_of(teams), has_accounts=sum_of(counts.values()).accounts > 0)


def _first_of(teams: Iterable[int]) -> tuple[tuple[int, str], ...]:
    """The first by name; each team's along its own index."""
    order = (Account.name_key, Account.id)
    parts = [
        select(Account.id, Account.name, Account.name_key)
        .where(Account.team_id == team, Account.place == NOT_OPENED)
        .order_by(*order)
        .limit(NAMED_AT_MOST)
        .subquery()
        for team in teams
    ]
    whole = union_all(*(select(part) for part in parts)).subquery()
    query = select(whole.c.id, whole.c.name).order_by(whole.c.name_key, whole.c.id).limit(NAMED_AT_MOST)
    return tuple((key, name) for key, name in db.session.execute(query))
