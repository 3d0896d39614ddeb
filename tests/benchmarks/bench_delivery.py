"""A mail server that hangs delays no message to Slack: each lane has a tick of its own."""

import socket
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import click
from flask import Flask
from sqlalchemy import insert, select

from changetrack.config import Clock, Settings
from changetrack.domain.letters import Letter, to_json
from changetrack.jobs.job import Stopped
from changetrack.jobs.runner import Runner
from changetrack.jobs.schedule import get_job
from changetrack.models import WRITE, Endpoint, OutboxMessage, User
from changetrack.operations._claims import URL
from changetrack.operations._seal import seal
from tests.benchmarks.floors import Finding
from tests.benchmarks.stage import SECRET, Stage
from tests.receivers import Program, program

HOOKS, ROUNDS, BETWEEN, MAILS = 20, 15, 1.5, 200
PROMISED = 5.0  # seconds, p99
PATIENCE = 60.0
LETTER = to_json(Letter("alert", "Acme: stale, Olu: take it up", "An account went stale.", path="/alerts"))


def measure(stages: tuple[Stage, ...]) -> Iterator[Finding]:
    """How long messages to Slack take while e-mails hang, on the smallest database: from being written to arriving."""
    stage = stages[0]
    with program() as slack, _silent_server() as port:
        settings = replace(
            stage.settings, smtp_url=f"smtp://127.0.0.1:{port}?timeout=15", outgoing_allow=("127.0.0.1:*",)
        )
        hooks = _prepare(stage, slack)
        with _ticking(stage.app, settings):
            written = _write(stage, hooks)
            delays = _delays(slack, written)
    p50, p99 = statistics.median(delays), statistics.quantiles(delays, n=100)[98]
    what = f"Slack beside a mail server that hangs, p99 of {len(delays)} ({stage.database})"
    yield Finding(f"{what}; p50 {p50:.2f} s", f"{p99:.2f} s", f"{PROMISED:.2f} s", p99 / PROMISED, 1.0)


@contextmanager
def _silent_server() -> Iterator[int]:
    """A mail server that takes every call and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=200) as server:
        yield server.getsockname()[1]


def _prepare(stage: Stage, slack: Program) -> list[int]:
    now, sealed = datetime.now(UTC), seal(slack.url, secret=SECRET, purpose=URL)
    hooks = [
        {"kind": "slack", "name": f"Measured {number}", "url_sealed": sealed, "url_shown": "here", "events": []}
        | {"created_at": now, "created_by": "measuring", "version": 1}
        for number in range(HOOKS)
    ]
    with stage.engine.connect().execution_options(**{WRITE: True}) as connection:
        user_id = connection.scalar(select(User.id).limit(1))
        ids = list(connection.scalars(insert(Endpoint).returning(Endpoint.id), hooks))
        mails = [_row(f"mail:{n}", "email", now) | {"user_id": user_id, "endpoint_id": None} for n in range(MAILS)]
        connection.execute(insert(OutboxMessage), mails)
        connection.commit()
    return ids


def _row(key: str, channel: str, now: datetime) -> dict[str, Any]:
    return {
        "key": f"measured:{key}", "channel": channel, "kind": "alert", "payload": {**LETTER, "title": key},
        "created_at": now, "due_at": now,
    }  # fmt: skip


@contextmanager
def _ticking(app: Flask, settings: Settings) -> Iterator[None]:
    """All lanes, each in a thread of its own that ticks every second, as the scheduler has them tick."""
    ended, job = threading.Event(), get_job("deliver")

    def tick(lane: str) -> None:
        runner = Runner(settings, Clock(settings), ended.is_set)
        while not ended.wait(1.0):
            try:
                with app.app_context():
                    runner.run_if_due(job, lane)
            except Stopped:
                return
            except Exception as error:
                click.echo(f"{lane}: {error!r}", err=True)

    threads = [threading.Thread(target=tick, args=(lane,), daemon=True) for lane in job.lanes]
    for thread in threads:
        thread.start()
    yield
    ended.set()
    for thread in threads:
        thread.join()


def _write(stage: Stage, hooks: list[int]) -> dict[str, float]:
    """Write a message to each hook again and again; returns when each was, by its title."""
    written: dict[str, float] = {}
    for number in range(ROUNDS):
        rows = [_row(f"{number}:{hook}", "slack", datetime.now(UTC)) | {"endpoint_id": hook} for hook in hooks]
        with stage.engine.connect().execution_options(**{WRITE: True}) as connection:
            connection.execute(insert(OutboxMessage), rows)
            connection.commit()
        written |= {row["payload"]["title"]: time.monotonic() for row in rows}
        time.sleep(BETWEEN)
    return written


def _delays(slack: Program, written: dict[str, float]) -> list[float]:
    until = time.monotonic() + PATIENCE
    while len(slack.received) < len(written) and time.monotonic() < until:
        time.sleep(0.1)
    if len(slack.received) != len(written):
        raise RuntimeError(f"{len(slack.received)} of {len(written)} messages arrived")
    return [request.arrived - written[request.json["text"]] for request in slack.received]
