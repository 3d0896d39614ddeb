"""A proxy that fails as networks and servers do: it turns away, or takes a request and hangs up before it answers."""

import http.client
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HANG_UP = 0
KEPT = ("Authorization", "Content-Type", "Content-Encoding", "User-Agent")


class FlakyProxy(ThreadingHTTPServer):
    """Answers the first requests by the `faults`, one each: a status, or HANG_UP once the server has done its work."""

    daemon_threads = True

    def __init__(self, port: int, faults: Sequence[int]) -> None:
        super().__init__(("127.0.0.1", 0), _Forwarder)
        self.target = port
        self.lock = threading.Lock()
        self.faults = list(faults)
        self.answered: list[int] = []

    @property
    def url(self) -> str:
        """What an SDK is told as its host."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that ends is nothing to tell."""


class _Forwarder(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FlakyProxy

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.server.lock:
            fault = self.server.faults.pop(0) if self.server.faults else None
        if fault:
            self._answer(fault, b'{"code": "busy", "message": "Busy.", "detail": "Busy."}', {"Retry-After": "0"})
            return
        status, answer = self._forward(body)
        if fault == HANG_UP:
            self.close_connection = True
            self.connection.close()
            return
        self._answer(status, answer, {})

    def _forward(self, body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.target, timeout=20)
        headers = {name: self.headers[name] for name in KEPT if name in self.headers}
        connection.request("POST", self.path, body, headers)
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        return response.status, answer

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.server.answered.append(status)
        self.send_response(status)
        for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def flaky_proxy(port: int, faults: Sequence[int]) -> Iterator[FlakyProxy]:
    """A proxy before the server at `port`, for the length of a `with`."""
    proxy = FlakyProxy(port, faults)
    thread = threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join()
