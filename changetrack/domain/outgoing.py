"""Where requests of our own may go: public addresses, and what the operator has allowed although it is private."""

import re
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from changetrack.domain.refusal import Reason

USUAL_PORTS = frozenset((80, 443))
LONGEST_URL = 2000
_LOCAL_ENDINGS = (".localhost", ".local", ".internal")  # RFC 6761, 6762, and ICANN 2024-07-29
_LOOPBACK = (ip_address("127.0.0.1"), ip_address("::1"))
_NEEDED = "the operator has to list it in CHANGETRACK_OUTGOING_ALLOW."
_OPEN = "Use https://, so that nobody reads it on the way; http:// is for what CHANGETRACK_OUTGOING_ALLOW lists."
_ENTRY = re.compile(r"\[?(?P<where>[^\[\]]+?)\]?(:(?P<port>\d+|\*))?")
_VISIBLE = re.compile(r"[!-~]+")

# Not for everybody, or wrapped around another address that need not be: RFC 6598, 4291, 6052, 8215, 3056, 4380, 3879,
# 9637.
_REFUSED = tuple(
    ip_network(network)
    for network in (
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "240.0.0.0/4",
        "::/96",
        "::ffff:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2001::/32",
        "2002::/16",
        "3fff::/20",
        "fec0::/10",
    )
)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an address of the web leads: its scheme, host in lower-case letters, and port."""

    scheme: str
    host: str
    port: int

    @property
    def shown(self) -> str:
        """Where it leads, without its path, as people may see it: https://hooks.example.com:8443."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        return f"{self.scheme}://{host}" if self.port == usual else f"{self.scheme}://{host}:{self.port}"


@dataclass(frozen=True)
class Allowed:
    """What the operator lets requests of our own reach besides the public internet.

    Each of `entries` is a host, an address or a network: `mattermost.intra`, `10.0.0.0/8`, `[fd00::/8]`. It holds for
    the usual ports, 80 and 443, or with `:8443` for that one, with `:*` for all.
    """

    entries: tuple[str, ...] = ()

    @cached_property
    def _parsed(self) -> tuple[tuple[IPv4Network | IPv6Network | str, str | None], ...]:
        return tuple(_entry(text) for text in self.entries)

    def is_host(self, host: str, port: int) -> bool:
        """Whether this host is allowed by its name, whatever address it has."""
        return any(where == host.lower() and _fits(port, wanted) for where, wanted in self._parsed)

    def is_address(self, address: IPv4Address | IPv6Address, port: int) -> bool:
        """Whether this address is allowed by itself or its network."""
        return any(
            not isinstance(where, str) and address.version == where.version and address in where and _fits(port, wanted)
            for where, wanted in self._parsed
        )

    def may_be_local(self, host: str, port: int) -> bool:
        """Whether a name of this machine or its network can lead to something that is allowed."""
        if host == "localhost" or host.endswith(".localhost"):
            return self.is_host(host, port) or any(self.is_address(address, port) for address in _LOOPBACK)
        networks = (wanted for where, wanted in self._parsed if not isinstance(where, str))
        return self.is_host(host, port) or any(_fits(port, wanted) for wanted in networks)

    def names(self, to: Destination) -> bool:
        """Whether the operator has allowed this destination expressly, by its name or by the address that it is."""
        address = _literal(to.host)
        return self.is_host(to.host, to.port) or (address is not None and self.is_address(address, to.port))

    def singles_out(self, to: Destination) -> bool:
        """Whether the operator has allowed this very host or address, and not only a network around it."""
        address = _literal(to.host)
        alone = to.host if address is None else ip_network(address)
        return any(where == alone and _fits(to.port, wanted) for where, wanted in self._parsed)


def destination_of(url: str) -> Destination:
    """Return where a URL leads. Raises ValueError, with the reason in words, for what no request is made to."""
    if not _VISIBLE.fullmatch(url) or len(url) > LONGEST_URL:
        raise ValueError("An address is written in plain characters without spaces, 2,000 at most.")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise ValueError("An address begins with https:// (or http://).")
    if parts.username is not None or parts.password is not None or "\\" in url:
        raise ValueError("An address holds no user name and no password.")
    if not parts.hostname or parts.hostname.endswith("."):
        raise ValueError("An address names a host.")
    usual = 443 if parts.scheme == "https" else 80
    port = parts.port  # ValueError: "Port out of range"
    return Destination(parts.scheme, parts.hostname, usual if port is None else port)


def url_reasons(url: str, allowed: Allowed, *, field: str = "url") -> list[Reason]:
    """Why no message may be sent to this URL, as far as it can be said without looking the name up."""
    try:
        to = destination_of(url)
    except ValueError as error:
        return [Reason(field, str(error))]
    is_open = to.scheme == "http" and not allowed.names(to)
    troubles = [_OPEN if is_open else None, _trouble(to, allowed)]
    return [Reason(field, why) for why in troubles if why]


def refused(host: str, address: str, port: int, allowed: Allowed) -> str | None:
    """Why no connection is made to `address`, which is what the name `host` stands for; None if it may be.

    Public addresses are reached on the usual ports, others only where they are allowed. Source: OWASP ASVS 5.0, 1.3.6.
    """
    ip = ip_address(address.partition("%")[0])
    if allowed.is_host(host, port) or allowed.is_address(ip, port):
        return None
    if not ip.is_global or ip.is_multicast or ip.is_reserved or any(ip in network for network in _REFUSED):
        return _not_public(host)
    return None if port in USUAL_PORTS else _odd_port(port)


def _trouble(to: Destination, allowed: Allowed) -> str | None:
    """Why nothing may be sent there, by its address or by a name that leads to none of the public internet."""
    if (address := _literal(to.host)) is not None:
        return refused(to.host, str(address), to.port, allowed)
    is_local = to.host == "localhost" or to.host.endswith(_LOCAL_ENDINGS)
    if is_local and not allowed.may_be_local(to.host, to.port):
        return _not_public(to.host)
    return None if to.port in USUAL_PORTS or allowed.is_host(to.host, to.port) else _odd_port(to.port)


def _not_public(host: str) -> str:
    return f"{host} is not an address of the public internet; {_NEEDED}"


def _odd_port(port: int) -> str:
    return f"Port {port} is not used for the web; {_NEEDED}"


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _entry(text: str) -> tuple[IPv4Network | IPv6Network | str, str | None]:
    found = _ENTRY.fullmatch(text.strip())
    where = found["where"].lower() if found else text.lower()
    port = found["port"] if found else None
    try:
        return ip_network(where, strict=False), port
    except ValueError:
        return where, port


def _fits(port: int, wanted: str | None) -> bool:
    return wanted == "*" or (port in USUAL_PORTS if wanted is None else port == int(wanted))
