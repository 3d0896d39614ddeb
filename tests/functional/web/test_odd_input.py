"""What no browser of ours would send: addresses and bodies that are odd are told so, and are never a fault of ours."""

import base64
import io
import json
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.factories import Cast, make_account

BrowserOf = Callable[[str], FlaskClient]
ON_ONE_DATABASE = pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
ARGUMENTS_OF_FLASK = ("endpoint", "account_id", "_anchor", "_external", "_method", "_scheme", "self")


class Watched(io.BytesIO):
    """A body that notes how much of it was read."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(-1 if size is None else size)
        self.taken += len(found)
        return found

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        size = super().readinto(buffer)
        self.taken += size
        return size


def cursor(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def file_of(size: int) -> bytes:
    field = b'--x\r\nContent-Disposition: form-data; name="file"; filename="big.csv"\r\n\r\n'
    return field + b"x" * size + b"\r\n--x--\r\n"


def sent(browser: FlaskClient, path: str, body: Watched) -> int:
    length, kind = len(body.getvalue()), "multipart/form-data; boundary=x"
    return browser.post(path, input_stream=body, content_length=length, content_type=kind).status_code


@pytest.mark.parametrize("name", ARGUMENTS_OF_FLASK)
@pytest.mark.parametrize("path", ["/accounts", "/board", "/funnel", "/value", "/alerts", "/search", "/"])
@ON_ONE_DATABASE
def test_no_argument_of_an_address_becomes_one_of_the_links_on_its_page(
    browser_of: BrowserOf, cast: Cast, session: object, path: str, name: str
) -> None:
    make_account(session, team_id=cast.team.id, place=1, claimed_step=1, name="Acme")  # type: ignore[arg-type]

    answer = browser_of("olu").get(path, query_string={name: "evil"})

    assert answer.status_code < 500
    assert "evil://" not in answer.text


@pytest.mark.parametrize("name", ARGUMENTS_OF_FLASK)
@ON_ONE_DATABASE
def test_nor_of_the_page_that_a_form_leads_to(browser_of: BrowserOf, name: str) -> None:
    browser = browser_of("olu")

    kept = browser.post("/accounts/views", data={"name": "Odd", "query": f"{name}=evil&stale=1"})
    removed = browser.post(f"/accounts/views/1/remove?{name}=evil")

    assert kept.status_code == removed.status_code == 303
    assert kept.headers["Location"].startswith("/accounts?")
    assert removed.headers["Location"].startswith("/accounts?")


@pytest.mark.parametrize("path", ["/accounts", "/board", "/funnel", "/accounts/export", "/search"])
@ON_ONE_DATABASE
def test_bytes_that_are_no_text_in_an_address_are_read_as_well_as_can_be(browser_of: BrowserOf, path: str) -> None:
    answer = browser_of("olu").get(path, environ_overrides={"QUERY_STRING": "q=\xff\xfe"})

    assert answer.status_code < 500


@pytest.mark.parametrize(
    "after",
    [
        cursor("name", "\ud800", 1),
        cursor("name", "a\0b", 1),
        cursor("name", "a", 2**63),
        base64.urlsafe_b64encode(b"[" * 2900).decode(),
        base64.urlsafe_b64encode(b'["name",1e400,1]').decode(),
        base64.urlsafe_b64encode(b'"name"').decode(),
    ],
    ids=["surrogate", "NUL", "huge", "deep", "infinite", "text"],
)
def test_a_spoilt_cursor_shows_the_first_page(browser_of: BrowserOf, after: str) -> None:
    assert browser_of("olu").get("/accounts", query_string={"after": after}).status_code == 200


@pytest.mark.parametrize("number", ["9" * 5000, "0" * 5000 + "1"])
@ON_ONE_DATABASE
def test_an_id_of_thousands_of_digits_is_a_page_that_is_not_there(browser_of: BrowserOf, number: str) -> None:
    assert browser_of("ada").get(f"/admin/people/{number}").status_code == 404


@pytest.mark.parametrize("path", ["/admin/imports", "/accounts/new", "/nowhere", "/healthz"])
@ON_ONE_DATABASE
def test_of_what_a_stranger_sends_nothing_is_read(browser_of: BrowserOf, path: str) -> None:
    body = Watched(file_of(3_000_000))

    status = sent(browser_of("nobody"), path, body)

    assert status in (302, 404, 405)
    assert body.taken == 0


@pytest.mark.parametrize(("who", "path"), [("nobody", "/login"), ("olu", "/admin/imports"), ("olu", "/accounts/new")])
@ON_ONE_DATABASE
def test_a_file_is_taken_only_from_those_who_may_upload_where_one_is_asked_for(
    browser_of: BrowserOf, who: str, path: str
) -> None:
    body = Watched(file_of(3_000_000))

    status = sent(browser_of(who), path, body)

    assert status == 413
    assert body.taken == 0


@ON_ONE_DATABASE
def test_a_form_that_is_too_large_is_told_the_limit_of_forms(browser_of: BrowserOf) -> None:
    answer = browser_of("olu").post("/accounts/new", data=file_of(3_000_000),
                                    content_type="multipart/form-data; boundary=x")  # fmt: skip

    assert answer.status_code == 413
    assert "1 MB" in answer.text
