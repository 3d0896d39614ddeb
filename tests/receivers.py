"""What messages are sent to in tests: a program that answers as it is told, a mail server that keeps all it gets."""

import json
import threading
import time
from asyncio import Server, Transport
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

Script = Callable[[int], tuple[int, Mapping[str, str]]]


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    arrived: float = 0.0  # of the monotonic clock

    @property
    def json(self) -> dict[str, Any]:
        """Its body."""
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Program:
    """A program at `url` that keeps what it receives; `answers(n)` gives status and headers of the n-th answer."""

    url: str
    port: int
    answers: Script
    received: list[Received] = field(default_factory=list)


@dataclass
class MailSink:
    """A mail server at `host:port`; `refuse` answers for a receiver, `refuse_data` for a message, unless empty."""

    port: int = 0
    received: list[EmailMessage] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    refuse: str = ""
    refuse_data: str = ""
    after_data: Callable[[], None] = lambda: None

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a receiver, or not."""
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Take a message, or not."""
        if self.refuse_data:
            return self.refuse_data
        message = message_from_bytes(cast(bytes, envelope.content), policy=default)
        self.received.append(message)
        self.envelopes.append(envelope)
        if self.after_data is drop_connection:
            cast(Transport, server.transport).close()
        return "250 OK"

    @property
    def url(self) -> str:
        """As `CHANGETRACK_SMTP_URL` has it."""
        return f"smtp://127.0.0.1:{self.port}?timeout=20"


def drop_connection() -> None:
    """Given as `after_data`: the message is taken, and the connection closed without an answer."""


def always(status: int, **headers: str) -> Script:
    """The same answer to everything: `always(429, Retry_After="3")`."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _number: (status, given)


@contextmanager
def program(answers: Script | None = None) -> Iterator[Program]:
    """Run a program on this machine."""
    found = Program("", 0, answers or always(200))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.received.append(Received(self.path, dict(self.headers), body, time.monotonic()))
            status, headers = found.answers(len(found.received))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the test says what is wrong."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.port = server.server_port
        found.url = f"http://127.0.0.1:{found.port}/hook"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        server.shutdown()
        thread.join()


class _AnyPort(Controller):
    """A mail server on a port that is free."""

    def _trigger_server(self) -> None:
        self.port = cast(Server, self.server).sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # aiosmtpd has no types there


@contextmanager
def mail_sink(**answers: str) -> Iterator[MailSink]:
    """Run a mail server on this machine."""
    sink = MailSink(**answers)  # type: ignore[arg-type]  # refuse and refuse_data
    controller = _AnyPort(sink, hostname="127.0.0.1", port=0, ready_timeout=30)
    controller.start()
    sink.port = controller.port
    yield sink
    controller.stop()
