"""Keeping a view of the list of accounts under a name, for oneself or for the team."""

from datetime import datetime

from sqlalchemy import func, select

from changetrack.domain.people import Actor
from changetrack.domain.refusal import Forbidden, NotFound, Reason, refuse_if
from changetrack.models import SavedView
from changetrack.operations._transaction import transaction

VIEWS_AT_MOST = 50  # of one person
_LONGEST_NAME = 80
_LONGEST_QUERY = 2000


def save_view(*, name: str, query: str, is_shared: bool, actor: Actor, now: datetime) -> None:
    """Keep the arguments of an address (`query`, checked by the face) under a name; the same name replaces.

    Shared, the actor's team mates see it too: the view, not more accounts. Raises OperationRefused with all that is
    wrong.
    """
    with transaction() as session:
        if actor.user_id is None:
            raise Forbidden("A view belongs to a person.")
        name = " ".join(name.split())
        mine = SavedView.user_id == actor.user_id
        kept = session.scalar(select(SavedView).where(mine, SavedView.name == name))
        count = session.scalar(select(func.count()).select_from(SavedView).where(mine)) or 0
        reasons = [] if name else [Reason("name", "Give the view a name.")]
        if len(name) > _LONGEST_NAME:
            reasons.append(Reason("name", f"At most {_LONGEST_NAME} characters."))
        if len(query) > _LONGEST_QUERY:
            reasons.append(Reason(None, "This view has too many filters to be kept."))
        if kept is None and count >= VIEWS_AT_MOST:
            reasons.append(Reason(None, f"You have {VIEWS_AT_MOST} views. Remove one first."))
        refuse_if(reasons)
        if kept is None:
            kept = SavedView(user_id=actor.user_id, name=name, created_at=now)
            session.add(kept)
        kept.query, kept.is_shared = query, is_shared


def remove_view(*, view_id: int, actor: Actor, now: datetime) -> None:
    """Forget one of the actor's own views. Raises NotFound for any other."""
    del now  # nothing is left that it could date
    with transaction() as session:
        view = session.get(SavedView, view_id)
        if view is None or view.user_id != actor.user_id:
            raise NotFound("view")
        session.delete(view)
