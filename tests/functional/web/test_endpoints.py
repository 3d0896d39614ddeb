"""Administrators lead messages to programs and Slack: secrets are shown once, deliveries are seen and repeated."""

import socket
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.webhook_events import EVENTS, key_of, sign
from changetrack.models import AuditEvent, Endpoint, OutboxMessage
from changetrack.web.admin.receiver_example import EXAMPLE
from tests.architecture.source import ROOT
from tests.clock import NOW
from tests.factories import PASSWORD, Cast, make_attempt, make_endpoint, make_message
from tests.functional.web.importing import words

Saver = scoped_session[Session]
BrowserOf = Callable[[str], FlaskClient]
URL = "https://hooks.example.com/changetrack?key=part-of-the-secret"
WEBHOOK: dict[str, Any] = {
    "name": "CRM", "url": URL, "events": ["alert.raised", "account.moved"], "team_id": "", "password": PASSWORD,
}  # fmt: skip


@pytest.fixture
def ada(browser_of: BrowserOf) -> FlaskClient:
    return browser_of("ada")


@pytest.fixture
def crm(ada: FlaskClient, session: Saver) -> Endpoint:
    """A webhook as Ada has just added it."""
    ada.post("/admin/endpoints/new-webhook", data=WEBHOOK)
    return session.scalars(select(Endpoint)).one()


def secret_on(text: str) -> str:
    """The secret that a page shows."""
    return text.partition('<code class="secret"')[2].partition(">")[2].partition("<")[0]


def page_of(endpoint: Endpoint) -> str:
    return f"/admin/endpoints/{endpoint.id}"


def sent(session: Saver, cast: Cast, endpoint: Endpoint, **fields: Any) -> OutboxMessage:
    """A message to `endpoint`."""
    given = {"user_id": None, "endpoint_id": endpoint.id, "channel": "webhook", "kind": "event"}
    return make_message(session, cast.ada, **{**given, "payload": {"type": "alert.raised"}, **fields})


def test_the_secret_of_a_new_webhook_is_shown_once(ada: FlaskClient, session: Saver) -> None:
    shown = ada.post("/admin/endpoints/new-webhook", data=WEBHOOK)

    row = session.scalars(select(Endpoint)).one()
    secret = secret_on(shown.text)
    later = ada.get(page_of(row)).text
    assert len(key_of(secret)) == 32
    assert shown.headers["Cache-Control"] == "no-store"
    assert secret not in later + str(row.secret_sealed)
    assert "part-of-the-secret" not in shown.text + later + row.url_sealed + row.url_shown
    assert "Webhook · https://hooks.example.com/…" in words(ada.get("/admin/endpoints"))


def test_a_name_that_stands_for_a_private_address_is_said_at_once_and_the_webhook_is_kept(
    ada: FlaskClient, session: Saver, names: dict[str, list[str]]
) -> None:
    names["hooks.example.com"] = ["93.184.215.14", "10.0.0.7"]

    shown = ada.post("/admin/endpoints/new-webhook", data=WEBHOOK)

    assert "as things stand nothing will arrive there: hooks.example.com is not an address of the public" in shown.text
    assert secret_on(shown.text)
    assert session.scalars(select(Endpoint.name)).all() == ["CRM"]


