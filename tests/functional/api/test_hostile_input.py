"""What nobody sends who means well, and some send all the same: it is never an error of ours, nor anybody's secret."""

import json
from collections.abc import Callable
from unittest.mock import patch

import pytest
from flask import Flask
from flask.testing import FlaskClient

from changetrack.api import taking
from tests.functional.api.conftest import EVENT, KEY, Product

DEEP = 990
WITHOUT_ID = f'"type": "track", "event": "{EVENT}", "groupId": "acme", "timestamp": "2026-03-02T08:00:00Z"'
ODD_EVENTS = {
    "too deep for a writer of JSON": f'{{{WITHOUT_ID}, "properties": {{"x": {"[" * 300}{"]" * 300}}}}}',
    "deep as can be read": f'{{{WITHOUT_ID}, "properties": {{"x": {"[" * DEEP}{"]" * DEEP}}}}}',
    "half an emoji": f'{{{WITHOUT_ID}, "userId": "\\ud83d"}}',
    "a number of 399 digits": f'{{{WITHOUT_ID}, "properties": {{"x": 1e999, "y": {"9" * 399}}}}}',
}
PAGE_OF_A_BROWSER = {"Content-Type": "application/x-www-form-urlencoded"}


def batch(client: FlaskClient, *events: str) -> tuple[int, object]:
    body = f'{{"writeKey": "{KEY}", "batch": [{", ".join(events)}]}}'
    response = client.post("/v1/batch", data=body, content_type="application/json")
    return response.status_code, response.json


@pytest.mark.parametrize("event", ODD_EVENTS.values(), ids=ODD_EVENTS)
def test_an_odd_event_without_an_id_is_known_again_and_keeps_nothing_out(
    client: FlaskClient, product: Product, event: str
) -> None:
    good = json.dumps({"type": "track", "event": EVENT, "messageId": "m-1", "groupId": "acme"})

    answers = [batch(client, event, good) for _ in range(2)]

    assert answers == [(200, {"success": True})] * 2
    assert product.totals()["exports"] == 2


def test_what_is_no_event_is_listed_however_deep_it_is(client: FlaskClient, product: Product) -> None:
    answers = [batch(client, "[" * DEEP + "]" * DEEP) for _ in range(2)]

    assert answers == [(200, {"success": True, "unreadable": 1})] * 2
    assert list(product.states().values()) == ["no_rule"]


def test_events_that_differ_in_little_are_two(client: FlaskClient, product: Product) -> None:
    little = ['{"x": ["a", "b"]}', '{"x": ["a", ["b"]]}', '{"x": ["b", "a"]}', '{"x": "1"}', '{"x": 1}', '{"x": []}']

    batch(client, *(f'{{{WITHOUT_ID}, "properties": {one}}}' for one in little))

    assert product.totals()["exports"] == len(little)


def test_the_order_of_keys_makes_no_other_event(client: FlaskClient, product: Product) -> None:
    batch(client, *(f'{{{WITHOUT_ID}, "properties": {one}}}' for one in ('{"a": 1, "b": 2}', '{"b": 2, "a": 1}')))

    assert product.totals()["exports"] == 1


@pytest.mark.parametrize("path", ["/v1/batch", "/batch/"])
def test_far_too_many_events_are_refused_before_anybody_looks_at_them(
    client: FlaskClient, product: Product, path: str
) -> None:
    body = f'{{"writeKey": "{KEY}", "api_key": "{KEY}", "batch": [{"0," * taking.MOST_EVENTS}0]}}'

    with patch("changetrack.api.dialects.spelled", side_effect=AssertionError):
        response = client.post(path, data=body, content_type="application/json")

    assert response.status_code == 413


def test_a_form_with_very_many_fields_is_refused(client: FlaskClient, product: Product) -> None:
    response = client.post("/e/", data="a=1&" * 1000, headers=PAGE_OF_A_BROWSER)

    assert response.status_code == 400


@pytest.mark.parametrize("number", ["1e9999999999999999999999", "1e-9999999999999999999999", "1e999999999"])
def test_a_stated_number_beyond_all_numbers_is_named(
    client: FlaskClient, product: Product, make_token: Callable[..., str], number: str
) -> None:
    row = f'{{"account": "acme", "metric": "exports", "day": "2026-03-02", "value": {number}}}'
    headers = {"Authorization": f"Bearer {make_token('ingest')}", "Content-Type": "application/json"}

    response = client.put("/api/v1/usage/daily", data=f"[{row}]", headers=headers)

    assert response.status_code == 422
    assert response.json is not None
    assert [error["field"] for error in response.json["errors"]] == ["rows[0].value"]


def test_a_message_id_that_may_be_an_address_is_kept_as_a_digest(client: FlaskClient, product: Product) -> None:
    event = {"type": "track", "event": EVENT, "messageId": "mara@example.com", "groupId": "acme"}

    for _ in range(2):
        batch(client, json.dumps(event))

    assert product.totals()["exports"] == 1
    assert [id_.partition(":")[0] for id_ in product.states()] == ["digest"]


@pytest.mark.parametrize("ask", ["/array/{key}/config.js", "/array/{key}/unknown", "/ARRAY/{key}/config"])
def test_no_key_in_an_address_that_is_not_there_is_written_in_a_log(
    client: FlaskClient, product: Product, capsys: pytest.CaptureFixture[str], ask: str
) -> None:
    response = client.get(ask.format(key=KEY))

    assert response.status_code == 404
    logged = capsys.readouterr().err
    assert "request" in logged
    assert KEY not in logged


def test_who_sends_slowly_keeps_nobody_from_writing(app: Flask, client: FlaskClient, product: Product) -> None:
    sending = app.extensions[taking._PLACES]
    for _ in range(taking.AT_ONCE - 1):
        sending.acquire()
    event = json.dumps({"type": "track", "event": EVENT, "messageId": "m-1", "groupId": "acme"})

    with patch.object(taking, "PATIENCE", 0.01):
        answer = batch(client, event)
    for _ in range(taking.AT_ONCE - 1):
        sending.release()

    assert answer == (200, {"success": True})
