"""The dialects of Segment, RudderStack and PostHog: who is let in, what counts, what is answered."""

import base64
import gzip
import json
import zlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from changetrack.api import bodies, taking
from changetrack.models import Base, WriteKey
from tests.clock import NOW, TODAY
from tests.conftest import Stage
from tests.functional.api.conftest import EVENT, KEY, Product

BASIC = {"Authorization": "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()}
Send = Callable[..., TestResponse]


@pytest.fixture
def send(client: FlaskClient) -> Send:
    """Send JSON as a source that shows its key."""

    def sent(path: str, body: Any, **headers: str) -> TestResponse:
        return client.post(
            path, data=json.dumps(body), headers={"Content-Type": "application/json", **BASIC, **headers}
        )

    return sent


def track(message_id: str = "m-1", **more: Any) -> dict[str, Any]:
    return {"type": "track", "event": EVENT, "userId": "u-1", "messageId": message_id, "groupId": "acme",
            "properties": {"rows": 3}, **more}  # fmt: skip


def capture(uuid: str = "u-1", **more: Any) -> dict[str, Any]:
    properties = {"rows": 3, "$groups": {"company": "acme"}}
    return {"event": EVENT, "distinct_id": "mara", "uuid": uuid, "properties": properties, **more}


def test_a_track_call_counts(send: Send, product: Product) -> None:
    response = send("/v1/track", track())

    assert (response.status_code, response.json) == (200, {"success": True})
    assert product.totals() == {"exports": 1, "people": 1, "exported_rows": 3}


@pytest.mark.parametrize("call", ["batch", "import"])
def test_a_batch_counts_each_event_once(send: Send, product: Product, call: str) -> None:
    batch = {"batch": [track("m-1"), track("m-2", userId="u-2"), track("m-1")]}

    for _ in range(2):
        assert send(f"/v1/{call}", batch).status_code == 200

    assert product.totals() == {"exports": 2, "people": 2, "exported_rows": 6}


@pytest.mark.parametrize(
    "where",
    [
        {"groupId": "acme"},
        {"context": {"groupId": "acme"}},
        {"context": {"traits": {"groupId": "acme"}}},
    ],
)
def test_the_group_names_the_account(send: Send, product: Product, where: dict[str, Any]) -> None:
    send("/v1/track", {**track(), "groupId": None, **where})

    assert product.states() == {"m-1": "counted"}


@pytest.mark.parametrize("call", ["identify", "group", "page", "screen", "alias"])
def test_every_other_call_is_an_event_of_its_own_name(send: Send, product: Product, call: str) -> None:
    response = send(f"/v1/{call}", {"userId": "u-1", "messageId": "m-1", "groupId": "acme", "traits": {"plan": "x"}})

    assert response.status_code == 200
    assert product.states() == {"m-1": "no_rule"}


def test_the_key_may_stand_in_the_body(client: FlaskClient, product: Product) -> None:
    response = client.post("/v1/batch", json={"writeKey": KEY, "batch": [track()]})

    assert response.status_code == 200
    assert product.totals()["exports"] == 1


@pytest.mark.parametrize("path", ["/batch/", "/capture/", "/i/v0/e/", "/e/"])
@pytest.mark.parametrize("name", ["api_key", "token"])
def test_posthog_captures_count(client: FlaskClient, product: Product, path: str, name: str) -> None:
    response = client.post(path, json={name: KEY, **capture()})

    assert (response.status_code, response.json) == (200, {"status": 1})
    assert product.totals() == {"exports": 1, "people": 1, "exported_rows": 3}


def test_posthog_batches_count_each_event_once(client: FlaskClient, product: Product) -> None:
    whole = {"api_key": KEY, "batch": [capture("u-1"), capture("u-2"), capture("u-1")]}

    for _ in range(2):
        assert client.post("/batch/", json=whole).status_code == 200

    assert product.totals()["exports"] == 2


@pytest.mark.parametrize(
    ("groups", "state"),
    [
        ({"company": "acme", "project": "p"}, "counted"),
        ({"organization": "acme"}, "counted"),
        ({"organization": "acme", "project": "p"}, "no_account"),
        ({}, "no_account"),
    ],
)
def test_posthog_groups_name_the_account(
    client: FlaskClient, product: Product, groups: dict[str, str], state: str
) -> None:
    client.post("/capture/", json={"api_key": KEY, **capture(properties={"rows": 1, "$groups": groups})})

    assert product.states() == {"u-1": state}


def test_an_event_without_an_id_is_known_again_by_what_it_says(client: FlaskClient, product: Product) -> None:
    event = {"api_key": KEY, **capture(uuid="", timestamp="2026-03-02T08:00:00Z")}

    for _ in range(2):
        client.post("/capture/", json=event)

    assert product.totals()["exports"] == 1


def test_an_event_without_id_and_time_counts_each_time(client: FlaskClient, product: Product) -> None:
    for _ in range(2):
        client.post("/capture/", json={"api_key": KEY, **capture(uuid="")})

    assert product.totals()["exports"] == 2


PACKED: dict[str, Callable[[bytes], tuple[str, bytes, dict[str, str]]]] = {
    "by its header": lambda body: ("", gzip.compress(body), {"Content-Encoding": "gzip"}),
    "by the address": lambda body: ("?compression=gzip-js", gzip.compress(body), {"Content-Type": "text/plain"}),
    "in a form": lambda body: ("", b"data=" + base64.b64encode(body).replace(b"+", b"%2B"),
                               {"Content-Type": "application/x-www-form-urlencoded"}),
}  # fmt: skip


@pytest.mark.parametrize("way", PACKED)
def test_a_packed_body_is_unpacked(client: FlaskClient, product: Product, way: str) -> None:
    query, body, headers = PACKED[way](json.dumps({"api_key": KEY, **capture()}).encode())

    response = client.post(f"/e/{query}", data=body, headers=headers)

    assert response.status_code == 200
    assert product.totals()["exports"] == 1


def test_times_are_corrected_for_a_wrong_clock(send: Send, product: Product) -> None:
    a_year_off = NOW - timedelta(days=365)
    event = track(timestamp=(a_year_off - timedelta(hours=1)).isoformat())

    send("/v1/batch", {"batch": [event], "sentAt": a_year_off.isoformat()})

    assert product.days() == [TODAY.isoformat()]


def test_times_of_history_are_taken_as_they_are(send: Send, product: Product) -> None:
    event = track(timestamp="2026-02-01T23:59:59.999Z")

    send("/v1/import", {"batch": [event], "sentAt": "2025-01-01T00:00:00Z"})

    assert product.days() == ["2026-02-01"]


def test_a_moment_on_the_way_does_not_move_an_event_to_the_next_day(send: Send, product: Product) -> None:
    sent_at = (NOW - timedelta(seconds=20)).isoformat()

    send("/v1/batch", {"batch": [track(timestamp="2026-02-01T23:59:59Z")], "sentAt": sent_at})

    assert product.days() == ["2026-02-01"]


@pytest.mark.parametrize("key", [None, "", "wk_nobody", "\ud800"])
def test_nobody_comes_in_without_a_key_that_is_in_use(client: FlaskClient, product: Product, key: str | None) -> None:
    response = client.post("/v1/batch", json={"writeKey": key, "batch": [track()]})

    assert response.status_code == 401
    assert product.states() == {}


def test_a_revoked_key_lets_nobody_in(send: Send, product: Product) -> None:
    product.session.get_one(WriteKey, product.key_id).revoked_at = NOW
    product.session.commit()

    assert send("/v1/batch", {"batch": [track()]}).status_code == 401


def test_something_odd_in_a_batch_does_not_keep_the_rest_out(send: Send, product: Product) -> None:
    odd: list[Any] = ["text", None, 7, [], {}, {"type": "track"}, {"type": "nonsense", "event": "x"}]
    odd += [track("m-2", properties="none", groupId=["acme"]), track("m-3", groupId="\0\ud800", userId={"a": 1})]

    response = send("/v1/batch", {"batch": [track("m-1"), *odd]})

    assert (response.status_code, response.json) == (200, {"success": True, "unreadable": 7})
    assert product.totals() == {"exports": 1, "people": 1, "exported_rows": 3}
    states = product.states()
    assert (states["m-1"], states["m-2"], states["m-3"]) == ("counted", "no_account", "unmatched")
    assert sorted(state for id_, state in states.items() if id_.startswith("digest:")) == ["no_rule"] * 7


@pytest.mark.parametrize("number", ["NaN", "1e999", "-1", "true", '"many"', "1" * 5000, "null", '"\\ud83d"'])
def test_what_is_no_number_adds_nothing(client: FlaskClient, product: Product, number: str) -> None:
    body = json.dumps({"writeKey": KEY, **track()}).replace('{"rows": 3}', f'{{"rows": {number}}}')

    response = client.post("/v1/track", data=body, content_type="application/json")

    assert response.status_code == 200
    assert product.totals() == {"exports": 1, "people": 1}


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"", {}, 400),
        (b"\x1f\x8b nothing", {}, 400),
        (gzip.compress(b'{"batch": []}', mtime=0)[:-9], {"Content-Encoding": "gzip"}, 400),
        (b'{"batch": {}}', {}, 400),
        (b"[" * 100_000, {}, 400),
        (b"{}", {"Content-Encoding": "br"}, 415),
        (b" " * (bodies.LARGEST + 1), {}, 413),
    ],
)
def test_what_can_never_be_read_is_refused(
    client: FlaskClient, product: Product, body: bytes, headers: dict[str, str], status: int
) -> None:
    response = client.post("/v1/batch", data=body, headers={**BASIC, **headers})

    assert response.status_code == status
    assert response.json is not None
    assert response.json["success"] is False


