"""The lanes of delivery against real receivers: each message arrives, once, and no receiver holds up another."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from changetrack.adapters.webhook import webhook_id
from changetrack.config import Settings
from changetrack.domain.letters import Letter, to_json
from changetrack.domain.outgoing import Allowed
from changetrack.domain.people import Actor
from changetrack.jobs.runner import Runner
from changetrack.jobs.schedule import get_job
from changetrack.models import DeliveryAttempt, Endpoint, MessageSettings, Notification, OutboxMessage
from changetrack.operations import endpoints
from changetrack.operations._claims import URL
from changetrack.operations._seal import seal
from changetrack.operations.delivery import send_again
from tests.clock import FixedClock
from tests.conftest import SECRET, Stage
from tests.factories import Cast, make_account, make_alert, make_endpoint, make_message, make_message_settings
from tests.factories._saving import Saver
from tests.receivers import always, mail_sink, program

LETTER = Letter("alert", "Acme: stale, Olu: take it up", "An account went stale.", path="/alerts/1")
HERE = ("127.0.0.1:*",)
Deliver = Callable[..., Mapping[str, int]]


@pytest.fixture
def deliver(stage: Stage, session: Saver, clock: FixedClock) -> Deliver:
    """`deliver("slack", smtp_url=…)`: one tick of a lane, as a scheduler makes it."""

    def tick(lane: str, **settings: Any) -> Mapping[str, int]:
        session.rollback()
        given: Settings = replace(stage.settings, **{"outgoing_allow": HERE, **settings})
        outcome = Runner(given, clock).run_if_due(get_job("deliver"), lane)
        assert outcome is not None
        session.rollback()
        return outcome.counts

    return tick


def letter(session: Saver, cast: Cast, key: str, channel: str = "email", **fields: Any) -> OutboxMessage:
    return make_message(session, cast.olu, key=key, channel=channel, payload=to_json(LETTER), **fields)


def slack(session: Saver, url: str, **fields: Any) -> Endpoint:
    sealed = seal(url, secret=SECRET, purpose=URL)
    return make_endpoint(session, kind="slack", url_sealed=sealed, secret_sealed=None, **fields)


def webhook(clock: FixedClock, url: str, name: str = "CRM") -> endpoints.Signed:
    return endpoints.create_webhook(
        name=name,
        url=url,
        events=["alert.raised"],
        team_id=None,
        outbound=endpoints.Outbound([SECRET], Allowed(tuple(HERE))),
        actor=Actor.operator("cli"),
        now=clock.now(),
    )


def event(session: Saver, cast: Cast, endpoint_id: int, key: str, **fields: Any) -> OutboxMessage:
    payload = {"type": "alert.raised", "timestamp": "2026-03-02T09:00:00Z", "data": {}}
    given: dict[str, Any] = {"key": key, "channel": "webhook", "kind": "event", "payload": payload}
    return make_message(session, cast.olu, endpoint_id=endpoint_id, **{**given, "user_id": None, **fields})


def row(session: Saver, key: str) -> OutboxMessage:
    return session.scalars(select(OutboxMessage).where(OutboxMessage.key == key)).one()


def test_each_lane_takes_its_own(session: Saver, cast: Cast, deliver: Deliver) -> None:
    letter(session, cast, "a", "in_app")
    letter(session, cast, "b", "email")
    with mail_sink() as sink:
        first = deliver("in_app", smtp_url=sink.url)
        before = len(sink.received)
        second = deliver("email", smtp_url=sink.url)

    assert (first["delivered"], before, second["delivered"], len(sink.received)) == (1, 0, 1, 1)
    assert session.scalars(select(Notification.path)).all() == ["/alerts/1"]
    assert row(session, "b").delivered_at is not None


def test_run_by_hand_all_lanes_are_done(session: Saver, cast: Cast, stage: Stage, clock: FixedClock) -> None:
    letter(session, cast, "a", "in_app")
    letter(session, cast, "b", "email")
    with mail_sink() as sink:
        runner = Runner(replace(stage.settings, smtp_url=sink.url), clock)
        outcome = runner.run_now(get_job("deliver"), clock.today(), lambda _done, _of: None)

    assert outcome.counts == {"delivered": 2, "dropped": 0, "failed": 0, "given_up": 0}


def test_what_is_held_back_for_the_end_of_a_run_waits(
    session: Saver, cast: Cast, deliver: Deliver, clock: FixedClock
) -> None:
    letter(session, cast, "a", "in_app", held_for=clock.today())

    assert deliver("in_app")["delivered"] == 0
    clock.move(minutes=31)
    assert deliver("in_app")["delivered"] == 1


def test_an_e_mail_is_recorded_with_its_tries(session: Saver, cast: Cast, deliver: Deliver) -> None:
    message = letter(session, cast, "a")
    with mail_sink() as sink:
        deliver("email", smtp_url=sink.url)

    attempt = session.scalars(select(DeliveryAttempt)).one()
    assert (attempt.message_id, attempt.seq, attempt.status, attempt.error) == (message.id, 1, 250, None)
    assert "/unsubscribe/" in sink.received[0]["List-Unsubscribe"]


def test_an_address_that_is_refused_for_good_is_marked_and_spared(
    session: Saver, cast: Cast, deliver: Deliver, clock: FixedClock
) -> None:
    letter(session, cast, "a")
    with mail_sink() as sink:
        sink.refuse = "550 5.1.1 No such user"
        first = deliver("email", smtp_url=sink.url)
        letter(session, cast, "b")
        second = deliver("email", smtp_url=sink.url)

    marked = session.scalars(select(MessageSettings)).one()
    assert first["given_up"] == 1
    assert (marked.user_id, marked.email_failed_at, marked.email_error) == (
        cast.olu.id,
        clock.now(),
        "550 5.1.1 No such user",
    )
    assert second["dropped"] == 1
    assert "was refused" in (row(session, "b").dropped_because or "")


def test_an_address_that_was_marked_keeps_what_its_person_chose(session: Saver, cast: Cast, deliver: Deliver) -> None:
    make_message_settings(session, cast.olu, quiet_days="1111111", version=4)
    letter(session, cast, "a")
    with mail_sink() as sink:
        sink.refuse = "550 No"
        deliver("email", smtp_url=sink.url)

    kept = session.scalars(select(MessageSettings)).one()
    assert (kept.quiet_days, kept.version, kept.email_error) == ("1111111", 4, "550 No")


def test_a_mail_server_that_says_later_is_asked_again_later(
    session: Saver, cast: Cast, deliver: Deliver, clock: FixedClock
) -> None:
    letter(session, cast, "a")
    with mail_sink() as sink:
        sink.refuse = "450 Later"
        first = deliver("email", smtp_url=sink.url)
        sink.refuse = ""
        at_once = deliver("email", smtp_url=sink.url)
        clock.move(hours=1)
        later = deliver("email", smtp_url=sink.url)

    assert (first["failed"], at_once["delivered"], later["delivered"]) == (1, 0, 1)


def test_a_mail_server_that_is_away_uses_up_no_try_and_is_not_stormed(
    session: Saver, cast: Cast, deliver: Deliver, clock: FixedClock
) -> None:
    for number in range(30):
        letter(session, cast, f"{number:02}")
    with mail_sink() as sink:
        url = sink.url
    tried = deliver("email", smtp_url=url)["failed"]
    for _ in range(20):
        clock.move(hours=1)
        deliver("email", smtp_url=url)

    assert 1 <= tried <= 8
    assert session.scalars(select(func.max(OutboxMessage.attempts))).one() == 0
    assert session.scalars(select(OutboxMessage.dead_at).distinct()).all() == [None]


def test_a_message_of_a_lost_worker_is_sent_again_under_the_same_number(
    session: Saver, cast: Cast, deliver: Deliver, clock: FixedClock
) -> None:
    message = letter(session, cast, "a")
    with mail_sink() as sink:
        deliver("email", smtp_url=sink.url)
        lost = session.get_one(OutboxMessage, message.id)
        lost.delivered_at, lost.leased_until, lost.due_at = None, clock.now(), clock.now()
        session.commit()
        deliver("email", smtp_url=sink.url)

    assert len({mail["Message-ID"] for mail in sink.received}) == 1
    assert len(sink.received) == 2


def test_an_alert_that_was_resolved_meanwhile_is_not_mailed(session: Saver, cast: Cast, deliver: Deliver) -> None:
    account = make_account(session, claimed_step=1, team_id=cast.team.id)
    alert = make_alert(session, account, state="resolved")
    letter(session, cast, "a", account_id=account.id, alert_id=alert.id)
    with mail_sink() as sink:
        counts = deliver("email", smtp_url=sink.url)

    assert (counts["dropped"], sink.received) == (1, [])


def test_slack_gets_one_message_a_second_to_each_hook(
    session: Saver, cast: Cast, deliver: Deliver, clock: FixedClock
) -> None:
    with program() as first, program() as second:
        one, other = slack(session, first.url), slack(session, second.url)
        for number in range(3):
            letter(session, cast, f"a{number}", "slack", endpoint_id=one.id)
        letter(session, cast, "b", "slack", endpoint_id=other.id)
        deliver("slack")
        at_once = len(first.received), len(second.received)
        clock.move(seconds=1)
        deliver("slack")
        after_a_second = len(first.received)

    assert at_once == (1, 1)
    assert after_a_second == 2


def test_nothing_is_sent_before_slack_wants_to_hear_of_us_again(
    session: Saver, cast: Cast, deliver: Deliver, clock: FixedClock
) -> None:
    with program(lambda number: (429, {"Retry-After": "40"}) if number == 1 else (200, {})) as there:
        endpoint = slack(session, there.url)
        for key in "ab":
            letter(session, cast, key, "slack", endpoint_id=endpoint.id)
        deliver("slack")
        clock.move(seconds=39)
        deliver("slack")
        early = len(there.received)
        for _ in range(6):
            clock.move(seconds=60)
            deliver("slack")

    assert early == 1
    assert len(there.received) == 3
    assert {row(session, key).delivered_at is not None for key in "ab"} == {True}


def test_a_program_gets_its_events_in_order_with_their_numbers(
    session: Saver, cast: Cast, deliver: Deliver, clock: FixedClock
) -> None:
    with program() as there:
        made = webhook(clock, there.url)
        for number in range(5):
            event(session, cast, made.endpoint_id, f"hook:{number}")
        counts = deliver("webhook")

    assert counts["delivered"] == 5
    assert [r.headers["webhook-id"] for r in there.received] == [webhook_id(f"hook:{number}") for number in range(5)]


def test_while_a_program_fails_one_message_at_a_time_is_tried(
    session: Saver, cast: Cast, deliver: Deliver, clock: FixedClock
) -> None:
    with program(always(500)) as there:
        made = webhook(clock, there.url)
        for number in range(20):
            event(session, cast, made.endpoint_id, f"hook:{number}")
        deliver("webhook")
        at_once = len(there.received)
        for _ in range(60):
            clock.move(seconds=10)
            deliver("webhook")
        in_ten_minutes = len(there.received)
        failing = session.get_one(Endpoint, made.endpoint_id).failing_since
        there.answers = always(200)
        for _ in range(30):
            clock.move(minutes=5)
            deliver("webhook")

    assert at_once == 1
    assert in_ten_minutes < 20
    assert failing is not None
    assert session.get_one(Endpoint, made.endpoint_id).failing_since is None
    assert session.scalar(select(func.count()).where(OutboxMessage.delivered_at.is_not(None))) == 20


def test_one_program_that_hangs_does_not_hold_up_another(
    session: Saver, cast: Cast, deliver: Deliver, clock: FixedClock
) -> None:
    with program(always(500)) as bad, program() as good:
        first = webhook(clock, bad.url)
        second = webhook(clock, good.url, "Good")
        for number in range(5):
            event(session, cast, first.endpoint_id, f"bad:{number}")
            event(session, cast, second.endpoint_id, f"good:{number}")
        counts = deliver("webhook")

    assert (counts["delivered"], counts["failed"]) == (5, 1)


def test_a_program_that_fails_for_five_days_is_switched_off_and_administrators_hear_of_it(
    session: Saver, cast: Cast, deliver: Deliver, clock: FixedClock
) -> None:
    with program(always(500)) as there:
        made = webhook(clock, there.url)
        for number in range(60):
            event(session, cast, made.endpoint_id, f"hook:{number}")
        for _ in range(50):
            clock.move(hours=3)
            deliver("webhook")
        tried = len(there.received)
        clock.move(hours=3)
        deliver("webhook")
        deliver("in_app")

    endpoint = session.get_one(Endpoint, made.endpoint_id)
    assert endpoint.disabled_at is not None
    assert "500" in (endpoint.disabled_because or "")
    assert len(there.received) == tried
    told = session.scalars(select(Notification)).one()
    assert (told.user_id, told.path) == (cast.ada.id, "/admin/endpoints")
    assert {row(session, f"hook:{number}").dead_at is not None for number in range(60)} == {True}


def test_a_program_that_says_it_is_gone_is_switched_off_at_once(
    session: Saver, cast: Cast, deliver: Deliver, clock: FixedClock
) -> None:
    with program(always(410)) as there:
        made = webhook(clock, there.url)
        for number in range(3):
            event(session, cast, made.endpoint_id, f"hook:{number}")
        deliver("webhook")
        deliver("webhook")

    assert len(there.received) == 1
    assert session.get_one(Endpoint, made.endpoint_id).disabled_at is not None


def test_what_was_taken_can_be_sent_again_with_the_same_number(
    session: Saver, cast: Cast, deliver: Deliver, clock: FixedClock
) -> None:
    with program() as there:
        made = webhook(clock, there.url)
        message = event(session, cast, made.endpoint_id, "hook:1")
        deliver("webhook")
        send_again(message_id=message.id, actor=cast.actor("ada"), now=clock.now())
        deliver("webhook")

    first, again = there.received
    assert first.headers["webhook-id"] == again.headers["webhook-id"]
    tries = select(DeliveryAttempt.seq).order_by(DeliveryAttempt.seq)
    assert session.scalars(tries).all() == [1, 2]


def test_an_address_inside_the_house_is_not_called_unless_it_is_allowed(
    session: Saver, cast: Cast, deliver: Deliver, clock: FixedClock
) -> None:
    with program() as there:
        made = webhook(clock, there.url)
        event(session, cast, made.endpoint_id, "hook:1")
        counts = deliver("webhook", outgoing_allow=())

    assert (counts["failed"], there.received) == (1, [])
    assert "the operator has to list it" in (row(session, "hook:1").last_error or "")


def test_an_endpoint_whose_address_cannot_be_read_is_switched_off(
    session: Saver, cast: Cast, deliver: Deliver, clock: FixedClock
) -> None:
    endpoint = make_endpoint(session)
    event(session, cast, endpoint.id, "hook:1")

    counts = deliver("webhook")

    assert counts["given_up"] == 1
    assert "secret key" in (session.get_one(Endpoint, endpoint.id).disabled_because or "")


def test_a_message_that_came_too_late_out_of_its_lease_is_not_sent(
    session: Saver, cast: Cast, deliver: Deliver, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter(session, cast, "a")
    monkeypatch.setattr("changetrack.jobs.deliver.LEASE", timedelta(seconds=-60))
    with mail_sink() as sink:
        counts = deliver("email", smtp_url=sink.url)

    assert (counts["failed"], sink.received) == (1, [])
