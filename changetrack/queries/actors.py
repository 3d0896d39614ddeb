"""The read of who a user is as one who acts, for work that goes on after their request."""

from sqlalchemy import select

from changetrack.domain.people import Actor
from changetrack.models import TeamMember, User, db


def find_actor(user_id: int) -> Actor | None:
    """Return the user with the role and teams they have now, by one statement; None if gone or disabled."""
    rows = db.session.execute(
        select(User, TeamMember.team_id, TeamMember.role)
        .outerjoin(TeamMember, TeamMember.user_id == User.id)
        .where(User.id == user_id, User.disabled_at.is_(None))
    ).all()
    if not rows:
        return None
    user = rows[0].User
    teams = {row.team_id: row.role for row in rows if row.team_id is not None}
    return Actor("user", user.id, user.name, email=user.email, role=user.role, teams=teams)
