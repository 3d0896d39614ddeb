"""What waits is looked at again before it is told: what is no longer so, or no longer the person's, is not told."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from typing import Any, cast

import pytest
from sqlalchemy import select

from changetrack.domain.alert_letters import gathered_letter
from changetrack.domain.letters import Item, Letter, Section, to_json
from changetrack.domain.people import Actor
from changetrack.models import Account, Alert, MessageSettings, Notification, OutboxMessage, User
from changetrack.operations._audience import Audience
from changetrack.operations._cap import HELD_COLUMNS, let_go, release
from changetrack.operations.accounts import edit_account
from changetrack.operations.alerts import decide_alert
from changetrack.operations.delivery import claim_letters, claim_messages, deliver_in_app
from changetrack.operations.night import Reach, release_held, sweep_account
from tests.factories import make_account, make_alert, make_message
from tests.integration.operations.alerts.conftest import NIGHT, Night

SYSTEM = Actor.system("deliver")
EVERYWHERE = Reach(frozenset({"in_app", "email"}))
WAITING = "email"
TAKEN_UP = "Not told: somebody had taken the alert up by then."
ELSE = "Not told: somebody else answers for the account by then."
Counted = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture
def waits(night: Night) -> Night:
    """An alert fired on a Saturday: its e-mail waits for Monday."""
    night.walk.open(days_ago=30)
    night.walk.now += timedelta(5)  # Saturday 7 March; the day of the run is still Monday
    sweep(night)
    return night


def sweep(night: Night) -> None:
    walk = night.walk
    sweep_account(account_id=walk.account_id, actor=NIGHT, now=walk.now, today=walk.today, reach=EVERYWHERE)
    release_held(actor=SYSTEM, now=walk.now, reach=EVERYWHERE)


def claim(night: Night) -> dict[str, dict[str, Any]]:
    """What leaves by e-mail on Monday: the payloads by what their keys say."""
    night.walk.now += timedelta(3)
    found = claim_letters(limit=50, lease=timedelta(minutes=1), actor=SYSTEM, now=night.walk.now)
    return {parcel.message.key: dict(parcel.message.payload) for parcel in found.parcels}


def dropped(night: Night, channel: str = WAITING) -> list[str | None]:
    night.walk.session.rollback()
    mine = select(OutboxMessage.dropped_because).where(OutboxMessage.channel == channel)
    return list(night.walk.session.scalars(mine.order_by(OutboxMessage.id)))


def give_by_force(night: Night, owner: User | None, account_id: int | None = None) -> None:
    """Another owner, without anything being told or withdrawn."""
    account = night.walk.session.get_one(Account, account_id or night.walk.account_id)
    account.owner_id = owner.id if owner else None
    night.walk.session.commit()


def test_what_still_is_so_on_monday_is_told(waits: Night) -> None:
    assert len(claim(waits)) == 1


def test_a_first_letter_is_not_told_once_the_alert_was_acknowledged(waits: Night) -> None:
    waits.acknowledge()

    assert claim(waits) == {}
    assert dropped(waits) == [TAKEN_UP]


def test_nor_once_it_was_snoozed(waits: Night) -> None:
    waits.acknowledge()
    waits.alert.acknowledged_at = waits.walk.now - timedelta(1)  # as if it had been taken up before it was written
    waits.walk.session.commit()
    waits.snooze(days=3)

    assert claim(waits) == {}
    assert dropped(waits) == [TAKEN_UP]


def test_what_was_written_before_it_was_taken_up_is_not_told_after_it_fired_again(waits: Night) -> None:
    waits.acknowledge()
    alert = waits.alert
    alert.state = "firing"
    waits.walk.session.commit()

    assert claim(waits) == {}


def test_that_a_reason_joined_since_it_was_taken_up_is_told(waits: Night) -> None:
    walk = waits.walk
    waits.acknowledge()
    walk.now += timedelta(minutes=1)
    alert = waits.alert
    alert.reasons = {"evidence_expiring": {**alert.reasons["no_progress"], "limit": None}}
    walk.session.commit()
    walk.account().due_on = walk.today
    walk.session.commit()

    sweep(waits)

    assert waits.alert.state == "acknowledged"
    assert [key.split(":")[2].partition("-")[0] for key in claim(waits)] == ["changed"]


def test_a_first_letter_is_not_told_once_somebody_else_owns_the_account(waits: Night) -> None:
    give_by_force(waits, waits.walk.cast.tess)

    assert claim(waits) == {}
    assert dropped(waits) == [ELSE]


def test_what_a_rung_says_is_told_to_who_is_on_it_only(waits: Night) -> None:
    walk, alert = waits.walk, waits.alert
    for user in (walk.cast.tess, walk.cast.vik):
        about = {"kind": "escalation", "alert_id": alert.id, "account_id": walk.account_id, "channel": WAITING}
        make_message(walk.session, user, key=f"alert:{alert.id}:rung-2-2026-03-02:email:{user.id}", **about)

    assert sorted(key.split(":")[2] for key in claim(waits)) == ["raised", "rung-2-2026-03-02"]
    assert ELSE in dropped(waits)


@pytest.mark.parametrize("decision", ["revive", "park", "close"])
def test_a_decision_is_told_though_the_alert_is_over_with_it(waits: Night, decision: str) -> None:
    walk, alert = waits.walk, waits.alert
    alert.rung = 4
    walk.session.commit()
    each: dict[str, dict[str, Any]] = {
        "revive": {"next_step": "Visit", "next_step_on": walk.today + timedelta(7)},
        "park": {"until": walk.today + timedelta(30)},
        "close": {"outcome": "churned"},
    }
    given = each[decision]
    moment: dict[str, Any] = {"actor": walk.cast.actor("ed"), "now": walk.now, "today": walk.today}
    decide_alert(alert_id=alert.id, decision=decision, words="So be it", version=alert.version, **given, **moment)

    messages = claim_messages(channel="in_app", limit=50, lease=timedelta(minutes=1), actor=SYSTEM, now=walk.now)
    deliver_in_app(messages=messages, actor=SYSTEM, now=walk.now)

    walk.session.rollback()
    keys = walk.session.scalars(select(Notification.key)).all()
    assert len([key for key in keys if ":decided-" in key]) == 3


@pytest.fixture
def gathered(night: Night) -> list[int]:
    """Three alerts of Olu's in one letter, which waits; the numbers of the accounts."""
    walk = night.walk
    accounts = [make_account(walk.session, name=f"Old {n}", team_id=walk.cast.team.id, owner_id=walk.cast.olu.id)
                for n in range(3)]  # fmt: skip
    alerts = [make_alert(walk.session, account) for account in accounts]
    letters = [
        Letter("alert", f"{account.name}: stale, Olu: take it up", "", path=f"/alerts/{alert.id}", account=account.name)
        for account, alert in zip(accounts, alerts, strict=True)
    ]
    letter = gathered_letter(letters, who="Olu", singly=5)
    written = {"kind": "gathered", "channel": WAITING, "payload": to_json(letter), "created_at": walk.now}
    make_message(walk.session, walk.cast.olu, key="gathered:2026-03-02:1:email:1", **written)
    return [account.id for account in accounts]


