"""What browsers are told with every answer, and how bad requests and bad days are answered."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused, StaleVersion
from tests.clock import FixedClock
from tests.factories import PASSWORD, Cast, make_heartbeat

BrowserOf = Callable[[str], FlaskClient]
MakeApp = Callable[..., Flask]
TEMPLATES = Path(__file__).parents[3] / "templates"
PAGES = ("/login", "/me/sessions", "/nothing-here", "/static/app.css", "/healthz")
STYLES = "/static/app.css"
ON_ONE_DATABASE = pytest.mark.parametrize("stage", ["sqlite"], indirect=True)  # where it plays no part


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_carries_the_policies(browser_of: BrowserOf, path: str) -> None:
    headers = browser_of("olu").get(path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "charset=utf-8" in headers["Content-Type"] or headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("path", PAGES)
def test_the_content_policy_allows_nothing_inline_and_nothing_foreign(browser_of: BrowserOf, path: str) -> None:
    policy = browser_of("olu").get(path).headers["Content-Security-Policy"]

    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    for name in ("default-src", "object-src", "base-uri", "frame-ancestors"):
        assert rules.pop(name) == "'none'"
    assert rules.pop("img-src") == "'self' data:"
    assert set(rules.values()) == {"'self'"}
    assert {"script-src", "style-src", "form-action"} <= rules.keys()


def test_no_template_has_anything_inline_or_unescaped() -> None:
    unwanted = re.compile(
        r"""<style|\sstyle=|\son[a-z]+=["']|<script(?![^>]*\ssrc=)|javascript:|\|\s*safe\b|autoescape\s+false""",
        re.IGNORECASE,
    )

    found = [
        f"{path.relative_to(TEMPLATES)}: {match.group()}"
        for path in sorted(TEMPLATES.rglob("*.html"))
        for match in unwanted.finditer(re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL))
    ]

    assert found == []


def test_with_tls_the_cookie_is_bound_to_the_host_and_tls_is_kept(make_app: MakeApp, cast: Cast) -> None:
    app = make_app(base_url="https://track.example.com")
    app.config["WTF_CSRF_ENABLED"] = False

    response = app.test_client().post(
        "/login", data={"email": "olu@example.com", "password": PASSWORD}, base_url="https://track.example.com"
    )

    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-changetrack=")
    for part in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert f"; {part}" in cookie
    assert "Domain=" not in cookie
    assert response.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_without_tls_the_cookie_works_and_tls_is_not_claimed(client: FlaskClient, cast: Cast) -> None:
    response = client.post("/login", data={"email": "olu@example.com", "password": PASSWORD})

    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("changetrack=")
    assert "; HttpOnly" in cookie
    assert "; SameSite=Lax" in cookie
    assert "Secure" not in cookie
    assert "Strict-Transport-Security" not in response.headers


@pytest.mark.parametrize("path", ["/login", "/me/sessions", "/nothing-here", "/admin"])
def test_pages_are_kept_by_no_cache(browser_of: BrowserOf, path: str) -> None:
    assert browser_of("olu").get(path).headers["Cache-Control"] == "no-store"


def test_a_page_is_never_compressed(browser_of: BrowserOf) -> None:
    response = browser_of("olu").get("/me/sessions", headers={"Accept-Encoding": "gzip, br"})

    assert "Content-Encoding" not in response.headers


@ON_ONE_DATABASE
def test_a_static_file_is_named_by_its_content_and_kept_for_a_year(app: Flask, client: FlaskClient) -> None:
    with app.test_request_context():
        address = app.url_for("static", filename="app.css")

    named, unnamed, misnamed = (client.get(path) for path in (address, STYLES, f"{STYLES}?v=0123456789ab"))

    assert re.fullmatch(r"/static/app\.css\?v=[0-9a-f]{12}", address)
    assert named.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert {unnamed.headers["Cache-Control"], misnamed.headers["Cache-Control"]} == {"no-cache"}
    assert "Cookie" not in named.headers.get("Vary", "")


@ON_ONE_DATABASE
def test_what_a_style_sheet_names_is_kept_for_a_day(client: FlaskClient) -> None:
    assert client.get("/static/vendor/inter/inter-latin.woff2").headers["Cache-Control"] == "public, max-age=86400"


