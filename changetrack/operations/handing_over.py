"""Telling those to whom firing alerts were handed over, once hands have rested."""

from datetime import datetime

from sqlalchemy import func, select

from changetrack.domain.people import Actor
from changetrack.models import OutboxMessage
from changetrack.operations._audience import Audience, Reach
from changetrack.operations._cap import HELD_COLUMNS, let_go, release
from changetrack.operations._rulebook import load_rulebook
from changetrack.operations._transaction import transaction

PERSONS = 20  # at a time


def release_handed_over(
    *, written_by: datetime, actor: Actor, now: datetime, reach: Reach | None = None
) -> dict[str, int]:
    """Tell up to twenty persons of the alerts that were handed to them, the newest of them `written_by` then.

    By the channels of `reach` that each chose: the five weightiest of a day singly, with what was told singly already,
    and all others in one letter. What is no longer so is not told. Returns how many `persons` were told, 0 when nobody
    is left. Source: DOMAIN section 6 (against fatigue).
    """
    del actor  # a job of the system
    handed = (OutboxMessage.held_for.is_not(None), OutboxMessage.run_on.is_(None))
    rested = func.max(OutboxMessage.created_at) <= written_by
    with transaction() as session:
        query = select(OutboxMessage.user_id).where(*handed).group_by(OutboxMessage.user_id).having(rested)
        persons = session.scalars(query.order_by(OutboxMessage.user_id).limit(PERSONS)).all()
        if not persons:
            return {"persons": 0}
        theirs = select(*HELD_COLUMNS).where(*handed, OutboxMessage.user_id.in_(persons))
        rows = session.execute(theirs.order_by(OutboxMessage.id).with_for_update()).all()
        endpoints = load_rulebook(session, (), now.date()).endpoints
        let_go(session, release(session, rows, Audience(session, reach), endpoints, now), now)
        return {"persons": len(persons)}
