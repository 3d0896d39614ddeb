"""Hands that change at random: whoever answers for a firing alert was told, once, and nobody else is."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from changetrack.domain.people import Actor
from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused
from changetrack.models import Account, Notification, OutboxMessage, TeamMember, User
from changetrack.operations import people, teams
from changetrack.operations._audience import Audience
from changetrack.operations.delivery import claim_messages, deliver_in_app
from tests.factories.people import make_user
from tests.factories.walk import Walk
from tests.integration.operations.alerts.conftest import SYSTEM, Hands

STEPS = 30


class Staff:
    """Three alerts that fire, two teams, and people who come and go."""

    def __init__(self, walk: Walk, seed: int) -> None:
        self.walk, self.hands, self.chance = walk, Hands(walk), random.Random(seed)
        self.root = make_user(walk.session, name="Root", role="admin").id
        people_of_ours = [make_user(walk.session, name="Lea"), *walk.session.scalars(select(User).order_by(User.id))]
        self.users = [user.id for user in people_of_ours if user.id != self.root]
        self.teams = [walk.cast.team.id, walk.cast.other_team.id]
        self.accounts = self.hands.fire(3)

    def change(self) -> None:
        """Somebody comes or goes, an account gets others, or a night passes."""
        by: dict[str, Any] = {"actor": Actor("user", self.root, "Root", role="admin"), "now": self.walk.now}
        team: dict[str, Any] = {"team_id": self.chance.choice(self.teams)}
        user: dict[str, Any] = {"user_id": self.chance.choice(self.users)}
        team_role = self.chance.choice(("member", "coordinator", "vsm"))
        role = self.chance.choice(("member", "executive", "admin"))
        name = self.walk.session.get_one(User, user["user_id"]).name
        change: Any = self.chance.choice((
            self.give, self.give, self.night, self.night,
            lambda: teams.put_in_team(role=team_role, **team, **user, **by),
            lambda: teams.put_in_team(role=team_role, **team, **user, **by),
            lambda: teams.remove_from_team(**team, **user, **by),
            lambda: people.disable_user(**user, **by),
            lambda: people.enable_user(**user, **by),
            lambda: people.edit_user(name=name, role=role, **user, **by),
        ))  # fmt: skip
        try:
            change()
        except (Forbidden, NotFound, OperationRefused):
            self.walk.session.rollback()

    def give(self) -> None:
        """An account gets an owner, and now and then a team."""
        account = self.walk.session.get_one(Account, self.chance.choice(self.accounts), populate_existing=True)
        team_id = self.chance.choice((account.team_id, account.team_id, *self.teams, None))
        theirs = select(TeamMember.user_id).where(TeamMember.team_id == team_id).order_by(TeamMember.user_id)
        members = self.walk.session.scalars(theirs).all()
        self.hands.give(account.id, team_id=team_id, owner_id=self.chance.choice((None, *members)))

    def night(self) -> None:
        """Some days pass, and a night."""
        self.walk.move_on(self.chance.choice((1, 2, 3)))
        self.hands.night()

    def deliver(self) -> list[tuple[int, int]]:
        """A minute passes, and all that waits is told; returns of which alert whom since it was handed to them."""
        self.hands.release()
        moment: dict[str, Any] = {"actor": SYSTEM, "now": self.walk.now}
        before = set(self.walk.session.scalars(select(Notification.key)))
        while claimed := claim_messages(channel="in_app", limit=50, lease=timedelta(minutes=1), **moment):
            deliver_in_app(messages=claimed, **moment)
        new = self.walk.session.scalars(select(Notification).where(Notification.key.not_in(before))).all()
        return [(int(one.key.split(":")[1]), one.user_id) for one in new if ":handed-" in one.key]

    def answering(self) -> set[tuple[int, int]]:
        """Who answers for which alert, on any of the rungs that it has reached."""
        self.walk.session.rollback()
        audience, found = Audience(self.walk.session), set()
        for account_id in self.accounts:
            alert, account = self.hands.alert_of(account_id), self.walk.session.get_one(Account, account_id)
            for rung in (1, *range(2, alert.rung + 1)):
                listeners = audience.on_rung(account.team_id, account.owner_id, rung)
                found |= {(alert.id, one.id) for one in listeners}
        return found

    def told(self) -> set[tuple[int, int]]:
        """Who was told of which alert, singly or in a letter that gathers."""
        rows: Sequence[OutboxMessage] = self.hands.rows(channel="in_app", held_for=None)
        return {
            (row.alert_id, row.user_id)
            for row in rows
            if row.alert_id and row.user_id and not (row.dropped_because or "").startswith("Not told")
        }


@pytest.mark.parametrize("seed", range(4))
def test_whoever_answers_was_told_once_and_nobody_else_is(walk: Walk, seed: int) -> None:
    staff, handed_ever = Staff(walk, seed), 0

    for _ in range(STEPS):
        staff.change()
        if staff.chance.random() < 0.3:
            continue  # several changes within the minute

        handed = staff.deliver()
        handed_ever += len(handed)

        answering = staff.answering()
        assert answering <= staff.told()
        assert set(handed) <= answering
        assert not [each for each, times in Counter(handed).items() if times > 1]
    assert handed_ever
