"""An HTTP server that takes webhooks and Slack's messages, and fails in every way that the net knows."""

import gzip
import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.faults.arrivals import FINE, Book
from tests.faults.staging import pause

RETRY_AFTER = 90  # seconds
SLOW = 2.0  # seconds
INNER = "127.0.0.2"  # an address that nobody has allowed
REFUSED = {"429": 429, "500": 500, "redirect": 307, "kept, then 500": 500}
KEPT = frozenset({FINE, "slow", "endless", "huge", "bomb", "kept, then 500", "kept, then reset"})
TAKEN = frozenset({FINE, "slow", "endless", "huge", "bomb"})
POSSIBLE = KEPT | {"429", "500", "redirect", "reset"}
_AT_ONCE = struct.pack("ii", 1, 0)
_MEGABYTE = bytes(1024 * 1024)


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where messages by HTTP may go."""

    port: int

    @property
    def allowed(self) -> str:
        """What has to be allowed so that they may."""
        return f"127.0.0.1:{self.port}"

    def hook(self, name: str) -> str:
        """The address of a program's webhook."""
        return f"http://127.0.0.1:{self.port}/webhook/{name}"

    def slack(self, name: str) -> str:
        """The address of a Slack channel."""
        return f"http://127.0.0.1:{self.port}/slack/{name}"


@contextmanager
def receiving(book: Book) -> Iterator[Receiver]:
    """A receiver, and beside it an inner server that must never be called, for the length of a `with`."""
    inner = _serve(INNER, _inner(book))
    outer = _serve("127.0.0.1", _outer(book, inner.server_address[1]))
    try:
        yield Receiver(outer.server_address[1])
    finally:
        for server in (outer, inner):
            server.shutdown()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever called is gone: that is what this is about."""


def _serve(host: str, handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    server = _Server((host, 0), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server


def _inner(book: Book) -> type[BaseHTTPRequestHandler]:
    class Inner(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            book.intrusions.append(str(self.client_address))

    return Inner


def _outer(book: Book, inner_port: int) -> type[BaseHTTPRequestHandler]:
    class Outer(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:
                return  # killed while it spoke: nothing has arrived
            _, channel, name = self.path.split("/")
            fault = book.draw(POSSIBLE, name)
            key, text = self._read(channel, body)
            book.note(channel, name, key, text, fault=fault, kept=fault in KEPT, taken=fault in TAKEN)
            self._answer(fault)

        def _read(self, channel: str, body: bytes) -> tuple[str, str]:
            """What makes it one message, and the rest of it."""
            said = json.loads(body)
            if channel == "webhook":
                return self.headers["webhook-id"], body.decode()
            return said["blocks"][0].pop("block_id"), json.dumps(said)

        def _answer(self, fault: str) -> None:
            if fault in ("reset", "kept, then reset"):
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
                self.connection.close()
                return
            if fault == "slow":
                pause(SLOW)
            self.send_response(REFUSED.get(fault, 200))
            if fault == "429":
                self.send_header("Retry-After", str(RETRY_AFTER))
            if fault == "redirect":
                self.send_header("Location", f"http://{INNER}:{inner_port}/")
            if fault == "bomb":
                self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            self._go_on(fault)

        def _go_on(self, fault: str) -> None:
            while fault == "endless":
                self.wfile.write(b".")
                pause(0.1)
            while fault == "huge":
                self.wfile.write(_MEGABYTE)
            self.wfile.write(gzip.compress(_MEGABYTE * 64) if fault == "bomb" else b"ok")

    return Outer
