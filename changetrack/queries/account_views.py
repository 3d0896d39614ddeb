"""The kept views of the list of accounts: one's own, and those that team mates share."""

from dataclasses import dataclass

from sqlalchemy import and_, or_, select

from changetrack.domain.people import Actor
from changetrack.models import SavedView, TeamMember, User, db

LISTED_AT_MOST = 100


@dataclass(frozen=True, slots=True)
class ViewRow:
    """A kept view: `query` holds the arguments of its address; `owner` is None for one's own."""

    id: int
    name: str
    query: str
    is_shared: bool
    owner: str | None


def list_views(*, actor: Actor) -> tuple[ViewRow, ...]:
    """Return the actor's views by name, then those that people of their teams share, by one statement."""
    mine = SavedView.user_id == actor.user_id
    mates = select(TeamMember.user_id).where(TeamMember.team_id.in_(actor.teams))
    shared = and_(SavedView.is_shared, SavedView.user_id.in_(mates))
    rows = db.session.execute(
        select(SavedView, User.name)
        .join(User, User.id == SavedView.user_id)
        .where(or_(mine, shared))
        .order_by(mine.desc(), SavedView.name, SavedView.id)
        .limit(LISTED_AT_MOST)
    )
    return tuple(
        ViewRow(view.id, view.name, view.query, view.is_shared, None if view.user_id == actor.user_id else owner)
        for view, owner in rows
    )
