"""The shipped web server under its supervisor, and a signed-in administrator who adds accounts to it."""

import http.client
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

from changetrack.models import db
from changetrack.operations.playbook import install_playbook
from tests.architecture.source import ROOT
from tests.factories import make_session, make_user
from tests.faults.portfolio import BY
from tests.faults.staging import Stage

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PATIENCE = 10.0  # seconds for one answer
TOKEN = "the administrator who adds accounts"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said to one request; no status means that the connection broke."""

    status: int | None
    retry_after: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class WebServer:
    """A running server; `supervisor` is the process that was started."""

    port: int
    supervisor: int
    headers: dict[str, str]
    csrf: str

    def add_account(self, name: str) -> Answer:
        """Fill in the form for a new account."""
        return self._ask(
            "POST", "/accounts/new", urlencode({"name": name, "external_id": name, "csrf_token": self.csrf})
        )

    def look(self, path: str) -> Answer:
        """Ask for a page."""
        return self._ask("GET", path)

    def kill_a_worker(self, number: int) -> None:
        """End one of the processes that answer, whatever it is doing."""
        server = _children(self.supervisor)[0]
        workers = _children(server)
        if workers:
            os.kill(workers[number % len(workers)], 9)

    def kill_the_server(self) -> None:
        """End the process above the workers: they go with it."""
        os.kill(_children(self.supervisor)[0], 9)

    def _ask(self, method: str, path: str, body: str | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, {**self.headers, **FORM})
            response = connection.getresponse()
            return Answer(response.status, response.headers["Retry-After"], response.read().decode())
        except (OSError, http.client.HTTPException):
            return Answer(None)
        finally:
            connection.close()


@contextmanager
def web_server(stage: Stage, workers: int = 2) -> Iterator[WebServer]:
    """A server for the length of a `with`."""
    headers, csrf = _sign_in(stage)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    settings = stage.settings
    environment = {
        "PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", "CHANGETRACK_INSTANCE": str(settings.instance),
        "CHANGETRACK_DATABASE_URL": settings.database_url, "CHANGETRACK_SECRET_KEY": settings.secret_key,
        "CHANGETRACK_LOG_LEVEL": "ERROR",
    }  # fmt: skip
    command = [sys.executable, "-m", "changetrack", "serve", "--port", str(port), "--workers", str(workers)]
    with (settings.instance / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "--no-scheduler"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=log, text=True
        )
        try:
            assert server.stdout is not None
            next(line for line in server.stdout if line.startswith("ChangeTrack is at"))
            yield WebServer(port, server.pid, headers, csrf)
        finally:
            server.terminate()
            server.communicate(timeout=30)


def _sign_in(stage: Stage) -> tuple[dict[str, str], str]:
    """The cookie of an administrator, and the token that their forms carry."""
    now = stage.time.now()
    install_playbook(actor=BY, now=now)
    ada = make_user(stage.session, email="ada@example.com", role="admin")
    kept = {"created_at": now, "last_seen_at": now, "expires_at": now + timedelta(days=7)}
    make_session(stage.session, ada, TOKEN, **kept)
    client = stage.app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = TOKEN
    form = client.get("/accounts/new").get_data(as_text=True)
    found, cookie_kept = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form), client.get_cookie("changetrack")
    assert found is not None
    assert cookie_kept is not None
    stage.session.remove()
    db.engine.dispose()  # nothing of ours is open when the database goes away
    return {"Cookie": f"changetrack={cookie_kept.value}"}, found[1]


def _children(process: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except FileNotFoundError:
        return []