def test_a_name_that_nobody_knows_is_said_when_the_address_is_changed_and_only_then(
    ada: FlaskClient, crm: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("changetrack.web.outbound.resolve", unknown)
    given = {"name": "CRM", "team_id": "", "events": ["alert.raised"]}

    renamed = ada.post(page_of(crm), data={**given, "url": "", "version": "1"}, follow_redirects=True)
    moved = ada.post(
        page_of(crm), data={**given, "url": "https://hoks.example.com/x", "version": "2"}, follow_redirects=True
    )

    assert "CRM is saved." in renamed.text
    assert "nothing will arrive" not in renamed.text
    assert "nothing will arrive there: hoks.example.com could not be looked up. Is it spelled right?" in moved.text


def test_an_address_that_may_be_reached_is_warned_of_by_nothing(ada: FlaskClient) -> None:
    assert "nothing will arrive" not in ada.post("/admin/endpoints/new-webhook", data=WEBHOOK).text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"password": "not it"}, "This is not your password."),
        ({"name": " "}, "Give it a name."),
        ({"events": []}, "Choose what it is to hear of."),
        ({"events": ["account.exploded"]}, "There is no event"),
        ({"team_id": "4711"}, "There is no such team."),
        ({"url": "http://hooks.example.com/x"}, "Use https://"),
        ({"url": "https://127.0.0.1/x"}, "is not an address of the public internet"),
        ({"url": "https://localhost/x"}, "list it in CHANGETRACK_OUTGOING_ALLOW"),
        ({"url": "https://[::ffff:10.0.0.1]/x"}, "is not an address of the public internet"),
        ({"url": "javascript:alert(1)"}, "An address begins with https://"),
        ({"secret_sealed": "mine"}, "This form has no field secret_sealed."),
    ],
)
def test_a_webhook_that_may_not_be_is_refused(
    ada: FlaskClient, session: Saver, changed: dict[str, object], said: str
) -> None:
    answer = ada.post("/admin/endpoints/new-webhook", data={**WEBHOOK, **changed})

    assert answer.status_code == 422
    assert said in words(answer)
    assert PASSWORD not in answer.text
    assert session.scalars(select(Endpoint)).all() == []


def test_a_slack_channel_belongs_to_a_team(ada: FlaskClient, session: Saver, cast: Cast) -> None:
    typed = {"name": "#north", "url": "https://hooks.slack.com/services/T/B/x"}

    without = ada.post("/admin/endpoints/new-slack", data={**typed, "team_id": ""})
    added = ada.post("/admin/endpoints/new-slack", data={**typed, "team_id": str(cast.team.id)})

    assert (without.status_code, added.status_code) == (422, 303)
    assert "Choose the team whose channel it is." in words(without)
    assert "#north Slack of North · https://hooks.slack.com/…" in words(ada.get("/admin/endpoints"))


def test_editing_keeps_an_address_that_is_not_typed_again(ada: FlaskClient, session: Saver, crm: Endpoint) -> None:
    before = crm.url_sealed

    saved = ada.post(
        page_of(crm), data={"version": "1", "name": "CRM 2", "url": "", "events": list(EVENTS), "team_id": ""}
    )

    row = session.get_one(Endpoint, crm.id)
    assert saved.status_code == 303
    assert (row.name, row.events, row.url_sealed) == ("CRM 2", list(EVENTS), before)


def test_who_saved_first_is_shown(ada: FlaskClient, session: Saver, crm: Endpoint) -> None:
    typed = {"version": "1", "url": "", "events": ["alert.raised"], "team_id": ""}
    ada.post(page_of(crm), data={**typed, "name": "CRM 2"})

    late = ada.post(page_of(crm), data={**typed, "name": "CRM 3"})

    assert late.status_code == 409
    assert "Somebody saved this before you" in words(late)


def test_two_endpoints_have_two_names(ada: FlaskClient, session: Saver, crm: Endpoint) -> None:
    other = make_endpoint(session, name="Zapier")

    twice = ada.post("/admin/endpoints/new-webhook", data=WEBHOOK)
    renamed = ada.post(
        page_of(other), data={"version": "1", "name": "CRM", "url": "", "events": ["alert.raised"], "team_id": ""}
    )

    assert (twice.status_code, renamed.status_code) == (422, 422)
    assert "There is another one of that name." in words(renamed)


