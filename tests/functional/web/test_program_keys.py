"""Administrators make keys for products and programs: shown exactly once, logged never, revoked for good."""

from collections.abc import Callable

import pytest
import structlog
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from changetrack.models import ApiToken, UsageSource, WriteKey
from tests.clock import TODAY
from tests.factories import PASSWORD, make_source, make_token, make_write_key
from tests.functional.web.importing import words

Saver = scoped_session[Session]
BrowserOf = Callable[[str], FlaskClient]
TOKEN = {"name": "Export", "scopes": ["read", "ingest"], "expires": "30", "password": PASSWORD}


@pytest.fixture
def ada(browser_of: BrowserOf) -> FlaskClient:
    return browser_of("ada")


def secret_on(text: str) -> str:
    """The key that a page shows."""
    return text.partition('<code class="secret"')[2].partition(">")[2].partition("<")[0]


def test_a_source_is_added_and_renamed(ada: FlaskClient, session: Saver) -> None:
    added = ada.post("/admin/sources", data={"name": "Web app"})
    twice = ada.post("/admin/sources", data={"name": "Web app"})
    ada.post(added.location, data={"name": "Mobile app"})

    assert (added.status_code, twice.status_code) == (303, 422)
    assert "There is already a source Web app" in twice.text
    assert session.scalars(select(UsageSource.name)).all() == ["Mobile app"]


def test_a_key_is_shown_once_with_examples_that_use_it(ada: FlaskClient, session: Saver) -> None:
    source = make_source(session)

    shown = ada.post(f"/admin/sources/{source.id}/keys")
    key = secret_on(shown.text)
    later = ada.get(f"/admin/sources/{source.id}").text

    row = session.scalars(select(WriteKey)).one()
    assert key.startswith("wk_")
    assert shown.text.count(key) == 6  # itself, and five examples
    assert shown.headers["Cache-Control"] == "no-store"
    assert key not in later
    assert row.prefix in later
    assert "YOUR_WRITE_KEY" in later


def test_a_revoked_key_is_shown_as_such(ada: FlaskClient, session: Saver) -> None:
    key = make_write_key(session, make_source(session), last_used_on=TODAY)

    ada.post(f"/admin/sources/{key.source_id}/keys/{key.id}/revoke")

    assert "wk_abcd… today by ada@example.com today Revoked" in words(ada.get(f"/admin/sources/{key.source_id}"))


def test_a_token_is_shown_once(ada: FlaskClient, session: Saver) -> None:
    shown = ada.post("/admin/tokens/new", data=TOKEN)
    token = secret_on(shown.text)
    later = ada.get("/admin/tokens")

    assert token.startswith("ct_")
    assert f"Authorization: Bearer {token}" in shown.text
    assert token not in later.text
    assert f"Export {token[:12]}… read ingest" in words(later)
    assert session.scalars(select(ApiToken)).one().scopes == ["read", "ingest"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"password": "not it"}, "This is not your password."),
        ({"scopes": []}, "Choose what it may do."),
        ({"scopes": ["root"]}, "There is no scope"),
        ({"expires": "0"}, "From 1 to 3,650 days."),
        ({"role": "admin"}, "This form has no field role."),
    ],
)
def test_a_token_that_may_not_be_is_refused(
    ada: FlaskClient, session: Saver, changed: dict[str, object], said: str
) -> None:
    answer = ada.post("/admin/tokens/new", data={**TOKEN, **changed})

    assert answer.status_code == 422
    assert said in words(answer)
    assert PASSWORD not in answer.text
    assert session.scalars(select(ApiToken)).all() == []


def test_a_revoked_token_is_shown_as_such(ada: FlaskClient, session: Saver) -> None:
    token = make_token(session)

    ada.post(f"/admin/tokens/{token.id}/revoke")

    assert "Revoked today" in words(ada.get("/admin/tokens"))


def test_no_key_is_ever_logged(ada: FlaskClient, session: Saver, capsys: pytest.CaptureFixture[str]) -> None:
    source = make_source(session)

    with structlog.testing.capture_logs() as logs:
        key = secret_on(ada.post(f"/admin/sources/{source.id}/keys").text)
        token = secret_on(ada.post("/admin/tokens/new", data=TOKEN).text)

    said = f"{logs}{capsys.readouterr()}"
    assert {line["event"] for line in logs} >= {"write_key_made", "token_made"}
    assert not any(secret in said for secret in (key, token, PASSWORD))
