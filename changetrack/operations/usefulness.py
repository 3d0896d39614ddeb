"""Measuring whether alerts helped: whether progress followed within ten business days."""

from datetime import date, datetime

from sqlalchemy import exists, func, or_, select, update

from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Forbidden
from changetrack.models import Alert, Event, OutboxMessage
from changetrack.operations._transaction import transaction


def measure_alerts(*, actor: Actor, now: datetime, today: date) -> dict[str, int]:
    """Write down of each alert whether progress followed: as soon as it did, or once its days are over without.

    One statement; returns how many were found `useful` and `useless`. An alert of which nobody was told has no such
    days, and what came before the first message about it, of one that stems from an import, does not follow from it.
    Source: DOMAIN section 6 (usefulness).
    """
    if not may(actor, Action.SEE_ALL):
        raise Forbidden("Only who sees all accounts measures their alerts.")
    del now
    first = select(func.min(OutboxMessage.created_at)).where(OutboxMessage.alert_id == Alert.id).scalar_subquery()
    followed = exists().where(
        Event.account_id == Alert.account_id,
        Event.is_progress,
        Event.effective_on.between(Alert.raised_on, Alert.useful_until),
        Event.recorded_at > func.coalesce(first, Alert.raised_at),
    )
    waiting = (Alert.useful.is_(None), Alert.useful_until.is_not(None))
    measured = update(Alert).where(*waiting, or_(Alert.useful_until < today, followed)).values(useful=followed)
    with transaction() as session:
        statement = measured.returning(Alert.useful)
        found = session.scalars(statement, execution_options={"synchronize_session": False}).all()
        return {"useful": sum(map(bool, found)), "useless": sum(not useful for useful in found)}
