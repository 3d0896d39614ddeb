"""Finding the accounts whose counted use may prove a control point that does not hold yet."""

from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update

from changetrack.domain.funnel import HELD
from changetrack.domain.journey.use_points import USE_DAYS, USE_SHARE, USERS_NEEDED
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Forbidden
from changetrack.domain.staleness import WARNING_DAYS
from changetrack.models import Account, Contact, Evidence, Journey, Metric, UsageMember
from changetrack.operations._transaction import transaction

POINTS = {"active_users": "4c", "first_task": "5b"}
_FIRST_STEP = 4
_RENEWED = timedelta(days=WARNING_DAYS)  # before its evidence ends


def wake_accounts(*, actor: Actor, now: datetime, today: date) -> int:
    """Make those accounts due today whose people were seen lately while the point that this proves lacks evidence.

    Those of whom too little is known to prove it sleep on: fewer of the coalition with an address, or fewer who did
    the first task, than it takes. One statement, and none of it where no metric says that it counts people; looks at
    the accounts from step 4 on. Returns how many were not due before. Source: DOMAIN section 3 (4c, 5b).
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
        is_open = exists().where(Journey.account_id == Account.id, Journey.opened_on.is_not(None))
        woken = update(Account).where(Account.place >= _FIRST_STEP, Account.place < HELD, idle, waiting, is_open)
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
    return and_(seen, ~proven, _are_enough(point, metric_id, today))


def _are_enough(point: str, metric_id: int, today: date) -> ColumnElement[bool]:
    """What the point takes at least, as far as numbers say: who is of the coalition only their addresses tell."""
    if point == POINTS["first_task"]:
        did = select(func.count(UsageMember.member.distinct())).where(
            UsageMember.account_id == Account.id, UsageMember.metric_id == metric_id
        )
        return and_(Account.planned_users > 0, did.scalar_subquery() >= USE_SHARE * Account.planned_users)
    people = select(func.count()).where(
        Contact.account_id == Account.id, Contact.in_coalition, Contact.email.is_not(None),
        or_(Contact.left_on.is_(None), Contact.left_on > today),
    )  # fmt: skip
    return people.scalar_subquery() >= USERS_NEEDED
