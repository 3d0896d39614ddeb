"""Requests of our own to addresses that people have typed: guarded, short, and with an answer nobody gets to see.

The name is resolved once, every address that it has must be allowed, and the connection is made to exactly that one.
No redirect is followed, no proxy of the environment asked, nothing unpacked; one deadline covers all of it.
"""

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus
from math import ceil
from types import MappingProxyType
from typing import Any

import certifi
import httpcore

from changetrack.domain.outgoing import Allowed, Destination, destination_of, refused

TOTAL_SECONDS = 10.0
MOST_READ = 64 * 1024  # bytes of an answer, with its head
RETRY_AFTER_MOST = 24 * 3600
NO_HEADERS: Mapping[str, str] = MappingProxyType({})

Resolve = Callable[[str, int], Sequence[str]]


class Unreachable(Exception):
    """No answer came; the message says why, in words for whoever has to mend it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver said: its status, and after how many seconds it wants to hear of us again, if it said so."""

    status: int
    retry_after: int | None = None

    @property
    def is_taken(self) -> bool:
        """Whether it took the message."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


def resolve(host: str, port: int) -> list[str]:
    """Return all addresses of a host. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


@dataclass(frozen=True)
class Outgoing:
    """The one way out by HTTP; `seconds` bounds a whole request, `most` the bytes that are read of its answer."""

    allowed: Allowed
    seconds: float = TOTAL_SECONDS
    most: int = MOST_READ
    resolve: Resolve = resolve

    def post(self, url: str, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Answer:
        """Send JSON and return what the receiver said to it. Raises Unreachable.

        The status counts as soon as it is there: what becomes of the rest of the answer does not matter.
        """
        try:
            to = destination_of(url)
        except ValueError as error:
            raise Unreachable(str(error)) from error
        given = {"User-Agent": "ChangeTrack", "Content-Type": "application/json", "Accept-Encoding": "identity"}
        budget = _Budget(time.monotonic() + self.seconds, self.most)
        guard = _Guard(self.allowed, self.resolve, budget)
        try:
            with httpcore.ConnectionPool(ssl_context=_trust(), network_backend=guard) as pool:
                request = {**given, **headers, "Host": _host_header(to), "Connection": "close"}
                with pool.stream("POST", url, headers=list(request.items()), content=body) as response:
                    answer = Answer(response.status, _retry_after(response.headers))
                    _drain(response.iter_stream())
                    return answer
        except (httpcore.TimeoutException, TimeoutError) as error:
            raise Unreachable(f"{to.host} took longer than {self.seconds:g} seconds.") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            raise Unreachable(_in_words(to.host, error)) from error

    def trouble(self, url: str) -> str | None:
        """Why nothing would arrive at a URL, by what its name stands for at this moment; None if something may.

        No connection is made; each request looks anew.
        """
        to = destination_of(url)
        try:
            addresses = _in_time(lambda: self.resolve(to.host, to.port), self.seconds)
        except OSError:
            return f"{to.host} could not be looked up. Is it spelled right?"
        return next((why for address in addresses if (why := refused(to.host, address, to.port, self.allowed))), None)


def _drain(parts: Iterable[bytes]) -> None:
    """Let the receiver finish what it says, as far as the budget goes, and forget it."""
    try:
        for _ in parts:
            pass
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError):
        return


@dataclass(slots=True)
class _Budget:
    """What is left of one request: the time until its deadline, and the bytes that may still be read."""

    ends: float
    bytes_left: int

    def seconds(self) -> float:
        left = self.ends - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the deadline has passed")
        return left

    def take(self, data: bytes) -> bytes:
        self.bytes_left -= len(data)
        return data


