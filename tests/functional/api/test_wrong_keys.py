"""Wrong keys of programs: who shows too many waits, in every process; who has the right one never does."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from werkzeug.test import TestResponse

from changetrack.models import WRITE, SignInAttempt
from changetrack.operations._tries import KEYS_OF_A_BEGINNING, KEYS_OF_ALL, KEYS_OF_AN_ADDRESS
from tests.clock import NOW, TODAY, FixedClock
from tests.conftest import Stage
from tests.factories import make_cast
from tests.factories._saving import Saver
from tests.functional.api.conftest import EVENT, KEY, Product

MakeToken = Callable[..., str]
MakeApp = Callable[..., Flask]
ON_SQLITE = pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
ROW = {"account": "acme", "metric": "exports", "day": TODAY.isoformat(), "value": 1}


def track(client: FlaskClient, key: str, address: str = "192.0.2.1") -> TestResponse:
    event = {"event": EVENT, "groupId": "acme", "messageId": "m-1"}
    return client.post("/v1/track", json=event, auth=(key, ""), environ_base={"REMOTE_ADDR": address})


def capture(client: FlaskClient, key: str) -> TestResponse:
    body = {"api_key": key, "event": EVENT}
    return client.post("/capture/", json=body, environ_base={"REMOTE_ADDR": "192.0.2.1"})


def put(client: FlaskClient, key: str) -> TestResponse:
    given = {"Authorization": f"Bearer {key}"}
    return client.put(
        "/api/v1/usage/daily", json={"rows": [ROW]}, headers=given, environ_base={"REMOTE_ADDR": "192.0.2.1"}
    )


def guessed(session: Saver, address: str, number: int) -> None:
    """As many wrong keys as are counted, under that address or beginning."""
    for _ in range(number):
        session.add(SignInAttempt(email="key", address=address, at=NOW, succeeded=False))
    session.commit()


@pytest.mark.parametrize("send", [track, capture, put])
def test_who_shows_many_wrong_keys_has_to_wait(
    client: FlaskClient, product: Product, send: Callable[[FlaskClient, str], TestResponse]
) -> None:
    answers = [send(client, f"{number}_wrong") for number in range(KEYS_OF_AN_ADDRESS + 1)]

    assert {answer.status_code for answer in answers[:-1]} == {401}
    assert answers[-1].status_code == 429
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 300


def test_the_wait_ends(client: FlaskClient, product: Product, clock: FixedClock) -> None:
    guessed(product.session, "192.0.2.1", KEYS_OF_AN_ADDRESS)
    slowed = track(client, "wrong")
    clock.move(seconds=int(slowed.headers["Retry-After"]) + 1)

    assert (slowed.status_code, track(client, "wrong").status_code) == (429, 401)


def test_a_right_key_is_taken_whatever_else_comes_from_its_address(
    client: FlaskClient, product: Product, make_token: MakeToken
) -> None:
    token = make_token("ingest")
    guessed(product.session, "192.0.2.1", KEYS_OF_AN_ADDRESS)

    answers = track(client, "wrong"), track(client, KEY), put(client, token)

    assert [answer.status_code for answer in answers] == [429, 200, 200]


def test_wrong_keys_that_begin_alike_are_slowed_down_wherever_they_come_from(
    client: FlaskClient, product: Product
) -> None:
    answers = [
        track(client, f"wk_0123456789-{number}", f"198.51.100.{number}").status_code
        for number in range(KEYS_OF_A_BEGINNING + 1)
    ]

    assert (set(answers[:-1]), answers[-1]) == ({401}, 429)
    assert track(client, "wk_another", "198.51.100.250").status_code == 401


def test_all_wrong_keys_together_are_bounded(client: FlaskClient, product: Product) -> None:
    guessed(product.session, "198.51.100.1", 2 * KEYS_OF_ALL)

    answers = track(client, "wrong", "203.0.113.9"), track(client, KEY, "203.0.113.9")

    assert [answer.status_code for answer in answers] == [429, 200]


def test_all_processes_count_together_and_no_header_evades_it(product: Product, make_app: MakeApp) -> None:
    workers = [make_app().test_client(), make_app().test_client()]
    event = {"event": EVENT}

    answers = [
        workers[number % 2].post(
            "/v1/track", json=event, auth=(f"{number}_wrong", ""), headers={"X-Forwarded-For": f"198.51.100.{number}"}
        )
        for number in range(KEYS_OF_AN_ADDRESS + 2)
    ]

    assert [answer.status_code for answer in answers[-3:]] == [401, 429, 429]


def test_behind_a_proxy_that_we_trust_each_address_counts_for_itself(product: Product, make_app: MakeApp) -> None:
    client = make_app(trusted_proxies=1).test_client()
    guessed(product.session, "198.51.100.7", KEYS_OF_AN_ADDRESS)

    from_there, from_elsewhere = (
        client.post("/v1/track", json={}, auth=("wrong", ""), headers={"X-Forwarded-For": given}).status_code
        for given in ("203.0.113.5, 198.51.100.7", "198.51.100.7, 203.0.113.5")
    )

    assert (from_there, from_elsewhere) == (429, 401)


def test_beyond_the_limit_nothing_is_written(client: FlaskClient, product: Product) -> None:
    guessed(product.session, "192.0.2.1", KEYS_OF_AN_ADDRESS)

    for _ in range(3):
        track(client, "wrong")

    product.session.rollback()
    assert product.session.scalar(select(func.count()).select_from(SignInAttempt)) == KEYS_OF_AN_ADDRESS


@ON_SQLITE
def test_while_somebody_holds_the_lock_a_wrong_key_is_refused_at_once_and_goes_uncounted(
    client: FlaskClient, product: Product, stage: Stage
) -> None:
    product.session.rollback()
    with stage.engine.connect().execution_options(**{WRITE: True}) as other:
        other.execute(text("SELECT 1"))
        answer = track(client, "wrong")

    assert answer.status_code == 401
    assert product.session.scalar(select(func.count()).select_from(SignInAttempt)) == 0


def test_a_right_key_costs_nothing_more(
    client: FlaskClient, product: Product, counted: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    with counted() as statements:
        track(client, KEY)

    assert [statement for statement in statements if "sign_in_attempts" in statement] == []


def test_no_key_is_kept_nor_its_beginning(client: FlaskClient, product: Product) -> None:
    track(client, "wk_somebodys-secret")

    product.session.rollback()
    kept = product.session.scalars(select(SignInAttempt.address).order_by(SignInAttempt.address)).all()
    assert "192.0.2.1" in kept
    assert not any("wk_" in one for one in kept)


def test_wrong_keys_keep_nobody_from_signing_in(client: FlaskClient, product: Product) -> None:
    make_cast(product.session)
    guessed(product.session, "192.0.2.1", 2 * KEYS_OF_ALL)
    form = {"email": "olu@example.com", "password": "not it"}

    answer = client.post("/login", data=form, environ_base={"REMOTE_ADDR": "192.0.2.1"})

    assert answer.status_code == 422