def test_a_letter_that_gathers_is_told_as_it_was_where_all_of_it_is_so(night: Night, gathered: list[int]) -> None:
    (payload,) = claim(night).values()

    assert payload["title"] == "Old 0 and 2 more need you, Olu: look through them"


def test_a_letter_that_gathers_does_not_name_what_was_handed_over(night: Night, gathered: list[int]) -> None:
    give_by_force(night, night.walk.cast.tess, gathered[0])

    (payload,) = claim(night).values()

    assert "Old 0" not in str(payload)
    assert [item["text"].split(":")[0] for item in payload["sections"][0]["items"]] == ["Old 1", "Old 2"]
    kept = night.walk.session.scalars(select(OutboxMessage.payload)).one()
    assert (kept["title"], "Old 0" in str(kept)) == (payload["title"], False)


def test_nor_what_was_taken_up_or_resolved_since(night: Night, gathered: list[int]) -> None:
    alerts = night.walk.session.scalars(select(Alert).order_by(Alert.id)).all()
    alerts[0].state = "resolved"
    alerts[1].state, alerts[1].acknowledged_at = "acknowledged", night.walk.now
    night.walk.session.commit()

    (payload,) = claim(night).values()

    assert [item["text"].split(":")[0] for item in payload["sections"][0]["items"]] == ["Old 2"]


