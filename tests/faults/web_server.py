"""The shipped web server under its supervisor, and a signed-in administrator who adds accounts to it."""

import http.client
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlencode

from changetrack.models import db
from changetrack.operations.playbook import install_playbook
from tests.architecture.source import ROOT
from tests.factories import make_session, make_user
from tests.faults.portfolio import BY
from tests.faults.processes import environment
from tests.faults.staging import Stage
from tests.ports import free_port

EDGE = "the-edge-of-a-part"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PATIENCE = 10.0  # seconds for one answer


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said to one request; no status means that the connection broke."""

    status: int | None
    retry_after: str | None = None
    text: str = ""
    location: str = ""


@dataclass(frozen=True, slots=True)
class WebServer:
    """A running server; `supervisor` is the process that was started."""

    port: int
    supervisor: int
    headers: dict[str, str]
    csrf: str

    def add_account(self, name: str) -> Answer:
        """Fill in the form for a new account."""
        return self.send("/accounts/new", {"name": name, "external_id": name})

    def send(self, path: str, fields: Mapping[str, str]) -> Answer:
        """Send a form."""
        return self._ask("POST", path, urlencode({**fields, "csrf_token": self.csrf}).encode())

    def upload(self, path: str, fields: Mapping[str, str], file: bytes) -> Answer:
        """Send a form with a file."""
        parts = [f'--{EDGE}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
                 for name, value in {**fields, "csrf_token": self.csrf}.items()]  # fmt: skip
        opening = f'--{EDGE}\r\nContent-Disposition: form-data; name="file"; filename="file.csv"\r\n\r\n'
        body = b"".join([*(part.encode() for part in parts), opening.encode(), file, f"\r\n--{EDGE}--\r\n".encode()])
        return self._ask("POST", path, body, {"Content-Type": f"multipart/form-data; boundary={EDGE}"})

    def look(self, path: str) -> Answer:
        """Ask for a page."""
        return self._ask("GET", path)

    def kill_a_worker(self, number: int) -> None:
        """End one of the processes that answer, whatever it is doing."""
        workers = self.workers()
        if workers:
            os.kill(workers[number % len(workers)], 9)

    def workers(self) -> list[int]:
        """The processes that answer."""
        return children(children(self.supervisor)[0])

    def kill_the_server(self) -> None:
        """End the process above the workers: they go with it."""
        os.kill(children(self.supervisor)[0], 9)

    def _ask(
        self, method: str, path: str, body: bytes | None = None, kind: Mapping[str, str] = MappingProxyType(FORM)
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, {**self.headers, **kind})
            response = connection.getresponse()
            text = response.read().decode()
            return Answer(response.status, response.headers["Retry-After"], text, response.headers["Location"] or "")
        except (OSError, http.client.HTTPException):
            return Answer(None)
        finally:
            connection.close()


@contextmanager
def web_server(stage: Stage, workers: int = 2, **more: str) -> Iterator[WebServer]:
    """A server for the length of a `with`, and an administrator who uses it; `more` are further settings of its own."""
    headers, csrf = sign_in(stage)
    port, given = free_port(), environment(stage.settings, **more)
    command = [sys.executable, "-m", "changetrack", "serve", "--port", str(port), "--workers", str(workers)]
    with (stage.settings.instance / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "--no-scheduler"], cwd=ROOT, env=given, stdout=subprocess.PIPE, stderr=log, text=True
        )
        try:
            assert server.stdout is not None
            next(line for line in server.stdout if line.startswith("ChangeTrack is at"))
            yield WebServer(port, server.pid, headers, csrf)
        finally:
            server.terminate()
            server.communicate(timeout=30)


def sign_in(stage: Stage, name: str = "ada") -> tuple[dict[str, str], str]:
    """The cookie of an administrator, and the token that their forms carry."""
    now, token = stage.time.now(), f"{name}, who is signed in and at work"
    install_playbook(actor=BY, now=now)
    person = make_user(stage.session, email=f"{name}@example.com", role="admin")
    kept = {"created_at": now, "last_seen_at": now, "expires_at": now + timedelta(days=7)}
    make_session(stage.session, person, token, **kept)
    client = stage.app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
    with stage.app.app_context():  # what is known of one who signs in is not to be taken for the next
        form = client.get("/accounts/new").get_data(as_text=True)
    found, cookie_kept = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form), client.get_cookie("changetrack")
    assert found is not None
    assert cookie_kept is not None
    stage.session.remove()
    db.engine.dispose()  # nothing of ours is open when the database goes away
    return {"Cookie": f"changetrack={cookie_kept.value}"}, found[1]


def children(process: int) -> list[int]:
    """The processes that a process has started, by whichever thread."""
    found: list[int] = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):
            found += [int(child) for child in task.read_text().split()]
    return found