@ON_ONE_DATABASE
def test_a_static_file_is_sent_compressed(client: FlaskClient) -> None:
    plain = client.get(STYLES)
    packed = client.get(STYLES, headers={"Accept-Encoding": "gzip"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert "Accept-Encoding" in packed.headers["Vary"]


@ON_ONE_DATABASE
def test_an_unchanged_static_file_is_not_sent_again(client: FlaskClient) -> None:
    given = {"Accept-Encoding": "gzip"}
    tag = client.get(STYLES, headers=given).headers["ETag"]

    assert client.get(STYLES, headers={**given, "If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd", "/.git/config"])
@ON_ONE_DATABASE
def test_nothing_but_static_files_is_served(client: FlaskClient, path: str) -> None:
    assert client.get(path, follow_redirects=True).status_code == 404


def test_other_sites_are_answered_no_differently(browser_of: BrowserOf) -> None:
    response = browser_of("olu").get("/me/sessions", headers={"Origin": "https://evil.example"})

    assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PUT", "DELETE", "PATCH"])
def test_only_declared_methods_are_answered(browser_of: BrowserOf, method: str) -> None:
    response = browser_of("olu").open("/me/sessions", method=method)

    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD"}


@pytest.mark.parametrize("given", ["a\0b", "\0"])
def test_nul_in_a_text_is_a_bad_request(browser_of: BrowserOf, given: str) -> None:
    browser = browser_of("ada")

    assert browser.get("/admin/people", query_string={"q": given}).status_code == 400
    assert browser.post("/admin/teams/new", data={"name": given}).status_code == 400
    assert browser.post("/admin/teams/new", data={given: "x"}).status_code == 400


@pytest.mark.parametrize("number", ["9223372036854775808", "1" + "0" * 400, "-1", "1.5", "٣" * 40])
def test_a_number_that_can_be_no_id_is_a_page_that_is_not_there(browser_of: BrowserOf, number: str) -> None:
    assert browser_of("ada").get(f"/admin/people/{number}").status_code == 404


def test_the_biggest_id_there_can_be_is_only_unknown(browser_of: BrowserOf) -> None:
    assert browser_of("ada").get("/admin/people/9223372036854775807").status_code == 404


def test_surrogates_and_broken_utf8_are_no_error_of_ours(browser_of: BrowserOf) -> None:
    browser = browser_of("ada")

    assert browser.get("/admin/people?q=%ed%a0%80%ff").status_code == 200
    assert browser.post("/admin/teams/new", data=b"name=%ed%a0%80%ff",
                        content_type="application/x-www-form-urlencoded").status_code in (303, 422)  # fmt: skip


def test_too_large_a_request_is_refused_before_it_is_read(make_app: MakeApp, cast: Cast) -> None:
    client = make_app(max_upload_mb=1).test_client()

    response = client.post("/login", data={"email": "x" * 2_000_000})

    assert response.status_code == 413
    assert "1 MB" in response.text
    assert response.headers["Connection"] == "close"


def test_a_forged_form_is_told_to_reload(make_app: MakeApp, cast: Cast) -> None:
    response = make_app().test_client().post("/login", data={})

    assert response.status_code == 400
    assert "Reload it" in response.text


@pytest.mark.parametrize(
    ("raised", "status", "words"),
    [
        (OperationRefused([("name", "First."), (None, "Second.")]), 422, ("First.", "Second.")),
        (StaleVersion(current={"name": "Theirs"}, typed={"name": "Mine"}), 409, ("Theirs", "Mine")),
        (NotFound("There is no such account as Acme."), 404, ("There is nothing here for you",)),
        (Forbidden("Only a coordinator may."), 403, ("Only a coordinator may.",)),
        (IntegrityError("insert", {}, Exception("unique")), 409, ("at the same moment",)),
        (OverflowError("int too large"), 400, ()),
    ],
    ids=lambda given: type(given).__name__,
)
def test_what_rises_from_below_becomes_a_page(
    browser_of: BrowserOf, app: Flask, monkeypatch: pytest.MonkeyPatch, raised: Exception, status: int, words: Any
) -> None:
    def fail() -> None:
        raise raised

    browser = browser_of("olu")
    monkeypatch.setitem(app.view_functions, "people.sessions", fail)

    response = browser.get("/me/sessions")

    assert response.status_code == status
    assert all(word in response.text for word in words)
    assert "Acme" not in response.text


def test_an_error_of_ours_shows_a_reference_and_no_trace(
    browser_of: BrowserOf, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = browser_of("olu")
    monkeypatch.setitem(app.view_functions, "people.sessions", lambda: 1 / 0)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)

    response = browser.get("/me/sessions")

    assert response.status_code == 500
    assert re.search(r"<code>[0-9a-f]{12}</code>", response.text)
    assert "ZeroDivisionError" not in response.text


@pytest.mark.parametrize(
    "address", ["sqlite:////nowhere/at/all.db", "postgresql+psycopg://postgres@127.0.0.1:1/nothing"]
)
@ON_ONE_DATABASE
def test_without_its_database_it_asks_to_come_back(make_app: MakeApp, address: str) -> None:
    app = make_app(database_url=address)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()

    response = client.post("/login", data={"email": "olu@example.com", "password": PASSWORD})

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
    assert client.get("/readyz").get_json()["checks"]["database"] == "unreachable"


def test_readiness_names_a_scheduler_that_is_not_there(
    session: scoped_session[Session], client: FlaskClient, clock: FixedClock
) -> None:
    never = client.get("/readyz")
    make_heartbeat(session, seen_at=clock.now())
    alive = client.get("/readyz")
    clock.move(minutes=6)
    silent = client.get("/readyz")

    assert [answer.status_code for answer in (never, alive, silent)] == [200, 200, 200]
    assert [answer.get_json()["status"] for answer in (never, alive, silent)] == ["degraded", "ready", "degraded"]
    assert silent.get_json()["checks"]["scheduler"] == "silent"
