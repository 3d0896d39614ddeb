"""Finding the accounts whose counted use may prove a control point that does not hold yet."""

from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, select, update

from changetrack.domain.funnel import HELD
from changetrack.domain.journey.use_points import USE_DAYS
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Forbidden
from changetrack.domain.staleness import WARNING_DAYS
from changetrack.models import Account, Evidence, Metric, UsageMember
from changetrack.operations._transaction import transaction

POINTS = {"active_users": "4c", "first_task": "5b"}
_FIRST_STEP = 4
_RENEWED = timedelta(days=WARNING_DAYS)  # before its evidence ends


def wake_accounts(*, actor: Actor, now: datetime, today: date) -> int:
    """Make those accounts due today whose people were seen lately while the point that this proves lacks evidence.

    One statement, and none of it where no metric says that it counts people; looks at the accounts from step 4 on.
    Returns how many were not due before. Source: DOMAIN section 3 (4c, 5b).
    """
    if not may(actor, Action.SEE_ALL):
        raise Forbidden("Only who sees all accounts wakes them.")
    del now
    with transaction() as session:
        metrics = session.execute(
            select(Metric.purpose, Metric.id).where(Metric.purpose.is_not(None), Metric.archived_at.is_(None))
        ).all()
        if not metrics:
            return 0
        waiting = or_(*(_waits(POINTS[purpose], id_, today) for purpose, id_ in metrics if purpose in POINTS))
        idle = or_(Account.due_on.is_(None), Account.due_on > today)
        woken = update(Account).where(Account.place >= _FIRST_STEP, Account.place < HELD, idle, waiting)
        statement = woken.values(due_on=today).returning(Account.id)
        return len(session.execute(statement, execution_options={"synchronize_session": False}).all())


def _waits(point: str, metric_id: int, today: date) -> ColumnElement[bool]:
    seen = exists().where(
        UsageMember.account_id == Account.id,
        UsageMember.metric_id == metric_id,
        UsageMember.day > today - timedelta(days=USE_DAYS),
    )
    lasts = or_(Evidence.expires_on.is_(None), Evidence.expires_on > today + _RENEWED)
    proven = exists().where(
        Evidence.account_id == Account.id, Evidence.point == point, Evidence.kind == "record",
        Evidence.retracted_on.is_(None), lasts,
    )  # fmt: skip
    return and_(seen, ~proven)
