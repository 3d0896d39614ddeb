"""Daily numbers of use verified against what they follow from, as far as that is still kept."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Select, and_, func, or_, select, type_coerce

from changetrack.domain.usage_file import SCALE, in_figures
from changetrack.models import Account, Alias, Metric, UnmatchedUsage, UsageDaily, UsageEvent, UsageMember, db

CHUNK = 50  # accounts looked at together: each has a number for every metric and day
Found = tuple[str, str, str, str]
_SAME_DAY = and_(
    UsageMember.account_id == UsageDaily.account_id,
    UsageMember.metric_id == UsageDaily.metric_id,
    UsageMember.day == UsageDaily.day,
)


def usage_differences(kept_from: date) -> Iterator[Found]:
    """Numbers of use that do not follow from what is kept: (subject, figure, kept, recomputed).

    Of days from `kept_from` on everybody who was counted is still kept; of days before, some are forgotten.
    """
    last = 0
    accounts = select(Account.id).order_by(Account.id).limit(CHUNK)
    while ids := db.session.scalars(accounts.where(Account.id > last)).all():
        yield from _miscounted(ids[0], ids[-1], kept_from)
        yield from _fallen(ids[0], ids[-1])
        last = ids[-1]
        db.session.rollback()
    yield from _counted_nowhere()
    yield from _waiting_for_nobody()
    db.session.rollback()


def _miscounted(first: int, last: int, kept_from: date) -> Iterator[Found]:
    """Days of different ones that count other than were known by then."""
    members = select(func.count()).where(_SAME_DAY, UsageMember.recorded_on <= UsageDaily.recorded_on)
    known = members.correlate(UsageDaily).scalar_subquery() * SCALE
    counted = func.coalesce(_raw(UsageDaily.counted), 0)
    differs = or_(counted < known, and_(counted > known, UsageDaily.day >= kept_from))
    query = _days(known.label("known")).where(Metric.aggregation == "distinct", differs)
    for row in _between(query, first, last):
        kept = "none" if row.counted is None else in_figures(row.counted)
        yield _subject(row), f"counted, as known on {row.recorded_on}", kept, in_figures(row.known)


def _fallen(first: int, last: int) -> Iterator[Found]:
    """What was counted can only grow: events are added, and taken back by none."""
    key = (UsageDaily.account_id, UsageDaily.metric_id, UsageDaily.day)
    before = func.lag(_raw(UsageDaily.counted)).over(partition_by=key, order_by=UsageDaily.recorded_on)
    grows = Metric.aggregation != "last"
    versions = _days(before.label("before")).where(grows, UsageDaily.account_id.between(first, last)).subquery()
    fell = func.coalesce(versions.c.counted, -1) < versions.c.before
    for row in db.session.execute(select(versions).where(or_(fell, versions.c.counted < 0, versions.c.stated < 0))):
        kept = "none" if row.counted is None else in_figures(row.counted)
        least = in_figures(row.before or 0)
        yield _subject(row), f"number, as known on {row.recorded_on}", kept, f"{least} or more"


def _counted_nowhere() -> Iterator[Found]:
    """Events that are counted, of accounts and days that have no number."""
    has_day = select(UsageDaily.day).where(
        UsageDaily.account_id == UsageEvent.account_id, UsageDaily.day == UsageEvent.day
    )
    query = (
        select(Account.external_id, UsageEvent.day, func.count().label("events"))
        .join(Account, Account.id == UsageEvent.account_id)
        .where(UsageEvent.state == "counted", ~has_day.exists())
        .group_by(Account.external_id, UsageEvent.day)
        .order_by(Account.external_id, UsageEvent.day)
    )
    for row in db.session.execute(query):
        yield f"use of {row.external_id} on {row.day}", "numbers", "none", f"some, from {row.events} events"


def _waiting_for_nobody() -> Iterator[Found]:
    """Names under which use waits, although they name an account."""
    events = select(UsageEvent.name).where(UsageEvent.state == "unmatched")
    waiting = events.union(select(UnmatchedUsage.name)).subquery()
    own = select(waiting.c.name, Account.external_id).join(Account, Account.external_id == waiting.c.name)
    others = select(waiting.c.name, Account.external_id).join(Alias, Alias.alias == waiting.c.name)
    named = own.union(others.join(Account, Account.id == Alias.account_id))
    for name, external_id in sorted(map(tuple, db.session.execute(named))):
        yield f"use waiting under {name}", "its account", "unknown", external_id


def _days(*also: Any) -> Select[Any]:
    numbers = (_raw(UsageDaily.counted).label("counted"), _raw(UsageDaily.stated).label("stated"))
    return (
        select(Account.external_id, Metric.key, UsageDaily.day, UsageDaily.recorded_on, *numbers, *also)
        .select_from(UsageDaily)
        .join(Metric, Metric.id == UsageDaily.metric_id)
        .join(Account, Account.id == UsageDaily.account_id)
    )


def _between(query: Select[Any], first: int, last: int) -> Any:
    key = (UsageDaily.account_id, UsageDaily.metric_id, UsageDaily.day, UsageDaily.recorded_on)
    return db.session.execute(query.where(UsageDaily.account_id.between(first, last)).order_by(*key))


def _raw(column: Any) -> Any:
    """A number in ten-thousandths, as it is kept."""
    return type_coerce(column, BigInteger)


def _subject(row: Any) -> str:
    return f"{row.key} of {row.external_id} on {row.day}"