def test_a_new_secret_says_until_when_both_hold(ada: FlaskClient, session: Saver, crm: Endpoint) -> None:
    shown = ada.post(f"{page_of(crm)}/rotate", data={"overlap": "168", "password": PASSWORD})

    row = session.get_one(Endpoint, crm.id)
    assert secret_on(shown.text).startswith("whsec_")
    assert row.former_until == NOW + timedelta(days=7)
    assert "Until 9 Mar 2026, 09:00 UTC each request is signed with the former one, too." in words(shown)
    assert "Two secrets hold until 9 Mar 2026, 09:00 UTC" in words(ada.get(page_of(crm)))


@pytest.mark.parametrize("typed", [{"password": "not it"}, {"overlap": "9999"}, {"overlap": "x"}, {"password": ""}])
def test_no_new_secret_without_the_password_and_a_fair_overlap(
    ada: FlaskClient, session: Saver, crm: Endpoint, typed: dict[str, str]
) -> None:
    answer = ada.post(f"{page_of(crm)}/rotate", data={"overlap": "24", "password": PASSWORD, **typed})

    assert answer.status_code == 422
    assert "No new secret was made yet" in words(answer)
    assert session.get_one(Endpoint, crm.id).former_until is None


def test_a_test_is_sent_and_its_result_followed(ada: FlaskClient, session: Saver, cast: Cast, crm: Endpoint) -> None:
    answer = ada.post(f"{page_of(crm)}/test")
    waiting = ada.get(answer.location)
    message = session.scalars(select(OutboxMessage)).one()
    message.delivered_at, message.attempts = NOW, 1
    make_attempt(session, message, status=204, took_ms=87)
    ended = ada.get(answer.location)

    assert (message.endpoint_id, message.kind) == (crm.id, "test")
    assert 'hx-trigger="every 2s"' in waiting.text
    assert 'hx-select-oob="#endpoint-state"' in waiting.text
    assert 'id="endpoint-state"' in ended.text
    assert "Waiting for an answer" in words(waiting)
    assert 'hx-trigger="every 2s"' not in ended.text
    assert "Test: it was taken, the answer was 204 after 87 ms." in words(ended)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Not tried yet"),
        ({"not_before": NOW + timedelta(seconds=1)}, "Working"),
        ({"failing_since": NOW, "not_before": NOW + timedelta(minutes=4)}, "tried again at 2 Mar 2026, 09:04 UTC"),
        ({"failing_since": NOW, "not_before": NOW - timedelta(minutes=4)}, "Failing since"),
    ],
)
def test_an_endpoint_says_how_it_is(ada: FlaskClient, session: Saver, fields: dict[str, Any], said: str) -> None:
    endpoint = make_endpoint(session, **fields)

    for shown in (words(ada.get("/admin/endpoints")), words(ada.get(page_of(endpoint)))):
        assert said in shown
        assert "left alone" not in shown
        assert ("tried again at" in shown) is ("tried again at" in said)


def test_every_delivery_is_in_the_log(ada: FlaskClient, session: Saver, cast: Cast) -> None:
    endpoint = make_endpoint(session, failing_since=NOW)
    failed = sent(session, cast, endpoint, dead_at=NOW, attempts=2, last_error="The receiver answered 500.")
    make_attempt(session, failed, status=None, error="No answer within 10 s.", took_ms=10_000)
    make_attempt(session, failed, seq=2, status=500, error="The receiver answered 500.", took_ms=31)
    sent(session, cast, endpoint, delivered_at=NOW, dropped_because="The alert was resolved meanwhile.")
    sent(session, cast, endpoint, attempts=1, due_at=NOW + timedelta(minutes=4))

    shown = words(ada.get(page_of(endpoint)))

    assert "Failing since" in shown
    assert "Given up The receiver answered 500. 500, 31 ms · 2 tries" in shown
    assert "no answer after 10,000 ms, No answer within 10 s." in shown
    assert "Not sent The alert was resolved meanwhile." in shown
    assert "Waiting next try 2 Mar 2026, 09:04 UTC" in shown


