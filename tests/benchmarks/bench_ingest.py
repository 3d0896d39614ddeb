"""Events a second over HTTP, in batches of a hundred, against a bare endpoint that parses and discards them."""

import base64
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import create_engine, func, select

from changetrack import migrations
from changetrack.app import create_app
from changetrack.cli.serve import THREADS
from changetrack.config import Settings
from changetrack.models import Metric, UsageDaily, UsageEvent, db
from changetrack.operations.accounts import create_account
from changetrack.operations.playbook import install_playbook
from changetrack.operations.usage.metrics import add_event_rule, create_metric
from changetrack.operations.usage.sources import add_source, create_write_key
from tests.benchmarks.floors import Finding, undisturbed
from tests.benchmarks.originals import ACTOR
from tests.benchmarks.stage import SECRET, Stage
from tests.clock import NOW, TODAY, FixedClock
from tests.databases import DURABLE, postgres_server

LEAST_EVENTS_A_SECOND = 10_000
ROUNDS = 25
BATCHES = 30  # in a round
IN_A_BATCH = 100
WORKERS = 2
CONNECTIONS = 4
ACCOUNTS = 500
WARM_UP = 5  # rounds
OK, BUSY = 200, 503


def measure(stages: tuple[Stage, ...]) -> Iterator[Finding]:
    """The same requests in turns to the bare endpoint and the application, each on a server of the same make."""
    database = stages[0].database
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="changetrack-ingest-")))
        server = stack.enter_context(postgres_server(DURABLE)) if database == "postgresql" else None
        url = server.create_database() if server else f"sqlite:///{folder / 'changetrack.db'}"
        key = _prepare(url, folder)
        requests = [_request(key, _body(number)) for number in range(ROUNDS * BATCHES)]
        bare = stack.enter_context(_serving("tests.benchmarks.bare_endpoint:endpoint", url, folder))
        port = stack.enter_context(_serving("changetrack.app:create_serving_app", url, folder, "--factory"))
        taken, floor = [], []
        for start in range(0, len(requests), BATCHES):
            floor.append(_send(bare, requests[start : start + BATCHES]))
            taken.append(_send(port, requests[start : start + BATCHES]))
        _check(url, len(requests) * IN_A_BATCH)
    events = BATCHES * IN_A_BATCH
    rate, bare_rate = events / undisturbed(taken[WARM_UP:]), events / undisturbed(floor[WARM_UP:])
    what = f"events a second over HTTP in batches of {IN_A_BATCH} ({database})"
    yield Finding(what, f"{rate:,.0f}/s", f"{bare_rate:,.0f}/s", rate, None, LEAST_EVENTS_A_SECOND)
    whole = events / statistics.median(taken[WARM_UP:])
    yield Finding(f"the same, beside whatever else ran ({database})", f"{whole:,.0f}/s", "", whole)
    yield Finding(f"its share of what the bare endpoint discards ({database})", "", "", rate / bare_rate)


def _prepare(url: str, folder: Path) -> str:
    """A source, five hundred accounts, three metrics fed by one event, and one by another; returns the write key."""
    settings = Settings(instance=folder, database_url=url, secret_key=SECRET, env="development", log_level="ERROR")
    app = create_app(settings, clock=FixedClock())
    with app.app_context():
        migrations.upgrade(db.engine)
        install_playbook(actor=ACTOR, now=NOW)
        for number in range(ACCOUNTS):
            record = {"name": f"Account {number}", "external_id": f"org-{number}"}
            create_account(record=record, actor=ACTOR, now=NOW, today=TODAY)
        for name, aggregation, event, property_name in (
            ("calls", "sum", "Feature Used", None),
            ("seconds", "sum", "Feature Used", "seconds"),
            ("people", "distinct", "Feature Used", None),
            ("exports", "sum", "Exported", None),
        ):
            metric_id = create_metric(actor=ACTOR, now=NOW, key=name, name=name, unit=name, aggregation=aggregation)
            add_event_rule(actor=ACTOR, now=NOW, metric_id=metric_id, event=event, property_name=property_name)
        source_id = add_source(actor=ACTOR, now=NOW, name="Web app")
        key = create_write_key(actor=ACTOR, now=NOW, source_id=source_id).key
        db.engine.dispose()
    return key


def _body(number: int) -> bytes:
    """A batch as an SDK sends it: of a few dozen accounts, four events in five of the kind that feeds three metrics."""
    at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    library = {"library": {"name": "analytics-python", "version": "2.3.4"}}
    events = [
        {
            "messageId": f"{number:08x}-8a1d-4f3b-9c55-{n:012x}", "type": "track", "timestamp": at, "integrations": {},
            "event": "Exported" if n % 5 == 4 else "Feature Used", "userId": f"user-{(number * 7 + n) % 5_000}",
            "context": {**library, "groupId": f"org-{(number * 13 + n // 3) % ACCOUNTS}"},
            "properties": {"feature": f"feature_{n % 40}", "seconds": n % 60, "plan": "enterprise", "beta": False},
        }
        for n in range(IN_A_BATCH)
    ]  # fmt: skip
    return json.dumps({"batch": events, "sentAt": at}).encode()


@contextmanager
def _serving(target: str, url: str, folder: Path, *more: str) -> Iterator[int]:
    """Two web processes with as many threads as `changetrack serve` gives them."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    environment = {
        **os.environ, "CHANGETRACK_DATABASE_URL": url, "CHANGETRACK_INSTANCE": str(folder),
        "CHANGETRACK_SECRET_KEY": SECRET, "CHANGETRACK_LOG_LEVEL": "ERROR",
    }  # fmt: skip
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--host", "127.0.0.1", "--port", str(port),
        "--workers", str(WORKERS), "--blocking-threads", str(THREADS), "--log-level", "warning", *more, target,
    ]  # fmt: skip
    server = subprocess.Popen(command, env=environment)
    try:
        _until_it_answers(port, server)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)


def _until_it_answers(port: int, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if server.poll() is not None:
                raise
            time.sleep(0.1)
    raise RuntimeError("the server does not answer")


def _request(key: str, body: bytes) -> bytes:
    shown = base64.b64encode(f"{key}:".encode()).decode()
    head = f"POST /v1/batch HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {shown}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def _send(port: int, requests: Sequence[bytes]) -> float:
    """Send all over a few connections, and again whoever is turned away; the seconds it took."""
    waiting, failures, lock = iter(requests), list[int](), threading.Lock()

    def work() -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while True:
                with lock:
                    request = next(waiting, None)
                if request is None:
                    return
                while (status := _ask(connection, request)) == BUSY:
                    time.sleep(0.02)
                if status != OK:
                    failures.append(status)

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise RuntimeError(f"answered {failures[:5]}")
    return time.perf_counter() - start


def _ask(connection: socket.socket, request: bytes) -> int:
    connection.sendall(request)
    answer = connection.recv(65_536)
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(65_536)
    head, _, body = answer.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65_536)
    return int(head[9:12])


def _check(url: str, sent: int) -> None:
    """Nothing is missing, and nothing counted twice."""
    engine = create_engine(url)
    with engine.connect() as connection:
        kept = connection.scalar(select(func.count()).select_from(UsageEvent).where(UsageEvent.state == "counted"))
        of_exports = select(Metric.id).where(Metric.key == "exports").scalar_subquery()
        exports = connection.scalars(select(UsageDaily.counted).where(UsageDaily.metric_id == of_exports)).all()
    engine.dispose()
    if kept != sent or sum(number or 0 for number in exports) != sent // 5:
        raise RuntimeError(f"{kept} of {sent} events were counted, {sum(n or 0 for n in exports)} exports")
