"""The outbox: each message is delivered once, whoever is lost on the way, and given up only after its attempts."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from changetrack.domain.delivery import MAX_ATTEMPTS
from changetrack.domain.parcels import Hook, Message, Parcel, Tried
from changetrack.domain.people import Actor
from changetrack.domain.refusal import Forbidden, NotFound
from changetrack.models import DeliveryAttempt, Endpoint, Notification, OutboxMessage
from changetrack.operations._claims import SECRET as SEALED
from changetrack.operations._claims import URL
from changetrack.operations._seal import seal
from changetrack.operations.delivery import (
    claim_for_endpoints,
    claim_letters,
    claim_messages,
    deliver_in_app,
    note_failure,
    note_tries,
    send_again,
)
from tests.conftest import SECRET
from tests.factories import Cast, make_account, make_alert, make_cast, make_endpoint, make_message
from tests.factories._saving import Saver

WORKER = Actor.system("deliver")
LEASE = timedelta(minutes=2)
Counted = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture
def cast(session: Saver) -> Cast:
    return make_cast(session)


def claim(now: datetime, limit: int = 10) -> list[Message]:
    return claim_messages(channel="in_app", limit=limit, lease=LEASE, actor=WORKER, now=now)


def deliver(messages: list[Message], now: datetime) -> dict[str, int]:
    return deliver_in_app(messages=messages, actor=WORKER, now=now)


def inbox(session: Saver) -> list[str]:
    session.rollback()
    return list(session.scalars(select(Notification.key).order_by(Notification.key)))


def test_a_message_is_delivered_into_the_inbox_of_its_person(session: Saver, cast: Cast, now: datetime) -> None:
    make_message(session, cast.olu, key="a", payload={"title": "Acme is stale", "body": "No progress."})

    counts = deliver(claim(now), now)

    found = session.scalars(select(Notification)).one()
    assert counts == {"delivered": 1, "dropped": 0}
    assert (found.key, found.user_id, found.title, found.body) == ("a", cast.olu.id, "Acme is stale", "No progress.")
    assert session.scalars(select(OutboxMessage.delivered_at)).one() == now


def test_what_one_worker_holds_no_other_gets(session: Saver, cast: Cast, now: datetime) -> None:
    for key in "abc":
        make_message(session, cast.olu, key=key)

    first, second, third = claim(now, 2), claim(now, 2), claim(now, 2)

    assert [m.key for m in first] == ["a", "b"]
    assert [m.key for m in second] == ["c"]
    assert third == []


def test_a_message_of_a_lost_worker_goes_to_the_next_with_the_same_key(
    session: Saver, cast: Cast, now: datetime
) -> None:
    make_message(session, cast.olu, key="a")
    lost = claim(now)

    too_early = claim(now + LEASE - timedelta(seconds=1))
    later = claim(now + LEASE)
    counts = deliver(later, now + LEASE)

    assert too_early == []
    assert [m.key for m in later] == [m.key for m in lost] == ["a"]
    assert later[0].attempts == 2
    assert counts["delivered"] == 1


def test_a_worker_that_comes_back_late_delivers_nothing_twice(session: Saver, cast: Cast, now: datetime) -> None:
    make_message(session, cast.olu, key="a")
    slow = claim(now)
    deliver(claim(now + LEASE), now + LEASE)

    counts = deliver(slow, now + 2 * LEASE)
    note_failure(message=slow[0], error="late", chance=0.5, actor=WORKER, now=now + 2 * LEASE)

    assert counts == {"delivered": 0, "dropped": 0}
    assert inbox(session) == ["a"]
    assert session.scalars(select(OutboxMessage.last_error)).one() is None


def test_a_failure_is_tried_again_later_and_later_and_then_given_up(session: Saver, cast: Cast, now: datetime) -> None:
    make_message(session, cast.olu, key="a")
    pauses, moment = [], now
    for _ in range(MAX_ATTEMPTS):
        (message,) = claim(moment)
        again = note_failure(message=message, error="No pigeon", chance=0.5, actor=WORKER, now=moment)
        session.rollback()
        row = session.scalars(select(OutboxMessage)).one()
        pauses.append((row.due_at - moment).total_seconds())
        moment = max(moment, row.due_at)

    assert again is False
    assert pauses[:4] == [30, 60, 120, 240]
    assert claim(moment + timedelta(days=30)) == []
    assert row.dead_at is not None
    assert (row.last_error, row.attempts) == ("No pigeon", MAX_ATTEMPTS)


def test_an_administrator_sends_what_was_given_up_again(session: Saver, cast: Cast, now: datetime) -> None:
    dead = make_message(session, cast.olu, key="a", dead_at=now, attempts=MAX_ATTEMPTS)
    alive = make_message(session, cast.olu, key="b", due_at=now + timedelta(1))
    who: dict[str, Any] = {"actor": cast.actor("ada"), "now": now}

    with pytest.raises(Forbidden):
        send_again(message_id=dead.id, actor=cast.actor("olu"), now=now)
    with pytest.raises(NotFound):
        send_again(message_id=alive.id, **who)
    send_again(message_id=dead.id, **who)

    assert [(m.key, m.attempts) for m in claim(now)] == [("a", 1)]


def test_what_was_resolved_meanwhile_is_not_told(session: Saver, cast: Cast, now: datetime) -> None:
    account = make_account(session, claimed_step=1, team_id=cast.team.id)
    alert = make_alert(session, account, state="resolved")
    make_message(session, cast.olu, key="a", account_id=account.id, alert_id=alert.id)

    counts = deliver(claim(now), now)

    assert counts == {"delivered": 0, "dropped": 1}
    assert inbox(session) == []
    assert "resolved" in (session.scalars(select(OutboxMessage.dropped_because)).one() or "")
    assert claim(now + timedelta(days=1)) == []


def test_what_is_no_longer_somebodys_to_see_is_not_told(session: Saver, cast: Cast, now: datetime) -> None:
    account = make_account(session, claimed_step=1, team_id=cast.team.id)
    cast.vik.disabled_at = now
    session.commit()
    for user in (cast.olu, cast.otto, cast.ed, cast.vik):
        make_message(session, user, key=user.email, account_id=account.id)

    counts = deliver(claim(now), now)

    assert counts == {"delivered": 2, "dropped": 2}
    assert inbox(session) == ["ed@example.com", "olu@example.com"]


def test_many_messages_take_no_more_statements_than_few(
    session: Saver, cast: Cast, now: datetime, counted: Counted
) -> None:
    for number in range(20):
        make_message(session, cast.olu, key=f"{number:02}")

    with counted() as statements:
        deliver(claim(now, 20), now)

    assert session.scalar(select(func.count()).select_from(Notification)) == 20
    assert len(statements) <= 6


def claim_hooks(now: datetime) -> list[Parcel]:
    given: dict[str, Any] = {"channel": "webhook", "limit": 8, "lease": LEASE, "secrets": [SECRET], "actor": WORKER}
    return list(claim_for_endpoints(**given, now=now).parcels)


def hooks(session: Saver, cast: Cast) -> Endpoint:
    sealed = {"url_sealed": seal("https://a.example/", secret=SECRET, purpose=URL)}
    sealed |= {"secret_sealed": seal("whsec_x", secret=SECRET, purpose=SEALED)}
    endpoint = make_endpoint(session, **sealed)
    for key in "ab":
        make_message(session, cast.olu, key=key, channel="webhook", user_id=None, endpoint_id=endpoint.id)
    return endpoint


def test_to_each_endpoint_one_message_is_under_way(session: Saver, cast: Cast, now: datetime) -> None:
    endpoint = hooks(session, cast)

    first, second = claim_hooks(now), claim_hooks(now)
    note_tries(tries=[Tried(first[0].message, now, 5, status=200)], actor=WORKER, now=now)
    third = claim_hooks(now)

    assert [p.message.key for p in first] == ["a"]
    assert first[0].to == Hook("https://a.example/", ("whsec_x",))
    assert second == []
    assert [p.message.key for p in third] == ["b"]
    assert session.get_one(Endpoint, endpoint.id, populate_existing=True).leased_until == now + LEASE


def test_what_a_lost_worker_had_under_way_is_sent_again_when_its_lease_ends(
    session: Saver, cast: Cast, now: datetime
) -> None:
    hooks(session, cast)
    (lost,) = claim_hooks(now)

    early, later = claim_hooks(now + LEASE - timedelta(seconds=1)), claim_hooks(now + LEASE)
    late = note_tries(tries=[Tried(lost.message, now, 5, status=200)], actor=WORKER, now=now + LEASE)

    assert early == []
    assert [p.message.key for p in later] == ["b"]  # it was due before
    assert late["delivered"] == 1  # late, but nobody else had taken it
    assert claim_hooks(now + LEASE) == []


def test_a_failure_that_says_nothing_of_the_message_is_not_held_against_it(
    session: Saver, cast: Cast, now: datetime
) -> None:
    make_message(session, cast.olu, key="a", channel="email")
    moment = now
    for number in range(MAX_ATTEMPTS + 4):
        (parcel,) = claim_letters(limit=8, lease=LEASE, actor=WORKER, now=moment).parcels
        tried = Tried(parcel.message, moment, 5, error="It is away.", is_away=True)
        note_tries(tries=[tried], actor=WORKER, now=moment)
        session.rollback()
        row = session.scalars(select(OutboxMessage)).one()
        assert (row.attempts, row.dead_at) == (0, None), number
        moment = row.due_at

    assert session.scalar(select(func.count()).select_from(DeliveryAttempt)) == MAX_ATTEMPTS + 4
