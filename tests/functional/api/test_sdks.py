"""The SDKs as their makers publish them, with only the host changed, deliver every event once, through failures."""

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.databases import PostgresServer
from tests.functional.api.flaky_proxy import HANG_UP, FlakyProxy, flaky_proxy
from tests.functional.api.node_packages import NODE_MODULES, install_node_packages
from tests.functional.api.real_server import EVENT, Running, running

pytestmark = pytest.mark.xdist_group("sdks")

EVENTS = 230  # three batches of a hundred at most
DAYS = ("2026-10-05", "2026-10-06", "2026-10-07")
USERS = 7

TRACK = """
import json, sys
from datetime import datetime, timezone
from {package} import Client
host, key, account, packed, days = sys.argv[1:]
client = Client(key, host=host, gzip=packed == "gzip", upload_interval=0.2)
for n, day in enumerate(json.loads(days)):
    when = datetime.fromisoformat(day + "T12:00:00+00:00")
    client.track(f"user-{{n % 7}}", "Report Exported", {{"rows": n}}, context={{"groupId": account}}, timestamp=when)
client.flush()
client.join()
"""
POSTHOG = """
import json, sys
from datetime import datetime
from posthog import Posthog
host, key, account, packed, days = sys.argv[1:]
client = Posthog(key, host=host, gzip=packed == "gzip", flush_interval=0.2)
for n, day in enumerate(json.loads(days)):
    when = datetime.fromisoformat(day + "T12:00:00+00:00")
    client.capture("Report Exported", distinct_id=f"user-{n % 7}", properties={"rows": n},
                   groups={"company": account}, timestamp=when)
client.shutdown()
"""
NODE = """
const { Analytics } = require("@segment/analytics-node");
const [host, key, account, , days] = process.argv.slice(1);
const client = new Analytics({ writeKey: key, host, flushAt: 100, flushInterval: 200, maxRetries: 8 });
JSON.parse(days).forEach((day, n) => client.track({
  userId: `user-${n % 7}`, event: "Report Exported", properties: { rows: n }, context: { groupId: account },
  timestamp: new Date(day + "T12:00:00Z"),
}));
client.closeAndFlush({ timeout: 30_000 });
"""
PROGRAMS = {
    "segment": ((sys.executable, "-c"), TRACK.format(package="segment.analytics.client")),
    "rudder": ((sys.executable, "-c"), TRACK.format(package="rudderstack.analytics.client")),
    "posthog": ((sys.executable, "-c"), POSTHOG),
    "segment-node": (("node", "-e"), NODE),
}
FAULTS = {
    "segment plain": (503, HANG_UP, 429), "segment gzip": (HANG_UP, 503), "rudder plain": (HANG_UP, 503, 429),
    "rudder gzip": (503, HANG_UP), "posthog plain": (HANG_UP, 429), "posthog gzip": (503, HANG_UP),
    "segment-node plain": (429, HANG_UP, 503),
}  # fmt: skip


@dataclass(frozen=True)
class Delivery:
    """What became of what an SDK sent: on the server, on its way, and what the program said."""

    server: Running
    name: str
    proxy: FlakyProxy
    output: str


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def deliveries(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Delivery]]:
    """All SDKs at once, each with a source and an account of its own, to one server."""
    folder = tmp_path_factory.mktemp("sdks")
    names = list(FAULTS if install_node_packages() is None else [name for name in FAULTS if "node" not in name])
    with ExitStack() as stack:
        url = f"sqlite:///{folder / 'changetrack.db'}"
        if request.param == "postgresql":
            server: PostgresServer = request.getfixturevalue("postgres")
            url = server.create_database()
        run = stack.enter_context(running(url, folder, names))
        proxies = {name: stack.enter_context(flaky_proxy(run.port, FAULTS[name])) for name in names}
        senders = {name: _send(name, proxies[name].url, run.keys[name]) for name in names}
        outputs = {name: sender.communicate(timeout=60)[0] for name, sender in senders.items()}
        yield {name: Delivery(run, name, proxies[name], outputs[name]) for name in names}


def _send(name: str, host: str, key: str) -> "subprocess.Popen[str]":
    kind, _, packed = name.partition(" ")
    command, program = PROGRAMS[kind]
    days = json.dumps([DAYS[n % len(DAYS)] for n in range(EVENTS)])
    return subprocess.Popen(
        [*command, program, host, key, name, packed, days], env={**os.environ, "NODE_PATH": str(NODE_MODULES)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_every_event_is_counted_once(deliveries: dict[str, Delivery], name: str) -> None:
    if name not in deliveries:
        pytest.skip(install_node_packages() or "")
    delivery = deliveries[name]

    assert delivery.proxy.faults == [], delivery.output
    assert delivery.server.events_of(name) == EVENTS, delivery.output
    assert delivery.server.numbers_of(name) == expected()


def expected() -> dict[tuple[str, str], int]:
    exports, rows = Counter[str](), Counter[str]()
    people: dict[str, set[int]] = defaultdict(set)
    for n in range(EVENTS):
        day = DAYS[n % len(DAYS)]
        exports[day] += 1
        rows[day] += n
        people[day].add(n % USERS)
    return {
        **{("exports", day): exports[day] for day in DAYS},
        **{("exported_rows", day): rows[day] for day in DAYS},
        **{("people", day): len(people[day]) for day in DAYS},
    }


def test_the_programs_send_what_is_counted() -> None:
    assert all(EVENT in program for _, program in PROGRAMS.values())
