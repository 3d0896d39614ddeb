"""Whose digest is due: people who can sign in, by the clock on their own wall."""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, select

from changetrack.domain.digests import at_local_hour, week_due
from changetrack.models import Digest, MessageSettings, TeamMember, User, db

DIGEST, PORTFOLIO = "digest", "portfolio"
_HOUR, _WEEKDAY = 8, 0  # of who never chose


@dataclass(frozen=True, slots=True)
class DueDigest:
    """A digest that a person is to get: of which kind, and of which local date."""

    user_id: int
    kind: str
    local_date: date


def list_due_digests(*, at: datetime, zone: tzinfo) -> list[DueDigest]:
    """Return the digests that are due at a moment and not yet written, by one statement.

    People of teams get that of their week, executives that of the portfolio; `zone` is the house's, for those who
    chose none. What was due before somebody was added they do not get. Source: DOMAIN section 6 (digest).
    """
    found = []
    for row in db.session.execute(_people()):
        theirs = ZoneInfo(row.timezone) if row.timezone else zone
        hour = _HOUR if row.digest_hour is None else row.digest_hour
        weekday = _WEEKDAY if row.digest_weekday is None else row.digest_weekday
        for kind, is_theirs, last in (
            (DIGEST, row.is_in_team, row.last_week),
            (PORTFOLIO, row.role == "executive", row.last_portfolio),
        ):
            day = week_due(at, zone=theirs, weekday=weekday, hour=hour, last=last) if is_theirs else None
            if day is not None and at_local_hour(day, hour, theirs) >= row.created_at:
                found.append(DueDigest(row.id, kind, day))
    return found


def _people() -> Any:
    is_in_team = select(TeamMember.team_id).where(TeamMember.user_id == User.id).exists()
    columns: list[Any] = [
        User.id, User.role, User.created_at, is_in_team.label("is_in_team"), MessageSettings.timezone,
        MessageSettings.digest_hour, MessageSettings.digest_weekday,
    ]  # fmt: skip
    newest = select(Digest.user_id, Digest.kind, func.max(Digest.local_date).label("day"))
    last = newest.group_by(Digest.user_id, Digest.kind).subquery()
    week, portfolio = last.alias("week"), last.alias("portfolio")
    return (
        select(*columns, week.c.day.label("last_week"), portfolio.c.day.label("last_portfolio"))
        .outerjoin(MessageSettings, MessageSettings.user_id == User.id)
        .outerjoin(week, and_(week.c.user_id == User.id, week.c.kind == DIGEST))
        .outerjoin(portfolio, and_(portfolio.c.user_id == User.id, portfolio.c.kind == PORTFOLIO))
        .where(User.disabled_at.is_(None))
        .order_by(User.id)
    )
