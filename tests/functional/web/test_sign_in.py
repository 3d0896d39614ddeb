"""Signing in by the pages: the way in, the way out, and what a stolen or guessed thing is worth."""

import logging
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session
from werkzeug.test import TestResponse

from changetrack.models import User, UserSession
from changetrack.operations.people import disable_user
from tests.clock import FixedClock
from tests.conftest import ON_ONE_DATABASE
from tests.factories import PASSWORD, Cast, make_session, make_user

Saver = scoped_session[Session]
BrowserOf = Callable[[str], FlaskClient]
NEW_PASSWORD = "nine slow herons fishing"
FOREIGN = (
    "https://evil.example", "http:evil.example", "//evil.example", "///evil.example", "////evil.example",
    "/\\evil.example", "\\\\evil.example", "\\/evil.example", "/\t/evil.example", "/\n/evil.example",
    "\t//evil.example", " //evil.example", "/ /evil.example", "javascript:alert(1)", "data:text/html,x",
    "evil.example", "@evil.example", "http:///evil.example", "/\x00/evil.example", "//evil.example/%2f..",
    "/\u2028/evil.example", "", "?next=//evil.example", "https:evil.example", "//[::1]",
)  # fmt: skip


def sign_in(client: FlaskClient, password: str = PASSWORD, **given: Any) -> TestResponse:
    email = given.pop("email", "olu@example.com")
    return client.post(given.pop("to", "/login"), data={"email": email, "password": password}, **given)


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/me/sessions").status_code == 200


def test_a_page_asks_who_is_there_and_then_opens(client: FlaskClient, cast: Cast) -> None:
    asked = client.get("/me/sessions?x=1")
    response = sign_in(client, to=asked.location)

    assert asked.location == "/login?next=/me/sessions?x%3D1"
    assert (response.status_code, response.location) == (303, "/me/sessions?x=1")
    assert is_signed_in(client)


def test_without_a_page_in_mind_one_lands_on_today(client: FlaskClient, cast: Cast) -> None:
    assert sign_in(client).location == "/"


def test_whoever_is_signed_in_needs_no_sign_in_page(browser_of: BrowserOf) -> None:
    response = browser_of("olu").get("/login?next=/me/sessions")

    assert response.location == "/me/sessions"


@pytest.mark.parametrize("target", FOREIGN)
@ON_ONE_DATABASE
def test_after_signing_in_nobody_is_sent_elsewhere(client: FlaskClient, cast: Cast, target: str) -> None:
    response = client.post(
        "/login", query_string={"next": target}, data={"email": "olu@example.com", "password": PASSWORD}
    )

    assert response.location in ("/", None)
    assert response.status_code == (400 if "\0" in target else 303)


def test_a_refusal_keeps_the_email_and_not_the_password(client: FlaskClient, cast: Cast) -> None:
    response = sign_in(client, "my secret guess")

    assert response.status_code == 422
    assert 'value="olu@example.com"' in response.text
    assert "my secret guess" not in response.text


def test_an_unknown_email_gets_the_same_answer_as_a_wrong_password(client: FlaskClient, cast: Cast) -> None:
    wrong = sign_in(client, "wrong")
    unknown = sign_in(client, "wrong", email="who@example.com")

    assert unknown.status_code == wrong.status_code
    assert unknown.text.replace("who@example.com", "olu@example.com") == wrong.text


def test_password_managers_know_the_fields(client: FlaskClient, cast: Cast, browser_of: BrowserOf) -> None:
    sign_in_page = client.get("/login").text
    password_page = browser_of("olu").get("/me/password").text

    assert 'autocomplete="username"' in sign_in_page
    assert re.search(r'autocomplete="current-password"[^>]*type="password"', sign_in_page)
    assert re.search(r'autocomplete="new-password"[^>]*type="password"', password_page)


def test_a_field_that_nobody_asked_for_is_refused(client: FlaskClient, cast: Cast) -> None:
    response = client.post("/login", data={"email": "olu@example.com", "password": PASSWORD, "user_id": cast.ada.id})

    assert response.status_code == 422
    assert "This form has no field user_id." in response.text


def test_the_old_cookie_is_worth_nothing_after_signing_out(app: Flask, client: FlaskClient, cast: Cast) -> None:
    sign_in(client)
    stolen = client.get_cookie("changetrack")
    assert stolen is not None

    client.post("/logout")

    thief = app.test_client()
    thief.set_cookie("changetrack", stolen.value)
    assert not is_signed_in(client)
    assert not is_signed_in(thief)


