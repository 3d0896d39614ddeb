"""Nobody is forgotten: an open alert is told, rests until a day, or is promised something; never told twice at once."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from changetrack.domain.people import Actor
from changetrack.models import Alert, Commitment, OutboxMessage, TeamMember, User
from changetrack.operations.accounts import edit_account
from changetrack.operations.commitments import make_commitment, meet_commitment, withdraw_commitment
from changetrack.operations.night import Reach, climb_ladder, release_held, sweep_account
from tests.factories import make_learned_limit
from tests.integration.operations.alerts.conftest import Night

SYSTEM = Actor.system("stale-sweep")
WEDNESDAY = date(2026, 3, 4)


@pytest.fixture
def fired(night: Night) -> Night:
    """An account in step 1 whose alert fires on Monday 2 March: no progress for long."""
    night.walk.open(days_ago=30)
    night.sweep()
    return night


def commitments(night: Night) -> list[Commitment]:
    night.walk.session.rollback()
    return list(night.walk.session.scalars(select(Commitment).order_by(Commitment.seq)))


def withdraw(night: Night, seq: int) -> None:
    walk, one = night.walk, commitments(night)[seq - 1]
    withdraw_commitment(
        account_id=walk.account_id,
        seq=seq,
        version=one.version,
        reason="They asked us not to",
        actor=walk.cast.actor("olu"),
        now=walk.now,
        today=walk.today,
    )


def meet(night: Night, seq: int) -> None:
    walk, one = night.walk, commitments(night)[seq - 1]
    meet_commitment(
        account_id=walk.account_id,
        seq=seq,
        version=one.version,
        actor=walk.cast.actor("olu"),
        now=walk.now,
        today=walk.today,
    )


def promise(night: Night, due_on: date) -> None:
    walk = night.walk
    make_commitment(
        account_id=walk.account_id,
        action="Visit the plant",
        due_on=due_on,
        owner_user_id=walk.cast.olu.id,
        actor=walk.cast.actor("olu"),
        now=walk.now,
        today=walk.today,
    )


def climb(night: Night) -> int:
    walk = night.walk
    return climb_ladder(after=None, limit=10, actor=SYSTEM, now=walk.now, today=walk.today)[0]


def newest(night: Night) -> tuple[str | None, str]:
    """To whom the newest message is, and what it says."""
    night.walk.session.rollback()
    query = select(User.name, OutboxMessage.payload).join(User, User.id == OutboxMessage.user_id)
    name, payload = night.walk.session.execute(query.order_by(OutboxMessage.id.desc()).limit(1)).one()
    return name, " ".join([payload["title"], payload["lead"], *payload["why"]])


def test_a_second_step_that_was_not_taken_fires_the_alert_again_as_the_first_did(fired: Night) -> None:
    fired.acknowledge(next_step_on=WEDNESDAY)
    fired.pass_until(WEDNESDAY + timedelta(1))
    first = fired.alert.state
    fired.acknowledge(next_step_on=date(2026, 3, 10))

    fired.pass_until(date(2026, 3, 10))
    rested = fired.alert.state
    fired.pass_until(date(2026, 3, 11))

    assert (first, rested, fired.alert.state) == ("firing", "acknowledged", "firing")
    assert (fired.alert.fired_on, fired.alert.rung_due_on) == (date(2026, 3, 11), date(2026, 3, 13))


def test_a_step_that_was_taken_and_did_not_help_fires_the_alert_again_after_its_day(fired: Night) -> None:
    fired.walk.move_on(40)
    fired.look_again()  # over its age, too
    step_on = fired.walk.today + timedelta(2)
    fired.acknowledge(next_step_on=step_on)
    fired.walk.move_on(1)
    meet(fired, 1)
    fired.pass_until(step_on)
    rested = (fired.alert.state, list(fired.alert.reasons))

    fired.pass_until(step_on + timedelta(1))

    assert rested == ("acknowledged", ["over_age", "silent_customer"])
    assert fired.alert.state == "firing"
    assert fired.alert.rung_due_on is not None


def test_while_something_else_is_promised_the_alert_rests(fired: Night) -> None:
    fired.walk.move_on(40)
    fired.look_again()
    on = fired.walk.today + timedelta(1)
    fired.acknowledge(next_step_on=on)
    meet(fired, 1)
    promise(fired, on + timedelta(7))

    fired.pass_until(on + timedelta(7))
    rested = fired.alert.state
    fired.pass_until(on + timedelta(12))

    assert (rested, fired.alert.state) == ("acknowledged", "firing")


def test_a_next_step_that_is_taken_back_ends_the_rest_at_once(fired: Night) -> None:
    fired.acknowledge(next_step_on=date(2026, 3, 30))

    withdraw(fired, 1)

    assert (fired.alert.state, fired.alert.fired_on) == ("firing", fired.walk.today)
    assert fired.alert.rung_due_on == WEDNESDAY


def test_a_snooze_that_ends_as_a_reason_joins_is_told_once(fired: Night) -> None:
    fired.acknowledge(next_step_on=WEDNESDAY)
    until = fired.snooze(days=3)
    assert until == WEDNESDAY + timedelta(1)  # on which the step is overdue, too
    before = len(fired.told())

    fired.pass_until(until)

    assert fired.alert.state == "firing"
    assert len(set(fired.told()[before:])) == 1


def test_who_is_reminded_reads_todays_numbers(fired: Night) -> None:
    said = fired.alert.reasons["no_progress"]["why"]
    fired.walk.move_on(9)  # seven business days, on none of which the ladder was climbed

    assert climb(fired) == 1

    name, text = newest(fired)
    days = int(said.split(" ", 1)[0]) + 7
    assert name == "Tess"
    assert f"{days} business days without progress" in text
    assert "7 business days ago" in text


def test_an_alert_whose_rest_is_over_is_told_in_todays_numbers(fired: Night) -> None:
    said = fired.alert.reasons["no_progress"]["why"]
    fired.acknowledge(next_step_on=date(2026, 3, 30))

    fired.pass_until(fired.snooze(days=10))

    assert f"{int(said.split(' ', 1)[0]) + 10} business days without progress" in newest(fired)[1]


def test_an_account_that_no_team_has_is_told_to_who_can_give_it_one(night: Night) -> None:
    walk = night.walk
    walk.open(days_ago=30)
    edit_account(
        account_id=walk.account_id,
        record={"team_id": None, "owner_id": None},
        version=walk.account().version,
        actor=walk.cast.actor("ada"),
        now=walk.now,
        today=walk.today,
    )

    night.sweep()
    released = release_held(actor=SYSTEM, now=walk.now)

    assert (newest(night)[0], released["singly"] > 0) == ("Ada", True)


def test_without_executives_who_leads_the_team_hears_of_the_last_rung(fired: Night) -> None:
    walk = fired.walk
    walk.cast.ed.role = "member"
    walk.session.commit()
    walk.move_on(30)

    assert climb(fired) == 1

    assert newest(fired)[0] == "Vik"


def test_a_team_in_which_nobody_can_sign_in_is_no_silence(night: Night) -> None:
    walk = night.walk
    walk.open(days_ago=30)
    for member in walk.session.scalars(select(TeamMember).where(TeamMember.team_id == walk.cast.team.id)):
        walk.session.get_one(User, member.user_id).disabled_at = walk.now
    walk.session.commit()

    night.sweep()

    assert newest(night)[0] == "Ada"


def test_by_day_an_alert_of_which_nothing_is_left_is_resolved_though_something_new_waits(fired: Night) -> None:
    fired.walk.move_on(20)  # the age of the step is over since; no night has seen it
    fired.walk.record("1c", who="Jon", numbers={"asked": 4, "yes": 3})

    by_day = fired.alert
    assert (by_day.state, by_day.resolved_because is not None) == ("resolved", True)
    assert fired.walk.account().due_on == fired.walk.today
    fired.sweep()

    assert (fired.alert.state, list(fired.alert.reasons)) == ("firing", ["over_age"])


def test_a_message_that_cannot_be_read_holds_up_nobody(fired: Night) -> None:
    walk = fired.walk
    people: dict[int, Mapping[str, object]] = {walk.cast.olu.id: {"sections": [7], "facts": 3}}
    people[walk.cast.tess.id] = {"title": "Another"}
    rows = [held(fired, n, person, payload) for n in range(8) for person, payload in people.items()]
    walk.session.add_all(rows)
    walk.session.commit()

    release_held(actor=SYSTEM, now=walk.now)

    still_held = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.held_for.is_not(None))
    assert walk.session.scalar(still_held) == 0
    gathered = walk.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "gathered")).all()
    assert {row.user_id for row in gathered} == set(people)


def held(night: Night, number: int, user_id: int, payload: Mapping[str, object]) -> OutboxMessage:
    """A message that a run holds back."""
    walk, alert = night.walk, night.alert
    told = "rung-2" if user_id == walk.cast.tess.id else "raised"
    return OutboxMessage(
        key=f"alert:{alert.id}:{told}-held-{number}:in_app:{user_id}",
        channel="in_app",
        kind="alert",
        user_id=user_id,
        account_id=walk.account_id,
        alert_id=alert.id,
        payload=dict(payload),
        weight=1,
        held_for=walk.today,
        run_on=walk.today,
        created_at=walk.now,
        due_at=walk.now,
        attempts=0,
    )


def test_a_wider_limit_does_not_make_an_import_loud(night: Night) -> None:
    night.import_file("accounts", "external_id,name,team,step,step_entered_on", "imported,Old,North,3,2025-12-01")
    night.sweep()
    alert: Alert = night.alert
    assert alert.quiet
    walk = night.walk
    walk.move_on(30)
    make_learned_limit(walk.session, step=3, month=walk.today.replace(day=1), limit_days=100)
    night.look_again()

    assert (night.alert.quiet, night.told()) == (True, [])


def test_what_goes_stale_the_day_after_an_import_is_told_west_of_greenwich(night: Night) -> None:
    walk = night.walk
    walk.now = datetime(2026, 3, 3, 2, tzinfo=UTC)  # six in the evening of the 2nd where the house is
    night.import_file("accounts", "external_id,name,team,step,step_entered_on", "imported,Old,North,3,2026-01-16")
    walk.move_on(1)

    at_home = Reach(zone=ZoneInfo("America/Los_Angeles"))
    sweep_account(account_id=walk.account_id, actor=SYSTEM, now=walk.now, today=walk.today, reach=at_home)

    assert night.alert.reasons["over_age"]["since"] == "2026-03-03"
    assert not night.alert.quiet