def test_a_letter_of_which_nothing_is_left_is_not_told(night: Night, gathered: list[int]) -> None:
    for account_id in gathered:
        give_by_force(night, night.walk.cast.tess, account_id)

    assert claim(night) == {}
    assert dropped(night) == ["Not told: nothing that it told was still theirs to see to."]


@pytest.fixture
def digest(night: Night) -> Night:
    """A digest of Olu's that waits and names her account, and another of the team that is nobody's."""
    walk = night.walk
    other = make_account(walk.session, name="Another", team_id=walk.cast.team.id)
    items = (Item("Acme: stale", f"/accounts/{walk.account_id}"), Item("Another: moved", f"/accounts/{other.id}#gate"))
    letter = Letter("digest", "Your week: 2 accounts need you", "2 accounts.", sections=(Section("All", items),))
    written = {"kind": "digest", "channel": WAITING, "payload": to_json(letter), "created_at": walk.now}
    make_message(walk.session, walk.cast.olu, key="digest:2026-03-02:email:1", **written)
    return night


@pytest.mark.parametrize("to", ["another owner", "another team"])
def test_a_digest_that_waits_does_not_name_what_was_handed_over(digest: Night, to: str) -> None:
    walk = digest.walk
    record = {"owner_id": walk.cast.tess.id} if to == "another owner" else {"team_id": walk.cast.other_team.id}
    moment: dict[str, Any] = {"actor": walk.cast.actor("ada"), "now": walk.now, "today": walk.today}
    edit_account(account_id=walk.account_id, record=record, version=walk.account().version, **moment)

    (payload,) = claim(digest).values()

    assert [item["text"] for item in payload["sections"][0]["items"]] == ["Another: moved"]
    assert "2 accounts" not in str(payload)


def test_a_digest_of_which_all_is_so_is_told_as_it_was(digest: Night) -> None:
    (payload,) = claim(digest).values()

    assert payload["title"] == "Your week: 2 accounts need you"


@pytest.mark.parametrize("count", [1, 20])
def test_looking_again_costs_the_same_however_many_wait(night: Night, counted: Counted, count: int) -> None:
    walk = night.walk
    for number in range(count):
        account = make_account(walk.session, team_id=walk.cast.team.id, owner_id=walk.cast.olu.id)
        alert = make_alert(walk.session, account)
        about = {"alert_id": alert.id, "account_id": account.id, "key": f"alert:{alert.id}:raised:in_app:{number}"}
        make_message(walk.session, walk.cast.olu, **about)
    messages = claim_messages(channel="in_app", limit=50, lease=timedelta(minutes=1), actor=SYSTEM, now=walk.now)

    with counted() as statements:
        told = deliver_in_app(messages=messages, actor=SYSTEM, now=walk.now)

    assert told == {"delivered": count, "dropped": 0}
    assert len([one for one in statements if one.lstrip().upper().startswith("SELECT")]) == 2


class _Absent(Audience):
    """An audience in which everybody was disabled since the messages were looked at."""

    def person(self, user_id: int | None) -> None:
        del user_id


def test_letting_go_ends_though_a_person_is_disabled_meanwhile(waits: Night) -> None:
    walk = waits.walk
    waits.look_again()
    for number in range(8):
        about = {"alert_id": waits.alert.id, "account_id": walk.account_id, "held_for": date(2026, 3, 2)}
        make_message(walk.session, walk.cast.olu, key=f"alert:{waits.alert.id}:raised{number}:in_app:1", **about)
    held = walk.session.execute(select(*HELD_COLUMNS).where(OutboxMessage.held_for.is_not(None))).all()
    session = cast(Any, walk.session)

    found = release(session, held, _Absent(session), (), walk.now)
    let_go(session, found, walk.now)

    assert set(found.done) == {row.id for row in held}
    left = select(OutboxMessage.id).where(OutboxMessage.held_for.is_not(None))
    assert walk.session.scalars(left).all() == []


def test_quiet_days_of_their_own_do_not_hide_what_was_resolved(waits: Night) -> None:
    walk = waits.walk
    assert walk.session.scalars(select(MessageSettings)).all() == []
    walk.record("1c", numbers={"asked": 4, "yes": 3})

    assert claim(waits) == {}
    assert dropped(waits) == ["Not told: the alert had been resolved by then."]
