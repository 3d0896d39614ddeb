"""Freezing what the limits of days in a step have learned, once for each month."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.funnel import end_of_day
from changetrack.domain.journey.playbook import parse_playbook
from changetrack.domain.journey.steps import STEPS
from changetrack.domain.learned_limits import WINDOW_DAYS, Learned, learn
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Forbidden
from changetrack.models import Account, LearnedLimit, PlaybookVersion
from changetrack.operations._transaction import transaction
from changetrack.queries.learned_limits import FrozenLimit, get_limits, list_limits
from changetrack.queries.stays import get_stays


@dataclass(frozen=True, slots=True)
class Frozen:
    """What was frozen: the steps with a limit of their own learning, and how many accounts are due because of it."""

    learned: int = 0
    due: int = 0
    is_new: bool = False


def freeze_limits(*, day: date, zone: tzinfo, actor: Actor, now: datetime, today: date) -> Frozen:
    """Learn the limit of days in each step for the month of `day`, and keep it; does nothing if that was done.

    From what was known in `zone` when the month began, the playbook's limits among it, whenever it is done. The
    accounts at steps whose limit differs from that of the month before become due today, by one statement. Source:
    DOMAIN section 6 (learned T_age).
    """
    if not may(actor, Action.SEE_ALL):
        raise Forbidden("Only who sees all accounts learns from them.")
    month = day.replace(day=1)
    if _is_frozen(list_limits(month), month):
        return Frozen()
    eve = month - timedelta(days=1)
    known_until = end_of_day(eve, zone)
    # What was known then is what it is: nobody who writes has to wait while it is read.
    stays = get_stays(first=eve - timedelta(days=WINDOW_DAYS), last=eve, known_until=known_until)
    with transaction() as session:
        before = get_limits(session, month)
        if _is_frozen(before, month):
            return Frozen()
        fixed = _fixed(session, known_until)
        if not fixed:
            return Frozen()  # nobody has begun yet
        found = {step: learn(stays.get(step, ()), fixed=fixed[step], today=eve) for step in STEPS}
        rows = [_row(month, step, fixed[step], found[step], now) for step in STEPS]
        if not _insert_once(session, rows):
            return Frozen()  # another scheduler was faster
        held = {step: limit.limit_days for step, limit in before.items()}
        changed = [step for step in STEPS if (held.get(step) or fixed[step]) != (found[step].limit or fixed[step])]
        learned = sum(one.limit is not None for one in found.values())
        return Frozen(learned, _make_due(session, changed, today), is_new=True)


def _is_frozen(limits: Mapping[int, FrozenLimit], month: date) -> bool:
    return any(limit.month == month for limit in limits.values())


def _fixed(session: scoped_session[Session], known_until: datetime) -> dict[int, int | None]:
    """The limits of the playbook that was in force then; of the first one where that was before there was any."""
    version = PlaybookVersion.version
    known = select(func.max(version)).where(PlaybookVersion.created_at < known_until).scalar_subquery()
    number = func.coalesce(known, select(func.min(version)).scalar_subquery())
    stored = session.scalar(select(PlaybookVersion).where(version == number))
    steps = parse_playbook(stored.version, stored.body).steps if stored is not None else {}
    return {step: rules.age_days for step, rules in steps.items()}


def _row(month: date, step: int, fixed: int | None, learned: Learned, now: datetime) -> dict[str, Any]:
    return {
        "month": month,
        "step": step,
        "fixed_days": fixed,
        "quantile_days": learned.quantile,
        "limit_days": learned.limit,
        "advances": learned.advances,
        "visits": learned.visits,
        "falls": [[fall.day, fall.at_risk, fall.ended] for fall in learned.curve.falls],
        "frozen_at": now,
    }


def _insert_once(session: scoped_session[Session], rows: list[dict[str, Any]]) -> bool:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    insert = dialect.insert(LearnedLimit).values(rows).on_conflict_do_nothing()
    return bool(session.execute(insert.returning(LearnedLimit.step)).all())


def _make_due(session: scoped_session[Session], steps: list[int], today: date) -> int:
    idle = or_(Account.due_on.is_(None), Account.due_on > today)
    due = update(Account).where(Account.place.in_(steps), idle).values(due_on=today).returning(Account.id)
    return len(session.execute(due, execution_options={"synchronize_session": False}).all())
