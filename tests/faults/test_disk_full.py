"""A disk that is full refuses what is written, in words, and nothing else; when it has room again all goes on."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, text
from werkzeug.test import TestResponse

from changetrack.models import db
from changetrack.operations.playbook import install_playbook
from tests.clock import NOW
from tests.conftest import Stage
from tests.factories import make_cast, make_session
from tests.factories._saving import Saver
from tests.faults.portfolio import BY

Fill = Callable[[bool], None]
TOKEN = "the administrator of a full disk"


def add(client: FlaskClient, name: str) -> TestResponse:
    return client.post("/accounts/new", data={"name": name, "external_id": name})


@pytest.fixture
def fill(stage: Stage) -> Iterator[Fill]:
    """`fill(True)`: from now on the database's file may not grow by a page; `fill(False)`: there is room again."""
    engine: Engine = stage.engine
    most = [0]

    def limit(connection: object, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {most[0] or 2**30}")  # type: ignore[attr-defined]  # sqlite3's

    def change(is_full: bool) -> None:
        with engine.connect() as connection:
            most[0] = connection.scalar(text("PRAGMA page_count")) if is_full else 0
        engine.dispose()

    event.listen(engine, "connect", limit)
    yield change
    event.remove(engine, "connect", limit)
    engine.dispose()


@pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
def test_a_full_disk_refuses_writes_and_lets_people_read(
    app: Flask, session: Saver, client: FlaskClient, fill: Fill
) -> None:
    install_playbook(actor=BY, now=NOW)
    make_session(session, make_cast(session).ada, TOKEN)
    with client.session_transaction() as cookie:
        cookie["_user_id"] = TOKEN
    session.remove()

    fill(True)
    refused = [add(client, f"A-{number}") for number in range(60)][-1]
    read = client.get("/accounts")
    fill(False)
    taken = add(client, "after")

    assert (refused.status_code, refused.headers.get("Retry-After")) == (503, "5")
    assert "cannot take changes just now" in refused.get_data(as_text=True)
    assert read.status_code == 200
    assert taken.status_code == 303
    assert db.session.scalar(text("PRAGMA integrity_check")) == "ok"
