"""Sixteen clients send the same events ten times, shuffled, at once, while a name becomes known: sums are exact."""

import base64
import http.client
import json
import random
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from changetrack.config import Clock
from changetrack.models import WRITE, Account, db
from changetrack.operations.accounts import add_alias
from tests.functional.api.real_server import EVENT, OPERATOR, Running, running

CLIENTS, TIMES, IN_A_BATCH = 16, 10, 40
NAMES = ("acme", "globex", "initech")
LATE = "initech-eu"  # becomes another name of initech while its events arrive
DAYS = ("2026-10-05", "2026-10-06")
BETWEEN = threading.Event()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of two processes."""
    folder = tmp_path_factory.mktemp("clients")
    url = f"sqlite:///{folder / 'changetrack.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").create_database()
    with running(url, Path(folder), NAMES) as started:
        yield started


def events() -> list[dict[str, Any]]:
    names = (*NAMES, LATE)
    return [
        {
            "type": "track", "event": EVENT, "messageId": f"m-{n}", "userId": f"user-{n % 11}",
            "groupId": names[n % len(names)], "properties": {"rows": n % 5},
            "timestamp": f"{DAYS[n % 3 % 2]}T{n % 24:02}:00:00Z",
        }
        for n in range(480)
    ]  # fmt: skip


def ask(server: Running, batch: list[dict[str, Any]]) -> tuple[int, Message]:
    """Send once: the status and headers of the answer."""
    key = base64.b64encode(f"{server.keys['acme']}:".encode()).decode()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    headers = {"Authorization": f"Basic {key}", "Content-Type": "application/json"}
    connection.request("POST", "/v1/batch", json.dumps({"batch": batch}), headers)
    response = connection.getresponse()
    connection.close()
    return response.status, response.headers


def post(server: Running, batch: list[dict[str, Any]]) -> int:
    """Send until it is taken, as SDKs do; how often it was turned away."""
    for refused in range(200):
        status, _ = ask(server, batch)
        if status == 200:
            return refused
        assert status == 503
        BETWEEN.wait(0.05)
    raise AssertionError("it was never taken")


@contextmanager
def held(server: Running) -> Iterator[None]:
    """Somebody else has locked what is to be written."""
    with server.app.app_context(), db.engine.connect().execution_options(**{WRITE: True}) as connection:
        if db.engine.dialect.name == "postgresql":
            connection.execute(text("LOCK TABLE usage_events IN EXCLUSIVE MODE"))
        else:
            connection.execute(text("SELECT 1"))
        yield


def test_sums_are_exact(server: Running) -> None:
    sent = events() * TIMES
    random.Random(5).shuffle(sent)
    batches = [sent[start : start + IN_A_BATCH] for start in range(0, len(sent), IN_A_BATCH)]

    with ThreadPoolExecutor(CLIENTS + 1) as clients:
        under_way = [clients.submit(post, server, batch) for batch in batches]
        under_way[len(under_way) // 4].result()
        make_known(server)
        for one in under_way:
            one.result()

    assert {name: server.numbers_of(name) for name in NAMES} == expected()


def make_known(server: Running) -> None:
    """The name becomes known in the midst of it."""
    now = Clock(server.app.extensions["changetrack.settings"]).now()
    with server.app.app_context():
        account_id = db.session.scalars(select(Account.id).where(Account.external_id == NAMES[-1])).one()
        add_alias(account_id=account_id, alias=LATE, actor=OPERATOR, now=now, today=now.date())


def expected() -> dict[str, dict[tuple[str, str], int]]:
    numbers: dict[str, Counter[tuple[str, str]]] = {name: Counter() for name in NAMES}
    people: set[tuple[str, str, str]] = set()
    for event in events():
        name = NAMES[-1] if event["groupId"] == LATE else event["groupId"]
        day = event["timestamp"][:10]
        numbers[name]["exports", day] += 1
        numbers[name]["exported_rows", day] += event["properties"]["rows"]
        people.add((name, day, event["userId"]))
    for name, day, _ in people:
        numbers[name]["people", day] += 1
    return {name: dict(counted) for name, counted in numbers.items()}


def test_who_cannot_be_kept_now_is_told_to_come_again(server: Running) -> None:
    batch = [{**events()[0], "messageId": "waits", "groupId": "globex"}]
    before = server.events_of("globex")

    with held(server):
        status, headers = ask(server, batch)

    assert (status, headers["Retry-After"]) == (503, "1")
    assert server.events_of("globex") == before
    assert post(server, batch) == 0
    assert server.events_of("globex") == before + 1
