"""Who is told, by which channels and when; a few a day singly, the rest in one letter; never what is no longer so."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from changetrack.domain.people import Actor
from changetrack.models import Account, Alert, OutboxMessage
from changetrack.operations.accounts import create_account
from changetrack.operations.night import Reach, release_held, sweep_page
from tests.factories.delivery import make_endpoint, make_message_settings
from tests.factories.walk import Walk
from tests.integration.operations.alerts.conftest import Night

SYSTEM = Actor.system("stale-sweep")
EVERYWHERE = Reach(frozenset({"in_app", "email", "slack", "webhook"}))
SATURDAY = datetime(2026, 3, 7, 5, tzinfo=UTC)


class Team:
    """Accounts of Olu's that all go stale, and the nights over them."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk

    def add(self, count: int, **record: Any) -> None:
        """Add accounts that were opened today; the first is worth the least."""
        walk = self.walk
        given = {"team_id": walk.cast.team.id, "owner_id": walk.cast.olu.id, "currency": "EUR"} | record
        for number in range(1, count + 1):
            worth = {"name": f"Account {number:02}", "annual_value": number * 1000}
            walk.account_id = create_account(record=given | worth, **self._now(walk.cast.actor("olu")))
            walk.open(days_ago=0)

    def night(self) -> None:
        """Sweep what is due."""
        sweep_page(after=None, limit=100, reach=EVERYWHERE, **self._now(SYSTEM))

    def release(self, **given: Any) -> dict[str, int]:
        """Let go of what was held back."""
        return release_held(actor=SYSTEM, now=self.walk.now, reach=EVERYWHERE, **given)

    def messages(self, **which: Any) -> list[OutboxMessage]:
        """The rows of the outbox that are as these columns say, oldest first."""
        self.walk.session.rollback()
        query = select(OutboxMessage).filter_by(**which).order_by(OutboxMessage.id)
        return list(self.walk.session.scalars(query))

    def _now(self, actor: Actor) -> dict[str, Any]:
        return {"actor": actor, "now": self.walk.now, "today": self.walk.today}


@pytest.fixture
def team(walk: Walk) -> Team:
    """Accounts of Olu's."""
    return Team(walk)


def told_singly(messages: list[OutboxMessage]) -> list[str]:
    """The accounts of messages that go out one by one."""
    return [m.payload["account"] for m in messages if m.dropped_because is None and m.kind == "alert"]


def test_the_five_gravest_and_dearest_are_told_singly_and_the_rest_in_one_letter(team: Team) -> None:
    team.add(8)
    team.walk.move_on(20)
    team.night()

    team.release()

    rows = team.messages(channel="in_app")
    (letter,) = [row for row in rows if row.kind == "gathered"]
    assert set(told_singly(rows)) == {f"Account {n:02}" for n in (4, 5, 6, 7, 8)}
    assert letter.payload["title"] == "Account 03 and 2 more need you, Olu: look through them"
    assert {row.dropped_because for row in rows if row.delivered_at} == {"Gathered with 2 others in one message."}
    assert all(row.held_for is None for row in rows)


def test_what_was_told_singly_already_that_day_counts(team: Team) -> None:
    team.add(4)
    team.walk.move_on(20)
    team.night()
    team.release()
    for account in team.walk.session.scalars(select(Account).where(Account.name.startswith("Account"))):
        alert = team.walk.session.scalars(select(Alert).where(Alert.account_id == account.id)).one()
        alert.reasons = {"over_age": {**alert.reasons["no_progress"], "limit": None}}  # so that others join
        account.due_on = team.walk.today
    team.walk.session.commit()
    team.night()

    team.release()

    singly = told_singly(team.messages(channel="in_app"))
    assert Counter(singly) == {"Account 01": 1, "Account 02": 1, "Account 03": 1, "Account 04": 2}
    assert len(team.messages(channel="in_app", kind="gathered")) == 1