class _Guard(httpcore.NetworkBackend):
    """Connects to addresses that were looked at, and to no other."""

    def __init__(self, allowed: Allowed, resolve: Resolve, budget: _Budget) -> None:
        self._allowed, self._resolve, self._budget = allowed, resolve, budget

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        del timeout, local_address, socket_options  # the budget says how long
        addresses = _in_time(lambda: self._resolve(host.strip("[]"), port), self._budget.seconds())
        for address in addresses:
            if why := refused(host.strip("[]"), address, port, self._allowed):
                raise httpcore.ConnectError(why)
        last: OSError = OSError("it has no address")
        for number, address in enumerate(addresses):
            try:
                patience = self._budget.seconds() / (len(addresses) - number)
                return _Stream(socket.create_connection((address, port), patience), self._budget)
            except OSError as error:
                last = error
        raise last  # the last of them, as the system has put it

    def sleep(self, seconds: float) -> None:
        raise NotImplementedError("requests are not repeated here")


class _Stream(httpcore.NetworkStream):
    """A connection whose every wait ends with the deadline, and which reads no more than the budget."""

    def __init__(self, connection: socket.socket, budget: _Budget) -> None:
        self._connection, self._budget = connection, budget

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout
        if self._budget.bytes_left <= 0:
            raise httpcore.ReadError("it answered with more than is read")
        self._connection.settimeout(self._budget.seconds())
        return self._budget.take(self._connection.recv(min(max_bytes, self._budget.bytes_left)))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        self._connection.settimeout(self._budget.seconds())
        try:
            self._connection.sendall(buffer)
        except TimeoutError:
            raise
        except OSError as error:  # it may have answered already, without hearing us out
            raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        self._connection.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        del timeout
        self._connection.settimeout(self._budget.seconds())
        return _Stream(ssl_context.wrap_socket(self._connection, server_hostname=server_hostname), self._budget)

    def get_extra_info(self, info: str) -> Any:
        return self._connection if info == "socket" else None


def _in_time(work: Callable[[], Sequence[str]], seconds: float) -> Sequence[str]:
    """What `work` returns or raises, unless it takes too long: looking a name up has no time-out of its own."""
    found: queue.SimpleQueue[Sequence[str] | OSError] = queue.SimpleQueue()

    def worked() -> None:
        try:
            found.put(work())
        except (OSError, UnicodeError) as error:
            found.put(error if isinstance(error, OSError) else OSError(str(error)))

    threading.Thread(target=worked, name="resolve", daemon=True).start()
    try:
        result = found.get(timeout=seconds)
    except queue.Empty as error:
        raise TimeoutError("its name took too long to look up") from error
    if isinstance(result, OSError):
        raise result
    return result


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    """The authorities of this machine, and those of the browsers where it has none."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _host_header(to: Destination) -> str:
    host = f"[{to.host}]" if ":" in to.host else to.host
    return host if to.port == {"http": 80, "https": 443}[to.scheme] else f"{host}:{to.port}"


def _retry_after(headers: Sequence[tuple[bytes, bytes]]) -> int | None:
    given = next((value for name, value in headers if name.lower() == b"retry-after"), b"").decode("latin-1").strip()
    if given.isascii() and given.isdecimal():
        return min(int(given[:9]), RETRY_AFTER_MOST)
    dated = next((value for name, value in headers if name.lower() == b"date"), b"").decode("latin-1")
    try:
        wait = parsedate_to_datetime(given) - parsedate_to_datetime(dated)  # by the clock of the other side
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(ceil(wait.total_seconds()), 0), RETRY_AFTER_MOST)


def _in_words(host: str, error: Exception) -> str:
    """What went wrong, on one line, and nothing of what the other side has sent."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate of {host} is not valid: {error.verify_message}."
    if isinstance(error, httpcore.RemoteProtocolError | httpcore.LocalProtocolError):
        return f"{host} did not answer by the rules of HTTP, or closed the connection."
    if isinstance(error, socket.gaierror):
        return f"{host} could not be looked up."
    if isinstance(error, httpcore.ConnectError):
        return str(error)
    return f"{host}: {' '.join(str(error).split())[:200] or type(error).__name__}"
