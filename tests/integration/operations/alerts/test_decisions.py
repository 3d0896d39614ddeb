"""What an executive decided about an alert: who is told, in which words, and the event for programs."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from changetrack.models import OutboxMessage, User
from changetrack.operations.alerts import decide_alert
from changetrack.queries.alert_rows import alert_row, select_alerts
from tests.factories.delivery import make_endpoint
from tests.integration.operations.alerts.conftest import Night

WORDS = "Tess leads it now."


@pytest.fixture
def at_the_top(night: Night) -> Night:
    """An alert that nobody took up: the executives are asked."""
    night.walk.open(days_ago=30)
    night.sweep()
    night.alert.rung = 4
    night.walk.session.commit()
    return night


def decide(night: Night, decision: str = "revive", **given: Any) -> None:
    """Ed decides."""
    walk, alert = night.walk, night.alert
    if decision == "revive":
        step = {"next_step": "Tess visits the plant", "next_step_on": walk.today + timedelta(7)}
        given = step | {"owner_user_id": walk.cast.tess.id} | given
    moment: dict[str, Any] = {"actor": walk.cast.actor("ed"), "now": walk.now, "today": walk.today}
    decide_alert(alert_id=alert.id, decision=decision, words=WORDS, version=alert.version, **given, **moment)


def told(night: Night) -> dict[str, OutboxMessage]:
    """Who was told of a decision, and how."""
    night.walk.session.rollback()
    query = select(User.name, OutboxMessage).join(User, User.id == OutboxMessage.user_id)
    rows = night.walk.session.execute(query.where(OutboxMessage.key.contains(":decided-"))).all()
    assert len({row.name for row in rows}) == len(rows)
    return {row.name: row.OutboxMessage for row in rows}


def test_the_owner_and_who_leads_the_team_hear_of_a_decision_at_once(at_the_top: Night) -> None:
    decide(at_the_top)

    messages = told(at_the_top)
    assert set(messages) == {"Olu", "Tess", "Vik"}
    assert {(one.kind, one.held_for, one.run_on) for one in messages.values()} == {("escalation", None, None)}
    assert {one.alert_id for one in messages.values()} == {at_the_top.alert.id}


def test_a_revival_is_told_with_its_words_and_the_next_step(at_the_top: Night) -> None:
    decide(at_the_top)

    day, messages = at_the_top.walk.today + timedelta(7), told(at_the_top)
    tess, olu = messages["Tess"].payload, messages["Olu"].payload
    assert "goes on with a changed plan, Ed decided, Tess: take the next step" in tess["title"]
    assert olu["title"].endswith("Ed decided, Olu: see what it means")
    assert olu["why"][0] == f"“{WORDS}”"
    assert olu["why"][1].startswith(f"Next: “Tess visits the plant”, Tess, by {day.day} ")


@pytest.mark.parametrize(
    ("decision", "given", "says", "fact"),
    [("park", {}, "is parked until", "Looked at again on"), ("close", {"outcome": "churned"}, "is closed", "Churned")],
)
def test_parking_and_closing_are_told_as_such(
    at_the_top: Night, decision: str, given: dict[str, Any], says: str, fact: str
) -> None:
    until = {"until": at_the_top.walk.today + timedelta(30)} if decision == "park" else {}

    decide(at_the_top, decision, **given, **until)

    payload = told(at_the_top)["Olu"].payload
    assert f"{says}" in payload["title"]
    assert fact in str(payload["facts"])


def test_programs_hear_what_was_decided_and_in_which_words(at_the_top: Night) -> None:
    make_endpoint(at_the_top.walk.session, events=["alert.decided"])

    decide(at_the_top)

    at_the_top.walk.session.rollback()
    (body,) = at_the_top.walk.session.scalars(select(OutboxMessage.payload).where(OutboxMessage.channel == "webhook"))
    assert body["type"] == "alert.decided"
    assert (body["data"]["decision"], body["data"]["words"]) == ("revive", WORDS)
    assert body["data"]["alert"]["id"] == at_the_top.alert.id


def test_what_was_decided_on_stays_in_the_record_as_the_executive_read_it(at_the_top: Night) -> None:
    at_the_top.walk.move_on(9)
    today = at_the_top.walk.today
    row = at_the_top.walk.session.execute(select_alerts()).one()
    read = alert_row(row, today).reasons
    assert read[0].why != at_the_top.alert.reasons[read[0].code]["why"]

    decide(at_the_top, "park", until=today + timedelta(30))

    at_the_top.walk.session.rollback()
    row = at_the_top.walk.session.execute(select_alerts()).one()
    assert (row.Alert.state, row.Alert.decision) == ("resolved", "park")
    assert alert_row(row, today + timedelta(5)).reasons == read