def test_a_small_body_does_not_become_a_huge_one(client: FlaskClient, product: Product) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b" " * 2**20) for _ in range(200)) + packer.flush()

    response = client.post("/v1/batch", data=bomb, headers={**BASIC, "Content-Encoding": "gzip"})

    assert len(bomb) < 300_000
    assert response.status_code == 413


def test_who_comes_too_many_is_asked_to_come_again(app: Flask, send: Send, product: Product) -> None:
    places = app.extensions[taking._PLACES]
    taken = 0
    while places.acquire(blocking=False):
        taken += 1

    with patch.object(taking, "PATIENCE", 0.01):
        refused = send("/v1/batch", {"batch": [track()]})
    for _ in range(taken):
        places.release()

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    assert send("/v1/batch", {"batch": [track()]}).status_code == 200
    assert product.totals()["exports"] == 1


def test_nothing_is_acknowledged_that_could_not_be_written(send: Send, product: Product) -> None:
    locked = OperationalError("INSERT", {}, Exception("database is locked"))

    with patch("changetrack.operations.usage.ingest.record_days", side_effect=locked):
        refused = send("/v1/batch", {"batch": [track()]})

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    assert product.states() == {}


def test_a_page_of_any_site_may_send_without_cookies(client: FlaskClient, product: Product) -> None:
    asked = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "POST"}

    preflight = client.options("/v1/track", headers=asked)
    response = client.post("/v1/track", json={"writeKey": KEY, **track()}, headers=asked)
    refused = client.post("/v1/track", json={}, headers=asked)

    assert preflight.status_code == 204
    assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]
    for answer in (preflight, response, refused):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Set-Cookie" not in answer.headers
    assert "Access-Control-Allow-Origin" not in client.get("/login").headers


