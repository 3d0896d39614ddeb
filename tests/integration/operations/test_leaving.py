"""Who leaves a team, or a role, keeps no list of what they may no longer see, told or on its way."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from changetrack.models import OutboxMessage, User
from changetrack.operations import people, teams
from changetrack.operations._leaving import WHY
from changetrack.queries.messages import list_messages
from tests.factories import Cast, make_message, make_notification
from tests.factories._saving import Saver

LISTS = ("gathered", "digest", "portfolio")


def write_lists(session: Saver, user: User, now: datetime) -> None:
    """One of each kind in the inbox, on its way and given up; and what tells of no account."""
    for kind in (*LISTS, "test"):
        make_notification(session, user, key=f"{kind}:2026-11-22:in_app:{user.id}")
        made: dict[str, Any] = {"channel": "email", "kind": kind}
        make_message(session, user, key=f"{kind}:2026-11-22:email:{user.id}", leased_until=now, **made)
        make_message(session, user, key=f"{kind}:2026-11-15:email:{user.id}", dead_at=now, **made)


def dropped(session: Saver) -> set[tuple[str, int | None]]:
    session.rollback()
    rows = session.scalars(
        select(OutboxMessage).where(OutboxMessage.dropped_because == WHY, OutboxMessage.dead_at.is_(None))
    )
    return {(row.kind, row.user_id) for row in rows}


def inbox(cast: Cast, who: str) -> set[str]:
    return {message.key.partition(":")[0] for message in list_messages(actor=cast.actor(who)).messages}


def test_who_leaves_a_team_is_told_no_list_any_more(session: Saver, cast: Cast, now: datetime) -> None:
    for user in (cast.olu, cast.tess):
        write_lists(session, user, now)

    teams.remove_from_team(actor=cast.actor("ada"), now=now, team_id=cast.team.id, user_id=cast.olu.id)

    assert dropped(session) == {(kind, cast.olu.id) for kind in LISTS}
    assert inbox(cast, "olu") == {"test"}
    assert inbox(cast, "tess") == {*LISTS, "test"}


@pytest.mark.parametrize(("role", "is_kept"), [("member", False), ("admin", True)])
def test_who_sees_all_no_more_keeps_no_digest_of_it(
    session: Saver, cast: Cast, now: datetime, role: str, is_kept: bool
) -> None:
    write_lists(session, cast.ed, now)

    people.edit_user(actor=cast.actor("ada"), now=now, user_id=cast.ed.id, name="Ed", role=role)

    assert (dropped(session) == set()) is is_kept
    assert (inbox(cast, "ed") == {*LISTS, "test"}) is is_kept


def test_who_sees_all_loses_nothing_with_a_team(session: Saver, cast: Cast, now: datetime) -> None:
    ada = cast.actor("ada")
    teams.put_in_team(actor=ada, now=now, team_id=cast.team.id, user_id=cast.ed.id, role="member")
    write_lists(session, cast.ed, now)

    teams.remove_from_team(actor=ada, now=now, team_id=cast.team.id, user_id=cast.ed.id)

    assert dropped(session) == set()
    assert inbox(cast, "ed") == {*LISTS, "test"}