def test_the_log_is_paged(ada: FlaskClient, session: Saver, cast: Cast) -> None:
    endpoint = make_endpoint(session)
    for number in range(51):
        sent(session, cast, endpoint, payload={"type": f"event-{number:02}"}, delivered_at=NOW)

    first = ada.get(page_of(endpoint)).text
    following = first.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    second = ada.get(following).text

    assert "event-50" in first
    assert "event-00" not in first
    assert "event-00" in second
    assert "event-01" not in second


def test_a_message_that_was_given_up_is_sent_again(ada: FlaskClient, session: Saver, cast: Cast) -> None:
    endpoint = make_endpoint(session)
    message = sent(session, cast, endpoint, dead_at=NOW, attempts=8)

    ada.post(f"{page_of(endpoint)}/deliveries/{message.id}/again")

    row = session.get_one(OutboxMessage, message.id)
    assert (row.dead_at, row.attempts, row.due_at) == (None, 0, NOW)


def test_an_endpoint_is_switched_off_and_on(ada: FlaskClient, session: Saver, crm: Endpoint) -> None:
    ada.post(f"{page_of(crm)}/disable")
    off = words(ada.get(page_of(crm)))
    tried = ada.post(f"{page_of(crm)}/test")
    ada.post(f"{page_of(crm)}/enable")

    assert "Nothing is sent there Switched off by ada@example.com." in off
    assert tried.status_code == 422
    assert session.get_one(Endpoint, crm.id).disabled_at is None


def test_what_was_done_is_in_the_audit(ada: FlaskClient, session: Saver, crm: Endpoint) -> None:
    ada.post(f"{page_of(crm)}/rotate", data={"overlap": "0", "password": PASSWORD})
    ada.post(f"{page_of(crm)}/disable")

    told = words(ada.get("/admin/audit?group=endpoint"))

    assert all(title in told for title in ("Endpoint added", "New secret made", "Endpoint switched off"))
    assert "CRM" in told


def test_no_secret_is_ever_logged_or_audited(
    ada: FlaskClient, session: Saver, capsys: pytest.CaptureFixture[str]
) -> None:
    with structlog.testing.capture_logs() as logs:
        secret = secret_on(ada.post("/admin/endpoints/new-webhook", data=WEBHOOK).text)

    said = f"{logs}{capsys.readouterr()}{[event.changes for event in session.scalars(select(AuditEvent))]}"
    assert {line["event"] for line in logs} >= {"webhook_made"}
    assert not any(hidden in said for hidden in (secret, PASSWORD, "part-of-the-secret"))


def test_the_operator_guide_has_the_same_example() -> None:
    assert f"```python\n{EXAMPLE}```" in (ROOT / "docs" / "operator-guide.md").read_text(encoding="utf-8")


@pytest.fixture
def receiver() -> Callable[..., bool]:
    """The function that the page shows to receivers, at the moment of the test."""
    shown: dict[str, Any] = {}
    exec(EXAMPLE, shown)  # noqa: S102 - what people copy is tried as it stands
    shown["time"] = SimpleNamespace(time=NOW.timestamp)
    found: Callable[..., bool] = shown["is_ours"]
    return found


def test_the_example_for_receivers_takes_what_we_sign_and_nothing_else(receiver: Callable[..., bool]) -> None:
    secret, other = "whsec_" + "A" * 43 + "=", "whsec_" + "B" * 43 + "="
    at, body = int(NOW.timestamp()), b'{"type":"test"}'

    def headers(*secrets: str, at: int = at) -> dict[str, str]:
        signature = sign([key_of(one) for one in secrets], "msg_1", at, body)
        return {"webhook-id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": signature}

    assert receiver(secret, headers(secret), body)
    assert receiver(secret, headers(other, secret), body)
    assert not receiver(secret, headers(other), body)
    assert not receiver(secret, headers(secret), body + b" ")
    assert not receiver(secret, headers(secret, at=at - 301), body)
