"""Reads of the learned limits: what holds in a month, how it came about, and the stays from which it is learned."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, bindparam, func, select
from sqlalchemy.orm import Session, aliased, scoped_session

from changetrack.domain.statistics import Curve, curve_of
from changetrack.models import Account, LearnedLimit, db

MONTHS = 12  # whose limits are shown
_Begun = aliased(LearnedLimit)
_NEWEST = select(func.max(_Begun.month)).where(_Begun.month <= bindparam("month")).scalar_subquery()
_COLUMNS = (
    LearnedLimit.month,
    LearnedLimit.step,
    LearnedLimit.fixed_days,
    LearnedLimit.quantile_days,
    LearnedLimit.limit_days,
    LearnedLimit.advances,
    LearnedLimit.visits,
)
_HELD = select(*_COLUMNS).where(LearnedLimit.month == _NEWEST)


@dataclass(frozen=True, slots=True)
class FrozenLimit:
    """What was frozen for one step in `month` (its first day): the playbook's limit then, and what was learned.

    `quantile_days` is None where 85 % had not advanced, `limit_days` None where the fixed limit holds.
    """

    month: date
    step: int
    fixed_days: int | None
    quantile_days: int | None
    limit_days: int | None
    advances: int
    visits: int


@dataclass(frozen=True, slots=True)
class Learning:
    """What was learned for a step: the limits of the last months, the newest first, and the curve of the newest."""

    limits: tuple[FrozenLimit, ...]
    curve: Curve

    @property
    def newest(self) -> FrozenLimit | None:
        """What was frozen last; None if nothing ever was."""
        return self.limits[0] if self.limits else None


def get_limits(session: scoped_session[Session] | Session, month: date) -> Mapping[int, FrozenLimit]:
    """Return the limits in force in `month` (any day of it) by step, in one statement; none if none were ever frozen.

    Until a month's own are frozen those of the month before hold, so that no clock jumps at midnight.
    """
    rows = session.connection().execute(_HELD, {"month": month.replace(day=1)})
    return {row.step: FrozenLimit(*row) for row in rows}


def list_limits(day: date) -> Mapping[int, FrozenLimit]:
    """Return the limits in force on a day by step, as `get_limits` does, for a page."""
    return get_limits(db.session(), day)


def is_limit_of_account(day: date) -> ColumnElement[bool]:
    """The condition that joins an account with what is in force on a `day` for the step it is at."""
    begun = select(func.max(_Begun.month)).where(_Begun.month <= day.replace(day=1)).scalar_subquery()
    return and_(LearnedLimit.step == Account.claimed_step, LearnedLimit.month == begun)


def get_learned(step: int) -> Learning:
    """Return what was frozen for a step in the last months, and the newest curve, by one statement."""
    query = select(*_COLUMNS, LearnedLimit.falls).where(LearnedLimit.step == step)
    rows = db.session.execute(query.order_by(LearnedLimit.month.desc()).limit(MONTHS)).all()
    limits = tuple(FrozenLimit(*row[:-1]) for row in rows)
    return Learning(limits, curve_of(rows[0].falls) if rows else Curve(()))
