"""Thousands who send slowly, before the shipped nginx.conf: everybody else is answered as if they were not there."""

import http.client
import shutil
import socket
import ssl
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.architecture.source import ROOT
from tests.faults.staging import Place, staged, wait_until
from tests.faults.tried import Tried
from tests.faults.web_server import WebServer, web_server
from tests.ports import free_port

CONFIGURATION = ROOT / "docs" / "nginx.conf"
WHAT = "slow connections before nginx"
CROWD, LOOKS = 3_000, 200
SLOWEST = 0.1  # seconds for 95 of 100
SECRET_ADDRESS = "the-secret-of-a-customers-page"
HEAD = b"GET / HTTP/1.1\r\nHost: changetrack.example.com\r\nX-Slow: "
BODY = b"POST /sign-in HTTP/1.1\r\nHost: changetrack.example.com\r\nContent-Length: 100000\r\n\r\n"


def is_here() -> bool:
    """Whether nginx and openssl are installed."""
    return shutil.which("nginx") is not None and shutil.which("openssl") is not None


def slow_crowd(place: Place, crowd: int = CROWD, looks: int = LOOKS, most: float = SLOWEST) -> Tried:
    """A crowd of whom each sends a byte a second, head or body; meanwhile /healthz is asked for again and again."""
    if not is_here():
        return Tried(WHAT, place.name, "left out: nginx or openssl is not installed", [], 0.0, is_left_out=True)
    started = time.perf_counter()
    with (
        staged(place, rate=1) as stage,
        web_server(stage, trusted_proxies="1") as server,
        _nginx(place.folder, server) as (plain, safe),
        _crowd(plain, crowd) as standing,
    ):
        taken, statuses, there = list[float](), list[int](), list[int]()
        for look in range(looks):
            if look % 10 == 0:
                there.append(sum(map(_is_let_in, standing)))
            begun = time.perf_counter()
            statuses.append(_status(http.client.HTTPConnection("127.0.0.1", plain, timeout=10)))
            taken.append(time.perf_counter() - begun)
        by_tls = _status(http.client.HTTPSConnection("localhost", safe, timeout=10, context=_anybody()))
        _status(http.client.HTTPConnection("127.0.0.1", plain, timeout=10), f"/c/{SECRET_ADDRESS}")
    number = round(statistics.median(there))  # every ten seconds those who send a head are sent away, and come again
    slowest = statistics.quantiles(taken, n=20)[-1]
    broken = [f"/healthz is answered with {status}" for status in (*statuses, by_tls) if status != 200]
    broken += [f"/healthz takes {slowest:.2f} s"] if slowest > most else []
    log = (place.folder / "nginx" / "access.log").read_text()
    broken += ["nginx writes secret addresses down"] if SECRET_ADDRESS in log or "/c/***" not in log else []
    broken += [f"only {number} of {crowd} were let in"] if number < crowd * 0.9 else []
    answered = statuses.count(200) / len(statuses)
    figures = f"{number:,} connections: /healthz {answered:.0%} answered, p95 {slowest * 1000:.0f} ms"
    return Tried(WHAT, place.name, figures, broken, time.perf_counter() - started)


@contextmanager
def _nginx(folder: Path, server: WebServer) -> Iterator[tuple[int, int]]:
    """The shipped configuration on ports of our own: one without TLS beside the one with it."""
    plain, safe, moved = free_port(), free_port(), free_port()
    where = folder / "nginx"
    where.mkdir()
    certificate, key = where / "certificate.pem", where / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-out", str(certificate), "-keyout", str(key)], check=True, capture_output=True,
    )  # fmt: skip
    words = CONFIGURATION.read_text()
    for given, ours in (
        ("listen 80;", f"listen 127.0.0.1:{moved};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{safe} ssl; listen 127.0.0.1:{plain};"),
        ("127.0.0.1:5000", f"127.0.0.1:{server.port}"),
        ("/etc/ssl/certs/changetrack.pem", str(certificate)),
        ("/etc/ssl/private/changetrack.key", str(key)),
        ("/var/log/nginx/access.log", str(where / "access.log")),
        ("/var/log/nginx/error.log", str(where / "error.log")),
    ):
        assert words.count(given) == 1, f"{given} stands {words.count(given)} times in {CONFIGURATION}"
        words = words.replace(given, ours)
    (where / "nginx.conf").write_text(words)
    command = ["nginx", "-p", str(where), "-e", str(where / "error.log"), "-c", str(where / "nginx.conf")]
    process = subprocess.Popen([*command, "-g", f"daemon off; pid {where / 'pid'};"], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: _listens(plain), "nginx does not start")
        yield plain, safe
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def _crowd(port: int, number: int) -> Iterator[list[socket.socket]]:
    """So many who send a byte a second, and come again when they are sent away."""
    standing = [_slow(port, n) for n in range(number)]
    is_over = threading.Event()

    def go_on() -> None:
        while not is_over.wait(1.0):
            for n, one in enumerate(standing):
                try:
                    one.send(b"x")
                except OSError:
                    one.close()
                    with suppress(OSError):
                        standing[n] = _slow(port, n)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield standing
    finally:
        is_over.set()
        thread.join()
        for one in standing:
            one.close()


def _slow(port: int, number: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.send(BODY if number % 2 else HEAD)
    connection.setblocking(False)
    return connection


def _is_let_in(connection: socket.socket) -> bool:
    """Whether it still waits for an answer, and was not sent away."""
    try:
        connection.recv(1, socket.MSG_PEEK)
    except OSError as error:
        return isinstance(error, BlockingIOError)
    return False


def _status(connection: http.client.HTTPConnection, path: str = "/healthz") -> int:
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def _listens(port: int) -> bool:
    with suppress(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    return False


def _anybody() -> ssl.SSLContext:
    """Trusts whoever answers: the certificate is of our own making."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