def test_signing_out_asks_the_browser_to_forget_what_it_kept(client: FlaskClient, cast: Cast) -> None:
    sign_in(client)

    assert client.post("/logout").headers["Clear-Site-Data"] == '"cache"'


def test_signing_in_gives_a_new_session_and_ends_the_one_before(app: Flask, client: FlaskClient, cast: Cast) -> None:
    sign_in(client)
    before = client.get_cookie("changetrack")
    assert before is not None

    sign_in(client)

    other = app.test_client()
    other.set_cookie("changetrack", before.value)
    assert is_signed_in(client)
    assert not is_signed_in(other)


def test_a_cookie_that_we_did_not_sign_is_nobody(app: Flask, cast: Cast) -> None:
    client = app.test_client()
    client.set_cookie("changetrack", "eyJfdXNlcl9pZCI6IjEifQ.aaaaaa.forged")

    assert not is_signed_in(client)


def test_the_number_of_a_user_in_the_cookie_is_no_session(client: FlaskClient, cast: Cast) -> None:
    with client.session_transaction() as cookie:
        cookie["_user_id"] = str(cast.ada.id)

    assert not is_signed_in(client)


def test_an_unused_session_ends(client: FlaskClient, cast: Cast, clock: FixedClock) -> None:
    sign_in(client)
    clock.move(hours=8)

    assert not is_signed_in(client)


def test_a_session_in_use_goes_on_until_it_is_a_week_old(client: FlaskClient, cast: Cast, clock: FixedClock) -> None:
    sign_in(client)
    for _ in range(27):
        clock.move(hours=6)
        assert is_signed_in(client)

    clock.move(hours=6)

    assert not is_signed_in(client)


def test_a_disabled_user_is_out_at_the_next_request(browser_of: BrowserOf, cast: Cast, now: datetime) -> None:
    browser = browser_of("olu")
    disable_user(actor=cast.actor("ada"), now=now, user_id=cast.olu.id)

    assert not is_signed_in(browser)
    assert sign_in(browser).status_code == 422


def test_a_session_can_be_ended_from_another_browser(
    session: Saver, browser_of: BrowserOf, cast: Cast, app: Flask
) -> None:
    browser, lost = browser_of("olu"), app.test_client()
    sign_in(lost)
    key = re.search(r"/me/sessions/(\w{16})/end", browser.get("/me/sessions").text)
    assert key is not None

    response = browser.post(key.group(0))

    assert response.location == "/me/sessions"
    assert is_signed_in(browser)
    assert not is_signed_in(lost)


def test_all_other_sessions_can_be_ended_at_once(
    session: Saver, browser_of: BrowserOf, cast: Cast, now: datetime
) -> None:
    browser = browser_of("olu")
    make_session(session, cast.olu, "lost")

    browser.post("/me/sessions/end-others")

    assert is_signed_in(browser)
    assert session.scalars(select(UserSession.revoked_at).order_by(UserSession.revoked_at)).all().count(now) == 1


def test_the_session_of_somebody_else_is_not_there(session: Saver, browser_of: BrowserOf, cast: Cast) -> None:
    key = make_session(session, cast.otto, "at home").token_hash[:16]

    assert browser_of("olu").post(f"/me/sessions/{key}/end").status_code == 404


def test_a_new_password_needs_the_present_one(session: Saver, browser_of: BrowserOf, cast: Cast) -> None:
    response = browser_of("olu").post("/me/password", data={"current": "wrong", "new": NEW_PASSWORD})

    assert response.status_code == 422
    assert "This is not your password." in response.text


def test_a_new_password_ends_the_other_sessions_and_keeps_this_browser_in(
    session: Saver, browser_of: BrowserOf, cast: Cast, app: Flask
) -> None:
    browser, other = browser_of("olu"), app.test_client()
    sign_in(other)

    browser.post("/me/password", data={"current": PASSWORD, "new": NEW_PASSWORD})

    assert is_signed_in(browser)
    assert not is_signed_in(other)
    assert sign_in(other, NEW_PASSWORD).status_code == 303


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("short", "Use at least 10 characters"),
        ("password1234", "among the most common"),
        ("our changetrack password", "name of this product"),
        ("x" * 257, "Use at most 256 characters"),
        (PASSWORD, "The new password is the one you have."),
    ],
)
def test_a_bad_new_password_is_refused_with_the_reason(
    browser_of: BrowserOf, cast: Cast, given: str, message: str
) -> None:
    response = browser_of("olu").post("/me/password", data={"current": PASSWORD, "new": given})

    assert response.status_code == 422
    assert message in response.text