@pytest.mark.parametrize("path", ["/flags/?v=2", "/decide/?v=3"])
def test_the_questions_of_an_sdk_enable_nothing(client: FlaskClient, app: Flask, path: str) -> None:
    response = client.post(path, json={"api_key": "anything", "distinct_id": "u"})

    assert response.status_code == 200
    assert response.json is not None
    assert (response.json["featureFlags"], response.json["sessionRecording"]) == ({}, False)


def test_no_key_and_nobody_is_written_in_a_log(
    client: FlaskClient, send: Send, product: Product, capsys: pytest.CaptureFixture[str]
) -> None:
    send("/v1/batch", {"batch": [track(userId="mara@example.com", groupId="nobody"), 7]})
    client.post("/capture/", json={"api_key": "wk_wrong", **capture()})
    client.get(f"/array/{KEY}/config")
    client.post("/v1/batch", data=f'{{"writeKey": "{KEY}"', content_type="application/json")

    logged = capsys.readouterr().err
    assert "request" in logged
    for secret in (KEY, "wk_wrong", "mara@example.com", BASIC["Authorization"].split()[1]):
        assert secret not in logged


def test_nobody_is_in_the_database_by_name(send: Send, product: Product, stage: Stage) -> None:
    traits = {"email": "mara@example.com", "name": "Mara Miller"}
    send("/v1/identify", {"userId": "mara@example.com", "traits": traits, "messageId": "m-1", "groupId": "acme"})
    send("/v1/track", track("m-2", userId="mara@example.com", context={"traits": traits, "groupId": "acme"}))
    send("/v1/track", track("m-3", userId="mara@example.com", groupId="nobody", properties=traits))
    send("/capture/", {"api_key": KEY, **capture(distinct_id="mara@example.com", uuid="", timestamp=NOW.isoformat())})

    assert product.totals()["people"] == 1
    assert b"mara" not in everything(stage, product).lower()


def everything(stage: Stage, product: Product) -> bytes:
    """All that the database holds: its very files, or every table."""
    if stage.database.name == "sqlite":
        files = Path(stage.database.url.removeprefix("sqlite:///")).parent.glob("changetrack.db*")
        return b"".join(path.read_bytes() for path in files)
    tables = Base.metadata.sorted_tables
    return "".join(str(row) for table in tables for row in product.session.execute(table.select())).encode()
