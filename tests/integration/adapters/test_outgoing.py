"""The one way out by HTTP, against real sockets: who is called, for how long, and how much is read."""

import gzip
import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from changetrack.adapters.outgoing import Answer, Outgoing, Unreachable
from changetrack.domain.outgoing import Allowed
from tests.receivers import always, program

HERE = Allowed(("127.0.0.1:*", "hooks.example.com:*"))
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BOMB = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 40000\r\n\r\n" + gzip.compress(bytes(40_000_000))
HUGE = b"HTTP/1.1 200 OK\r\nContent-Length: 40000000\r\n\r\n" + bytes(40_000_000)


@dataclass
class Server:
    """A server at `port` that answers each connection as it is told."""

    port: int
    calls: int = 0

    def url(self, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}/hook?secret=1"


@contextmanager
def serving(talk: Callable[[socket.socket], None], *, greeted: bool = True) -> Iterator[Server]:
    """Serve on this machine until the end of the test; what is cut off by the other side is no error."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(listener.getsockname()[1])

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            server.calls += 1
            with connection:
                try:
                    if greeted:
                        connection.recv(65536)
                    talk(connection)
                except OSError:
                    pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield server
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def silence(connection: socket.socket) -> None:
    """Says nothing until the other side goes."""
    while connection.recv(65536):
        pass


def endless(head: bytes, part: bytes, pause: float = 0.0) -> Callable[[socket.socket], None]:
    """Sends a head, and then the same part for ever."""
    gone = threading.Event()

    def talk(connection: socket.socket) -> None:
        connection.sendall(head)
        while not gone.wait(pause):
            connection.sendall(part)

    return talk


@pytest.fixture(scope="module")
def own_certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = (
        made.serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2099, 1, 1, tzinfo=UTC))
    )
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = tmp_path_factory.mktemp("tls") / "own.pem"
    path.write_bytes(plain + made.sign(key, SHA256()).public_bytes(Encoding.PEM))
    return path


def test_a_request_is_posted_and_the_status_returned() -> None:
    with program(always(202)) as there:
        answer = Outgoing(HERE).post(there.url, b'{"a": 1}', {"webhook-id": "msg_1"})

    (request,) = there.received
    assert answer == Answer(202)
    assert answer.is_taken
    assert request.json == {"a": 1}
    assert request.headers["webhook-id"] == "msg_1"
    assert request.headers["Host"] == f"127.0.0.1:{there.port}"
    assert request.headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(("given", "seconds"), [("3", 3), ("0", 0), ("999999999", 86400), ("soon", None), ("", None)])
def test_what_the_receiver_says_about_coming_again_is_heard(given: str, seconds: int | None) -> None:
    with program(always(429, Retry_After=given)) as there:
        answer = Outgoing(HERE).post(there.url, b"{}")

    assert answer == Answer(429, seconds)
    assert not answer.is_taken


def test_a_date_to_come_again_is_heard_too() -> None:
    head = b"HTTP/1.1 503 Away\r\nDate: Wed, 01 Jan 2020 00:00:00 GMT\r\nContent-Length: 0\r\nRetry-After: "
    with serving(lambda connection: connection.sendall(head + b"Wed, 01 Jan 2020 00:01:30 GMT\r\n\r\n")) as server:
        assert Outgoing(HERE).post(server.url(), b"{}") == Answer(503, 90)
    with serving(lambda connection: connection.sendall(head + b"Wed, 01 Jan 1020 00:01:30 GMT\r\n\r\n")) as server:
        assert Outgoing(HERE).post(server.url(), b"{}") == Answer(503, 0)


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::ffff:10.0.0.1"], ["169.254.169.254"]]
)
def test_a_name_that_stands_for_a_private_address_is_never_called(addresses: list[str]) -> None:
    with serving(lambda connection: connection.sendall(OK)) as server:
        out = Outgoing(Allowed(), resolve=lambda _host, _port: addresses)

        with pytest.raises(Unreachable, match="the operator has to list it"):
            out.post(f"http://public.example.com:{server.port}/", b"{}")

    assert server.calls == 0


@pytest.mark.parametrize(
    ("addresses", "said"),
    [
        (["93.184.216.34"], None),
        (["93.184.216.34", "10.0.0.1"], "is not an address of the public internet"),
        (["127.0.0.1"], "the operator has to list it"),
    ],
)
def test_where_a_name_leads_is_told_without_a_request(addresses: list[str], said: str | None) -> None:
    out = Outgoing(Allowed(), resolve=lambda _host, _port: addresses)

    why = out.trouble("https://hooks.example.com/x")

    assert why is None if said is None else said in str(why)


def test_a_name_that_takes_too_long_to_look_up_is_told_as_unknown() -> None:
    ended = threading.Event()
    out = Outgoing(Allowed(), seconds=0.05, resolve=lambda _host, _port: [str(ended.wait(5))])

    why = out.trouble("https://hooks.example.com/x")
    ended.set()

    assert why == "hooks.example.com could not be looked up. Is it spelled right?"


def test_the_connection_is_made_to_the_address_that_was_looked_at() -> None:
    answers = iter([["127.0.0.1"], ["10.9.9.9"]])
    with serving(lambda connection: connection.sendall(OK)) as server:
        answer = Outgoing(HERE, resolve=lambda _host, _port: next(answers)).post(server.url("hooks.example.com"), b"{}")

    assert (answer.status, server.calls) == (200, 1)
    assert next(answers) == ["10.9.9.9"]


def test_the_next_address_is_tried_when_the_first_does_not_answer() -> None:
    allowed = Allowed(("hooks.example.com:*",))
    with serving(lambda connection: connection.sendall(OK)) as server:
        out = Outgoing(allowed, resolve=lambda _host, _port: ["127.0.0.2", "127.0.0.1"])

        assert out.post(server.url("hooks.example.com"), b"{}").status == 200


def test_a_redirect_is_not_followed() -> None:
    with program() as inner, program(always(302, Location=inner.url)) as outer:
        answer = Outgoing(HERE).post(outer.url, b"{}")

    assert answer == Answer(302)
    assert inner.received == []


@pytest.mark.parametrize(
    "talk",
    [
        endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536),
        endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"x" * 65536 + b"\r\n"),
        lambda connection: connection.sendall(BOMB),
        lambda connection: connection.sendall(HUGE),
    ],
    ids=["endless", "endless in chunks", "packed bomb", "huge"],
)
def test_no_more_is_read_than_a_little_and_the_status_counts(talk: Callable[[socket.socket], None]) -> None:
    with serving(talk) as server:
        Outgoing(HERE).post(server.url(), b"{}")  # what is loaded once is not measured
        tracemalloc.start()
        answer = Outgoing(HERE).post(server.url(), b"{}")
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert answer.status == 200
    assert most < 2_000_000


def test_an_endless_head_is_cut_off() -> None:
    talk = endless(b"HTTP/1.1 200 OK\r\n", b"X-Filler: " + b"x" * 1000 + b"\r\n")

    with serving(talk) as server, pytest.raises(Unreachable, match="more than is read"):
        Outgoing(HERE).post(server.url(), b"{}")


@pytest.mark.parametrize(
    ("talk", "is_answered"),
    [
        (silence, False),
        (endless(b"HTTP/1.1 200 OK\r\nX: ", b"x", 0.05), False),
        (endless(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x", 0.05), True),
    ],
    ids=["silent", "head in drops", "body in drops"],
)
def test_one_deadline_covers_all(talk: Callable[[socket.socket], None], is_answered: bool) -> None:
    started = time.monotonic()
    with serving(talk) as server:
        out = Outgoing(HERE, seconds=0.5)
        if is_answered:
            assert out.post(server.url(), b"{}").status == 200
        else:
            with pytest.raises(Unreachable, match=r"took longer than 0\.5 seconds"):
                out.post(server.url(), b"{}")

    assert 0.4 < time.monotonic() - started < 3


def test_the_deadline_covers_looking_the_name_up() -> None:
    never = threading.Event()

    def slow(_host: str, _port: int) -> list[str]:
        never.wait(5)
        return []

    with pytest.raises(Unreachable, match="took longer"):
        Outgoing(HERE, seconds=0.2, resolve=slow).post("https://hooks.example.com/", b"{}")
    never.set()


def test_the_deadline_covers_what_is_written(own_certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own_certificate)
    never = threading.Event()

    def talk(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            while not never.wait(0.02):
                secured.recv(65536)  # slow, and never still

    trusting = ssl.create_default_context(cafile=str(own_certificate))
    trusting.check_hostname = False
    started = time.monotonic()
    with serving(talk, greeted=False) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr("changetrack.adapters.outgoing._trust", lambda: trusting)
        with pytest.raises(Unreachable, match=r"took longer than 0\.7 seconds"):
            Outgoing(HERE, seconds=0.7).post(server.url().replace("http:", "https:"), bytes(20_000_000))
    never.set()

    assert time.monotonic() - started < 3


def test_the_deadline_covers_the_handshake() -> None:
    with serving(silence) as server, pytest.raises(Unreachable, match="took longer"):
        Outgoing(HERE, seconds=0.3).post(server.url().replace("http:", "https:"), b"{}")


def test_what_goes_wrong_is_said_in_words_of_our_own() -> None:
    def reset(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    def unknown(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with serving(reset) as server, pytest.raises(Unreachable, match=r"127\.0\.0\.1"):
        Outgoing(HERE).post(server.url(), b"{}")
    with serving(lambda connection: connection.sendall(b"SSH-2.0-secret\r\n")) as server:
        with pytest.raises(Unreachable, match="rules of HTTP") as wrong:
            Outgoing(HERE).post(server.url(), b"{}")
        assert "SSH" not in str(wrong.value)
    with pytest.raises(Unreachable, match="could not be looked up"):
        Outgoing(HERE, resolve=unknown).post("https://nowhere.example.com/", b"{}")


def test_a_certificate_of_its_own_making_is_not_believed(own_certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own_certificate)

    def talk(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.sendall(OK)

    with serving(talk, greeted=False) as server, pytest.raises(Unreachable, match=r"certificate of .* is not valid"):
        Outgoing(HERE).post(server.url().replace("http:", "https:"), b"{}")


def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with program() as proxy, program() as there:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
            monkeypatch.setenv(name, proxy.url)
        Outgoing(HERE).post(there.url, b"{}")

    assert (len(proxy.received), len(there.received)) == (0, 1)
