"""People say what they hear, by which channels and when; and end one kind of e-mail from within it."""

from collections.abc import Callable
from typing import Any

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from changetrack.adapters.unsubscribe_tokens import unsubscribe_token
from changetrack.models import AuditEvent, Endpoint, MessageSettings, OutboxMessage
from tests.clock import NOW, FixedClock
from tests.conftest import ON_ONE_DATABASE, Stage
from tests.factories import Cast, make_endpoint, make_message_settings
from tests.functional.web.importing import words

Saver = scoped_session[Session]
BrowserOf = Callable[[str], FlaskClient]
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
BY_BOTH = ["in_app", "email"]
CHOSEN: dict[str, Any] = {
    "version": "0", "timezone": "Europe/Berlin", "digest_weekday": "3", "digest_hour": "7", "quiet_days": ["5", "6"],
    "choices_alert": ["email", "slack"], "choices_reminder": [], "choices_escalation": ["email"],
    "choices_commitment": ["in_app"], "choices_digest": ["email"], "choices_portfolio": [],
}  # fmt: skip


@pytest.fixture
def olu(browser_of: BrowserOf) -> FlaskClient:
    return browser_of("olu")


@pytest.fixture
def end_of_digest(stage: Stage, cast: Cast) -> str:
    """The address in Olu's digest that ends it."""
    return f"/unsubscribe/{unsubscribe_token(cast.olu.id, 'digest', settings=stage.settings)}"


def kept(session: Saver) -> MessageSettings:
    return session.scalars(select(MessageSettings)).one()


def test_who_chose_nothing_sees_what_holds_and_has_no_row(olu: FlaskClient, session: Saver) -> None:
    shown = olu.get("/me/messages")

    assert shown.status_code == 200
    assert "it is the house’s: UTC" in words(shown)
    assert shown.text.count(" checked") == 9  # both channels of five kinds less the three always on, and two quiet days
    assert session.scalars(select(MessageSettings)).all() == []


def test_what_was_chosen_is_kept_and_shown(olu: FlaskClient, session: Saver) -> None:
    saved = olu.post("/me/messages", data=CHOSEN)

    row = kept(session)
    assert (saved.status_code, saved.location) == (303, "/me/messages")
    assert (row.timezone, row.digest_weekday, row.digest_hour, row.quiet_days) == ("Europe/Berlin", 3, 7, "0000011")
    assert row.choices["alert"] == ["in_app", "email", "slack"]
    assert (row.choices["reminder"], row.choices["commitment"], row.choices["digest"]) == (["in_app"],) * 2 + (
        ["email"],
    )
    assert 'value="Europe/Berlin"' in olu.get("/me/messages").text


def test_only_executives_choose_how_the_portfolio_comes(browser_of: BrowserOf, session: Saver) -> None:
    browsers = {who: browser_of(who) for who in ("olu", "ed")}

    shown = {who: "Portfolio digest" in words(browser.get("/me/messages")) for who, browser in browsers.items()}
    browsers["ed"].post("/me/messages", data=CHOSEN)

    assert shown == {"olu": False, "ed": True}
    assert kept(session).choices["portfolio"] == []


def test_the_button_of_the_funnel_leads_to_whether_the_portfolio_digest_comes(
    browser_of: BrowserOf, session: Saver, cast: Cast
) -> None:
    ed = browser_of("ed")

    button, by_default = ed.get("/funnel").text, ed.get("/me/messages")
    make_message_settings(session, cast.ed, choices={"portfolio": []})
    off = ed.get("/me/messages")

    assert 'href="/me/messages#choices_portfolio"' in button
    assert 'id="choices_portfolio"' in by_default.text
    assert "It is on: it comes to you each Monday, from 08:00." in words(by_default)
    assert "It is off." in words(off)


def test_what_was_chosen_is_in_the_audit(olu: FlaskClient, browser_of: BrowserOf, session: Saver) -> None:
    olu.post("/me/messages", data=CHOSEN)

    event = session.scalars(select(AuditEvent).where(AuditEvent.kind == "messages_chosen")).one()
    assert event.changes["digest"] == [BY_BOTH, ["email"]]
    assert "Messages chosen" in words(browser_of("ada").get("/admin/audit?group=user"))


def test_saving_the_same_again_changes_nothing(olu: FlaskClient, session: Saver) -> None:
    olu.post("/me/messages", data=CHOSEN)
    olu.post("/me/messages", data={**CHOSEN, "version": "1"})

    assert kept(session).version == 1


