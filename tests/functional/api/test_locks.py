"""Every address of the API and what becomes of those who show no key: one table, like that of the pages."""

from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from changetrack.web.platform import APART
from tests.functional.api.conftest import KEY, Product

FOR_ANYBODY = 200
LOCKED = 401
LOCKS = {
    "POST /v1/<any(track, identify, group, page, screen, alias):call>": LOCKED,
    "POST /v1/<any(batch, import):call>": LOCKED,
    "POST /batch/": LOCKED,
    "POST /capture/": LOCKED,
    "POST /i/v0/e/": LOCKED,
    "POST /e/": LOCKED,
    "POST /flags/": FOR_ANYBODY,
    "POST /decide/": FOR_ANYBODY,
    "GET /array/<key>/config": FOR_ANYBODY,
    "PUT /api/v1/usage/daily": LOCKED,
}
BODY = {"batch": [{"type": "track", "event": "x"}], "event": "x", "rows": []}


def doors(app: Flask) -> list[tuple[str, str]]:
    """Every method and rule of the API."""
    return [
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.split(".")[0] in app.extensions[APART]
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def test_every_address_has_its_line_in_the_table(app: Flask) -> None:
    assert sorted(f"{method} {rule}" for method, rule in doors(app)) == sorted(LOCKS)


def test_nobody_gets_through_without_a_key(app: Flask, client: FlaskClient, product: Product) -> None:
    answers = {f"{method} {rule}": knock(client, method, rule, {}) for method, rule in doors(app)}

    assert answers == LOCKS
    assert product.states() == {}


def test_a_write_key_is_no_token(client: FlaskClient, product: Product) -> None:
    shown = {"Authorization": f"Bearer {KEY}"}

    assert knock(client, "PUT", "/api/v1/usage/daily", shown) == LOCKED


def knock(client: FlaskClient, method: str, rule: str, headers: dict[str, str]) -> int:
    """The status with which an address answers."""
    for pattern, example in {"<any(batch, import):call>": "batch", "<key>": "anything"}.items():
        rule = rule.replace(pattern, example)
    address = "/v1/track" if "<any(track" in rule else rule
    sent: dict[str, Any] = {} if method == "GET" else {"json": BODY}
    return client.open(address, method=method, headers=headers, **sent).status_code