def test_letting_go_twice_is_letting_go_once(team: Team) -> None:
    team.add(7)
    team.walk.move_on(20)
    team.night()

    first, second = team.release(), team.release()

    assert (first["persons"], first["singly"], first["gathered"]) == (1, 10, 4)  # in the application and by e-mail
    assert second == {"persons": 0, "singly": 0, "gathered": 0}
    assert len(team.messages(kind="gathered")) == 2


def test_what_was_written_a_moment_ago_waits_for_its_run(team: Team) -> None:
    team.add(1)
    team.walk.move_on(20)
    team.night()

    early = team.release(written_by=team.walk.now - timedelta(minutes=30))
    late = team.release(written_by=team.walk.now)

    assert (early["persons"], late["persons"]) == (0, 1)


def test_what_has_been_resolved_meanwhile_is_not_told(team: Team) -> None:
    team.add(1)
    team.walk.move_on(20)
    team.night()
    team.walk.record("1c", numbers={"asked": 4, "yes": 3})

    released = team.release()

    assert released["singly"] == 0
    assert {m.dropped_because for m in team.messages()} == {"Not told: the alert had been resolved by then."}


def test_each_hears_by_the_channels_that_they_chose(team: Team) -> None:
    cast, session = team.walk.cast, team.walk.session
    make_message_settings(session, cast.olu, choices={"alert": ["in_app", "slack"]}, quiet_days="0000000")
    own = make_endpoint(session, kind="slack", user_id=cast.olu.id, secret_sealed=None)
    team.add(1)
    team.walk.move_on(20)

    team.night()

    assert [(m.channel, m.endpoint_id) for m in team.messages()] == [("in_app", None), ("slack", own.id)]
    assert len({m.key for m in team.messages()}) == 2


def test_an_address_that_was_refused_for_good_gets_no_mail(team: Team) -> None:
    settings = {"quiet_days": "0000000", "email_failed_at": team.walk.now}
    make_message_settings(team.walk.session, team.walk.cast.olu, **settings)
    team.add(1)
    team.walk.move_on(20)

    team.night()

    assert [m.channel for m in team.messages()] == ["in_app"]


def test_on_a_quiet_day_nothing_leaves_the_application(team: Team) -> None:
    make_message_settings(team.walk.session, team.walk.cast.olu, timezone="America/New_York", digest_hour=9)
    team.add(1)
    team.walk.move_on(20)
    team.walk.now = SATURDAY + timedelta(14)  # on which Olu hears nothing

    team.night()

    due = {m.channel: m.due_at for m in team.messages()}
    assert due["in_app"] == team.walk.now
    assert due["email"] == datetime(2026, 3, 23, 13, tzinfo=UTC)  # Monday at nine in New York, on summer time by then


def test_programs_hear_of_what_they_asked_for_at_once(team: Team) -> None:
    session, cast = team.walk.session, team.walk.cast
    hook = make_endpoint(session, events=["alert.raised", "alert.resolved", "account.moved"], team_id=cast.team.id)
    make_endpoint(session, events=["alert.raised"], team_id=cast.other_team.id)
    team.add(1)
    team.walk.move_on(20)
    team.night()
    team.walk.record("1c", numbers={"asked": 4, "yes": 3})

    rows = team.messages(channel="webhook")

    assert [row.payload["type"] for row in rows] == ["account.moved", "alert.raised", "alert.resolved"]
    assert {row.endpoint_id for row in rows} == {hook.id}
    assert all(row.held_for is None and row.user_id is None for row in rows)
    raised = rows[1].payload["data"]
    assert (raised["account"]["owner"], raised["account"]["team"], raised["alert"]["rung"]) == ("Olu", "North", "owner")
    assert raised["alert"]["id"] == session.scalars(select(Alert.id)).one()


def test_programs_do_not_hear_of_what_was_imported(night: Night) -> None:
    make_endpoint(night.walk.session, events=["alert.raised"])
    night.import_file("accounts", "external_id,name,team,step,step_entered_on", "imported,Old,North,3,2025-06-01")

    night.sweep()

    assert night.alert.quiet
    assert night.told() == []