def test_with_a_one_time_password_there_is_nothing_but_choosing_another(
    session: Saver, client: FlaskClient, now: datetime
) -> None:
    make_user(session, email="new@example.com", password_expires_at=now + timedelta(days=1))
    sign_in(client, email="new@example.com")

    sent = client.get("/me/sessions")
    chosen = client.post(sent.location, data={"current": PASSWORD, "new": NEW_PASSWORD})

    assert sent.location == "/me/password"
    assert chosen.location == "/"
    assert is_signed_in(client)


def test_an_administrator_sees_a_new_one_time_password_once(
    session: Saver, browser_of: BrowserOf, cast: Cast, client: FlaskClient
) -> None:
    ada = browser_of("ada")
    shown = ada.post("/admin/people/new", data={"email": "new@example.com", "name": "Noor", "role": "member"})
    found = re.search(r'<code class="secret">([^<]+)</code>', shown.text)
    assert found is not None

    response = sign_in(client, found.group(1), email="new@example.com")

    assert response.status_code == 303
    assert client.get("/me/sessions").location == "/me/password"
    user = session.scalars(select(User).where(User.email == "new@example.com")).one()
    assert found.group(1) not in ada.get(f"/admin/people/{user.id}").text


def test_the_eleventh_wrong_try_gets_429_and_when_to_come_back(client: FlaskClient, cast: Cast) -> None:
    answers = [sign_in(client, "wrong") for _ in range(11)]

    assert [answer.status_code for answer in answers] == [422] * 10 + [429]
    assert answers[-1].headers["Retry-After"] == "300"


def test_the_true_password_from_another_address_works_meanwhile(client: FlaskClient, cast: Cast) -> None:
    for _ in range(11):
        sign_in(client, "wrong")

    assert sign_in(client).status_code == 429
    assert sign_in(client, environ_base={"REMOTE_ADDR": "198.51.100.7"}).status_code == 303


def test_a_spoofed_header_does_not_evade_the_throttle(client: FlaskClient, cast: Cast) -> None:
    for number in range(10):
        sign_in(client, "wrong", headers={"X-Forwarded-For": f"198.51.100.{number}"})

    assert sign_in(client, headers={"X-Forwarded-For": "198.51.100.99"}).status_code == 429


def test_a_configured_proxy_is_believed_about_the_last_address_only(make_app: Callable[..., Flask], cast: Cast) -> None:
    app = make_app(trusted_proxies=1)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    for number in range(10):
        sign_in(client, "wrong", headers={"X-Forwarded-For": f"203.0.113.{number}, 198.51.100.7"})

    guessing = sign_in(client, headers={"X-Forwarded-For": "203.0.113.99, 198.51.100.7"})
    elsewhere = sign_in(client, headers={"X-Forwarded-For": "198.51.100.7, 203.0.113.99"})

    assert (guessing.status_code, elsewhere.status_code) == (429, 303)


def test_a_form_without_its_token_changes_nothing(make_app: Callable[..., Flask], cast: Cast) -> None:
    client = make_app().test_client()

    response = sign_in(client)

    assert response.status_code == 400
    assert not is_signed_in(client)


def test_a_form_with_its_token_is_taken(make_app: Callable[..., Flask], cast: Cast) -> None:
    client = make_app().test_client()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/login").text)
    assert token is not None

    response = client.post(
        "/login", data={"email": "olu@example.com", "password": PASSWORD, "csrf_token": token.group(1)}
    )

    assert response.status_code == 303


def test_a_piece_of_a_page_sends_the_whole_page_to_the_sign_in(client: FlaskClient, cast: Cast) -> None:
    response = client.get("/me/sessions", headers={"HX-Request": "true"})

    assert response.status_code == 401
    assert response.headers["HX-Redirect"] == "/login?next=/me/sessions"


def test_no_secret_reaches_the_log(client: FlaskClient, cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    sign_in(client, "canary guess of mine")
    sign_in(client, to="/login?next=/me/sessions%3Fcanary-query")
    with client.session_transaction() as cookie:
        token = cookie["_user_id"]
    client.get("/me/sessions?canary-query")
    client.post("/me/password", data={"current": PASSWORD, "new": "canary password of mine"})

    assert "'event': 'signed_in'" in caplog.text
    assert "'event': 'sign_in_refused'" in caplog.text
    assert "canary" not in caplog.text
    assert PASSWORD not in caplog.text
    assert token not in caplog.text


def test_a_line_of_the_log_cannot_be_forged(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    client.get("/nothing%0a2026-01-01 forged=1")

    assert "/nothing%0A2026-01-01%20forged%3D1" in caplog.text
