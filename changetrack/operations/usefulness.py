"""Measuring whether alerts helped: whether progress followed within ten business days."""

from collections.abc import Sequence
from datetime import date, datetime, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, or_, select, update

from changetrack.domain.funnel import end_of_day
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Forbidden
from changetrack.models import Alert, Event, OutboxMessage
from changetrack.operations._commitments import still_counts
from changetrack.operations._transaction import transaction

_WAITS = and_(Alert.useful.is_(None), Alert.useful_until.is_not(None))


def measure_alerts(*, zone: tzinfo, actor: Actor, now: datetime, today: date) -> dict[str, int]:
    """Write down of each alert whether progress followed: as soon as it did, or once its days are over without.

    Two statements; returns how many were found `useful` and `useless`. Only what was known in `zone` when the last of
    its days ended counts, whenever this is done. An alert of which nobody was told has no such days, and what came
    before the first message about it, of one that stems from an import, does not follow from it. Source: DOMAIN
    section 6 (usefulness).
    """
    if not may(actor, Action.SEE_ALL):
        raise Forbidden("Only who sees all accounts measures their alerts.")
    del now
    with transaction() as session:
        days = session.scalars(select(Alert.useful_until).where(_WAITS).distinct()).all()
        if not days:
            return {"useful": 0, "useless": 0}
        followed = _followed(days, zone)
        measured = update(Alert).where(_WAITS, or_(Alert.useful_until < today, followed)).values(useful=followed)
        statement = measured.returning(Alert.useful)
        found = session.scalars(statement, execution_options={"synchronize_session": False}).all()
        return {"useful": sum(map(bool, found)), "useless": sum(not useful for useful in found)}


def _followed(days: Sequence[date | None], zone: tzinfo) -> ColumnElement[bool]:
    """That progress followed an alert whose days end on one of `days`, and was known by then."""
    first = select(func.min(OutboxMessage.created_at)).where(OutboxMessage.alert_id == Alert.id).scalar_subquery()
    ends = [(Alert.useful_until == day, literal(end_of_day(day, zone), Event.recorded_at.type)) for day in days if day]
    known_until: ColumnElement[Any] = case(*ends)
    return exists().where(
        Event.account_id == Alert.account_id,
        Event.is_progress,
        Event.effective_on.between(Alert.raised_on, Alert.useful_until),
        Event.recorded_at > func.coalesce(first, Alert.raised_at),
        Event.recorded_at < known_until,
        still_counts(),
    )