def test_another_tab_that_saved_first_is_shown_beside_what_was_typed(olu: FlaskClient, session: Saver) -> None:
    olu.post("/me/messages", data=CHOSEN)

    late = olu.post("/me/messages", data={**CHOSEN, "digest_hour": "18", "choices_digest": []})
    again = olu.post("/me/messages", data={**CHOSEN, "version": "1", "digest_hour": "18"})

    assert (late.status_code, again.status_code) == (409, 303)
    assert "Somebody saved this before you" in words(late)
    assert "Digest on Thursday From 07:00" in words(late)
    assert '<option selected value="18">18:00</option>' in late.text
    assert kept(session).digest_hour == 18


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"timezone": "Europe/Berlyn"}, "There is no such time zone."),
        ({"timezone": "../etc/passwd"}, "There is no such time zone."),
        ({"timezone": "indianapolis"}, "Which one: America/Indiana/Indianapolis, America/Indianapolis?"),
        ({"timezone": "Berli"}, "Which one: Europe/Berlin?"),
        ({"timezone": "Europe"}, "There is no such time zone."),
        ({"digest_hour": "24"}, "Choose an hour of the day"),
        ({"digest_weekday": "x"}, "Choose a day of the week."),
        ({"quiet_days": list("0123456")}, "Leave at least one day of the week that is not quiet."),
        ({"choices_digest": ["pigeon"]}, "There is no channel"),
        ({"user_id": "1"}, "This form has no field user_id."),
    ],
)
@ON_ONE_DATABASE
def test_what_may_not_be_is_refused_and_stays_typed(
    olu: FlaskClient, session: Saver, changed: dict[str, object], said: str
) -> None:
    answer = olu.post("/me/messages", data={**CHOSEN, **changed})

    assert answer.status_code == 422
    assert said in words(answer)
    assert session.scalars(select(MessageSettings)).all() == []


@pytest.mark.parametrize("channel", ["in_app", "email", "slack"])
def test_a_test_message_waits_for_the_one_who_asked(olu: FlaskClient, session: Saver, cast: Cast, channel: str) -> None:
    make_endpoint(session, kind="slack", team_id=cast.team.id, secret_sealed=None)

    answer = olu.post("/me/messages/test", data={"channel": channel})

    message = session.scalars(select(OutboxMessage)).one()
    assert answer.status_code == 303
    assert (message.user_id, message.channel, message.kind, message.due_at) == (cast.olu.id, channel, "test", NOW)
    assert message.payload["path"] == "/me/messages"


def test_no_test_message_goes_to_slack_without_a_channel(olu: FlaskClient, session: Saver, cast: Cast) -> None:
    make_endpoint(session, kind="slack", team_id=cast.other_team.id, secret_sealed=None)

    answer = olu.post("/me/messages/test", data={"channel": "slack"})

    assert answer.status_code == 422
    assert session.scalars(select(OutboxMessage)).all() == []


def test_a_second_test_message_waits_a_minute(olu: FlaskClient, session: Saver, clock: FixedClock) -> None:
    answers = [olu.post("/me/messages/test", data={"channel": "email"}).status_code for _ in range(2)]
    clock.move(minutes=1)
    answers.append(olu.post("/me/messages/test", data={"channel": "email"}).status_code)

    assert answers == [303, 422, 303]
    assert len(session.scalars(select(OutboxMessage)).all()) == 2


def test_no_test_message_goes_by_a_channel_there_is_not(olu: FlaskClient, session: Saver) -> None:
    answer = olu.post("/me/messages/test", data={"channel": "webhook"})

    assert answer.status_code == 422
    assert session.scalars(select(OutboxMessage)).all() == []


def test_an_address_that_was_refused_is_tried_again_on_demand(
    make_app: Callable[..., Flask], olu: FlaskClient, session: Saver, cast: Cast
) -> None:
    make_message_settings(session, cast.olu, email_failed_at=NOW, email_error="550 no such mailbox")
    mailing = make_app(smtp_url="smtp://127.0.0.1:2525", mail_from="changetrack@example.com").test_client()
    with mailing.session_transaction() as cookie:
        cookie["_user_id"] = "the browser of olu"

    shown = words(mailing.get("/me/messages"))
    olu.post("/me/messages/email/try-again")

    row = kept(session)
    assert "Failing since 2 Mar 2026" in shown
    assert "550 no such mailbox" in shown
    assert (row.email_failed_at, row.email_error, row.version) == (None, None, 2)


def test_opening_the_address_in_an_e_mail_changes_nothing(
    client: FlaskClient, session: Saver, end_of_digest: str
) -> None:
    shown = client.get(end_of_digest)

    assert shown.status_code == 200
    assert "Weekly digest by e-mail to olu@example.com" in words(shown)
    assert shown.headers["Referrer-Policy"] == "no-referrer"
    assert shown.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert session.scalars(select(MessageSettings)).all() == []


