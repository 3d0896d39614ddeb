"""`PUT /api/v1/usage/daily`: ready-made numbers by token, all or none, with problems as RFC 9457 has them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from changetrack.models import ApiToken
from tests.clock import NOW, TODAY
from tests.factories import make_user
from tests.factories._saving import Saver
from tests.functional.api.conftest import KEY, Product

MakeToken = Callable[..., str]
ROW = {"account": "acme", "metric": "exports", "day": TODAY.isoformat(), "value": 12.5}


def put(client: FlaskClient, token: str | None, body: Any = None, **headers: str) -> TestResponse:
    shown = {} if token is None else {"Authorization": f"Bearer {token}"}
    return client.put(
        "/api/v1/usage/daily", json={"rows": [ROW]} if body is None else body, headers={**shown, **headers}
    )


@pytest.mark.parametrize("scope", ["ingest", "admin"])
def test_numbers_are_taken(client: FlaskClient, product: Product, make_token: MakeToken, scope: str) -> None:
    response = put(client, make_token(scope), **{"Idempotency-Key": "one"})

    assert (response.status_code, response.json) == (200, {"rows": 1, "changed": 1, "unmatched": 0})
    assert product.totals() == {"exports": 12.5}


def test_a_bare_list_is_taken_too_and_external_id_is_a_name_of_the_account(
    client: FlaskClient, product: Product, make_token: MakeToken
) -> None:
    rows = [
        {"external_id": "acme", "metric": "exports", "day": TODAY.isoformat(), "value": "7"},
        {**ROW, "account": "?"},
    ]

    response = put(client, make_token("ingest"), rows)

    assert response.json == {"rows": 2, "changed": 1, "unmatched": 1}


def test_the_use_of_a_token_is_noted(client: FlaskClient, product: Product, make_token: MakeToken) -> None:
    put(client, make_token("ingest"))

    product.session.rollback()
    assert product.session.scalar(select(ApiToken.last_used_on)) == TODAY


@pytest.mark.parametrize(
    ("scopes", "fields", "status"),
    [
        (["read", "write"], {}, 403),
        (["ingest"], {"revoked_at": NOW}, 401),
        (["ingest"], {"expires_at": NOW}, 401),
        (["ingest"], {"expires_at": NOW + timedelta(days=1)}, 200),
    ],
)
def test_only_a_token_that_is_in_use_and_for_this_comes_in(
    client: FlaskClient, product: Product, make_token: MakeToken, scopes: list[str], fields: dict[str, Any], status: int
) -> None:
    response = put(client, make_token(*scopes, **fields))

    assert response.status_code == status


def test_a_token_ends_with_the_access_of_who_made_it(
    client: FlaskClient, product: Product, make_token: MakeToken, session: Saver
) -> None:
    maker = make_user(session, email="ina@example.com")
    token = make_token("ingest", created_by=maker.email)

    before = put(client, token).status_code
    maker.disabled_at = NOW
    session.commit()

    assert (before, put(client, token).status_code) == (200, 401)


@pytest.mark.parametrize("token", [None, "ct_nobody", KEY])
def test_nobody_else_does(client: FlaskClient, product: Product, token: str | None) -> None:
    response = put(client, token)

    assert (response.status_code, response.mimetype) == (401, "application/problem+json")
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert product.totals() == {}


def test_every_bad_row_is_named(client: FlaskClient, product: Product, make_token: MakeToken) -> None:
    rows = [ROW, {**ROW, "day": "yesterday"}, {**ROW, "metric": "?", "value": None}, 7]

    response = put(client, make_token("ingest"), {"rows": rows})

    assert (response.status_code, response.mimetype) == (422, "application/problem+json")
    assert response.json is not None
    assert {error["field"] for error in response.json["errors"]} == {
        "rows[1].day", "rows[2].metric", "rows[2].value",
        "rows[3].account", "rows[3].metric", "rows[3].day", "rows[3].value",
    }  # fmt: skip
    assert product.totals() == {}


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b'{"rows": 7}', {}, 400),
        (b'[{"value": NaN}]', {}, 400),
        (b"[]", {"Content-Type": "text/csv"}, 415),
        (b"[" + b"{}," * 10_000 + b"{}]", {}, 413),
        (b'[{"value": ' + b"9" * 9_000 + b"}]", {}, 422),
    ],
)
def test_what_is_no_list_of_rows_is_refused(
    client: FlaskClient, product: Product, make_token: MakeToken, body: bytes, headers: dict[str, str], status: int
) -> None:
    shown = {"Authorization": f"Bearer {make_token('ingest')}", "Content-Type": "application/json", **headers}

    response = client.put("/api/v1/usage/daily", data=body, headers=shown)

    assert (response.status_code, response.mimetype) == (status, "application/problem+json")