def test_a_mail_program_ends_a_kind_by_one_request(client: FlaskClient, session: Saver, end_of_digest: str) -> None:
    answers = [client.post(end_of_digest, data=ONE_CLICK) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert kept(session).choices["digest"] == ["in_app"]
    assert kept(session).choices["alert"] == BY_BOTH
    assert len(session.scalars(select(AuditEvent).where(AuditEvent.kind == "messages_chosen")).all()) == 1


def test_a_mail_program_may_send_it_as_multipart(client: FlaskClient, session: Saver, end_of_digest: str) -> None:
    client.post(end_of_digest, data=ONE_CLICK, content_type="multipart/form-data")

    assert kept(session).choices["digest"] == ["in_app"]


def test_it_needs_no_token_of_a_form(
    stage: Stage, make_app: Callable[..., Flask], session: Saver, end_of_digest: str
) -> None:
    strict = make_app()

    answer = strict.test_client().post(end_of_digest, data=ONE_CLICK)

    assert strict.config.get("WTF_CSRF_ENABLED", True)
    assert answer.status_code == 200
    assert kept(session).choices["digest"] == ["in_app"]


def test_the_end_of_a_kind_is_undone(client: FlaskClient, session: Saver, end_of_digest: str) -> None:
    client.post(end_of_digest, data=ONE_CLICK)

    undone = client.post(end_of_digest, data={"undo": "yes"})

    assert "They come by e-mail again." in words(undone)
    assert kept(session).choices["digest"] == BY_BOTH


@pytest.mark.parametrize("body", [{}, {"List-Unsubscribe": "Two-Click"}, {**ONE_CLICK, "kind": "alert"}])
def test_another_body_ends_nothing(
    client: FlaskClient, session: Saver, end_of_digest: str, body: dict[str, str]
) -> None:
    assert client.post(end_of_digest, data=body).status_code == 422
    assert session.scalars(select(MessageSettings)).all() == []


@pytest.mark.parametrize("kind", ["alert", "gathered"])
def test_the_end_of_alerts_by_e_mail_leaves_them_in_the_application(
    client: FlaskClient, session: Saver, stage: Stage, cast: Cast, kind: str
) -> None:
    client.post(f"/unsubscribe/{unsubscribe_token(cast.olu.id, kind, settings=stage.settings)}", data=ONE_CLICK)

    assert kept(session).choices["alert"] == ["in_app"]


def test_a_changed_address_leads_nowhere_and_guessing_ends(
    client: FlaskClient, session: Saver, end_of_digest: str
) -> None:
    answers = [client.post(f"{end_of_digest}x", data=ONE_CLICK).status_code for _ in range(21)]

    assert answers == [404] * 20 + [429]
    assert session.scalars(select(MessageSettings)).all() == []


def test_the_secret_of_the_address_is_not_logged(client: FlaskClient, end_of_digest: str) -> None:
    secret = end_of_digest.rpartition("/")[2]

    with structlog.testing.capture_logs() as logs:
        client.get(end_of_digest)
        client.post(end_of_digest, data=ONE_CLICK)

    assert secret not in str(logs)
    assert "/unsubscribe/***" in str(logs)


def test_the_address_of_a_calendar_is_shown_once_and_revoked(olu: FlaskClient, client: FlaskClient) -> None:
    shown = olu.post("/me/messages/calendar")
    address = shown.text.partition('<code class="secret"')[2].partition(">")[2].partition("<")[0]
    path = address.removeprefix("http://127.0.0.1:5000")
    open_before = client.get(path).status_code
    later = olu.get("/me/messages").text
    olu.post("/me/messages/calendar/revoke")

    assert path.startswith("/calendar/")
    assert shown.headers["Cache-Control"] == "no-store"
    assert path not in later
    assert "Make another address" in later
    assert (open_before, client.get(path).status_code) == (200, 404)


def test_an_own_slack_address_is_kept_sealed_tried_and_switched_off(olu: FlaskClient, session: Saver) -> None:
    url = "https://hooks.slack.com/services/T000/B000/secret-of-olu"

    kept_it = olu.post("/me/messages/slack", data={"url": url})
    shown = olu.get("/me/messages")
    olu.post("/me/messages/slack/off")
    off = words(olu.get("/me/messages"))
    olu.post("/me/messages/slack/on")

    row = session.scalars(select(Endpoint)).one()
    assert kept_it.status_code == 303
    assert "https://hooks.slack.com/…" in words(shown)
    assert "secret-of-olu" not in shown.text + row.url_sealed + row.url_shown
    assert "Off Switched off by olu@example.com." in off
    assert "Working https://hooks.slack.com/…" in words(olu.get("/me/messages"))


@pytest.mark.parametrize(
    "url", ["", "http://hooks.slack.com/x", "https://evil.example/x", "https://127.0.0.1/x", "javascript:alert(1)"]
)
def test_an_own_slack_address_that_is_none_is_refused(olu: FlaskClient, session: Saver, url: str) -> None:
    answer = olu.post("/me/messages/slack", data={"url": url})

    assert answer.status_code == 422
    assert session.scalars(select(Endpoint)).all() == []


def test_the_slack_channel_of_the_team_is_named(olu: FlaskClient, session: Saver, cast: Cast) -> None:
    make_endpoint(session, kind="slack", name="#customers", team_id=cast.team.id, secret_sealed=None)
    make_endpoint(session, kind="slack", name="#others", team_id=cast.other_team.id, secret_sealed=None)

    shown = words(olu.get("/me/messages"))

    assert "#customers (North)" in shown
    assert "#others" not in shown
