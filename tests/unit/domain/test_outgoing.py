"""Where requests of our own may go: the public internet, and what the operator names."""

import pytest

from changetrack.domain.outgoing import Allowed, Destination, destination_of, refused, url_reasons

NOTHING = Allowed()
LISTED = "the operator has to list it in CHANGETRACK_OUTGOING_ALLOW."


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111"])
def test_public_addresses_are_reached(address: str) -> None:
    assert refused("example.com", address, 443, NOTHING) is None
    assert refused("example.com", address, 80, NOTHING) is None


@pytest.mark.parametrize(
    "address",
    [
        "10.1.2.3", "172.16.0.1", "192.168.1.1", "127.0.0.1", "127.9.9.9", "169.254.169.254", "100.64.0.1",
        "100.127.255.254", "0.0.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "198.18.0.1",
        "192.0.0.8", "192.0.2.1", "192.88.99.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fd12::1", "fec0::1",
        "ff02::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::808:808",
        "64:ff9b:1::1", "2002:7f00:1::", "2001:0:7f00:1::1", "2001:db8::1", "3fff::1",
    ],
)  # fmt: skip
def test_others_are_not(address: str) -> None:
    why = refused("inside.example.com", address, 443, NOTHING)

    assert why == f"inside.example.com is not an address of the public internet; {LISTED}"


@pytest.mark.parametrize(
    ("entry", "host", "address", "port", "is_reached"),
    [
        ("10.0.0.0/8", "mm.intra", "10.2.3.4", 443, True),
        ("10.0.0.0/8", "mm.intra", "10.2.3.4", 8065, False),
        ("10.0.0.0/8:8065", "mm.intra", "10.2.3.4", 8065, True),
        ("10.0.0.0/8:8065", "mm.intra", "10.2.3.4", 443, False),
        ("10.0.0.0/8:*", "mm.intra", "10.2.3.4", 8065, True),
        ("10.0.0.0/8", "mm.intra", "192.168.1.1", 443, False),
        ("mm.intra", "MM.intra", "192.168.1.1", 443, True),
        ("mm.intra", "other.intra", "192.168.1.1", 443, False),
        ("mm.intra:8065", "mm.intra", "192.168.1.1", 8065, True),
        ("127.0.0.1", "127.0.0.1", "127.0.0.1", 443, True),
        ("[::1]:8080", "::1", "::1", 8080, True),
        ("[fd00::/8]", "six.intra", "fd12::1", 443, True),
        ("[fd00::/8]", "six.intra", "10.0.0.1", 443, False),
        ("hooks.example.com:8443", "hooks.example.com", "93.184.216.34", 8443, True),
    ],
)
def test_what_the_operator_allows_is_reached_on_its_ports(
    entry: str, host: str, address: str, port: int, is_reached: bool
) -> None:
    assert (refused(host, address, port, Allowed((entry,))) is None) is is_reached


def test_an_unusual_port_has_to_be_allowed() -> None:
    assert refused("example.com", "93.184.216.34", 25, NOTHING) == (f"Port 25 is not used for the web; {LISTED}")


@pytest.mark.parametrize(
    ("url", "to"),
    [
        ("https://Hooks.Example.com/x?y=1", Destination("https", "hooks.example.com", 443)),
        ("http://example.com", Destination("http", "example.com", 80)),
        ("https://[2606:4700::1111]:8443/x", Destination("https", "2606:4700::1111", 8443)),
    ],
)
def test_an_address_leads_somewhere(url: str, to: Destination) -> None:
    assert destination_of(url) == to


@pytest.mark.parametrize(
    "url",
    [
        "", "example.com", "ftp://example.com", "file:///etc/passwd", "gopher://example.com", "//example.com",
        "https://", "https:///path", "https://user:pass@example.com/", "https://user@example.com/",
        "https://example.com\\@10.0.0.1/", "https://exa mple.com/", "https://example.com/\r\nX: y",
        "https://example.com:99999/", "https://example.com./", "https://bücher.example/", "https://example.com/\t",
        "https://example.com/" + "x" * 2000,
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    assert len(url_reasons(url, NOTHING)) == 1


def test_port_nought_is_no_usual_port() -> None:
    assert destination_of("https://hooks.example.com:0/").port == 0
    assert len(url_reasons("https://hooks.example.com:0/", NOTHING)) == 1


@pytest.mark.parametrize("url", ["https://10.0.0.1/", "https://[::1]/", "https://127.0.0.1/"])
def test_a_private_address_is_refused_as_soon_as_it_is_typed(url: str) -> None:
    assert len(url_reasons(url, NOTHING)) == 1
    assert url_reasons("https://10.0.0.1/", Allowed(("10.0.0.0/8",))) == []


def test_a_private_address_without_encryption_is_told_both_at_once() -> None:
    said = [reason.message for reason in url_reasons("http://127.0.0.1:8477/", NOTHING)]

    assert [words.partition(" ")[0] for words in said] == ["Use", "127.0.0.1"]
    assert all("CHANGETRACK_OUTGOING_ALLOW" in words for words in said)


@pytest.mark.parametrize("host", ["localhost", "crm.localhost", "printer.local", "crm.internal"])
def test_a_name_of_the_own_network_is_refused_as_soon_as_it_is_typed(host: str) -> None:
    (reason,) = url_reasons(f"https://{host}/hook", NOTHING)

    assert reason.message.startswith(f"{host} is not an address of the public internet; the operator has to list it")
    assert url_reasons(f"https://{host}/hook", Allowed((host,))) == []
    assert url_reasons(f"https://{host}/hook", Allowed(("127.0.0.0/8",))) == []


def test_another_network_does_not_make_this_machine_one_that_may_be_reached() -> None:
    assert len(url_reasons("https://localhost/hook", Allowed(("10.0.0.0/8",)))) == 1
    assert url_reasons("https://crm.internal/hook", Allowed(("10.0.0.0/8",))) == []


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://hooks.example.com/secret", "https://hooks.example.com"),
        ("https://hooks.example.com:443/secret", "https://hooks.example.com"),
        ("http://mm.intra:8065/secret", "http://mm.intra:8065"),
        ("https://[fd00::1]:8443/secret", "https://[fd00::1]:8443"),
    ],
)
def test_what_is_shown_of_an_address_has_its_port(url: str, shown: str) -> None:
    assert destination_of(url).shown == shown


def test_what_is_readable_on_the_way_is_only_for_what_the_operator_names() -> None:
    (reason,) = url_reasons("http://mm.intra/hook", NOTHING)

    assert reason.message.startswith("Use https://, so that nobody reads it on the way; http:// is for")
    assert url_reasons("http://mm.intra/hook", Allowed(("mm.intra",))) == []
    assert url_reasons("http://127.0.0.1:8080/hook", Allowed(("127.0.0.0/8:8080",))) == []
    assert url_reasons("https://hooks.example.com/hook", NOTHING) == []


@pytest.mark.parametrize(
    ("entry", "is_singled_out"),
    [
        ("10.2.3.4:*", True), ("10.2.3.4/32", True), ("10.2.3.4:8065", False), ("10.0.0.0/8:*", False),
        ("mm.intra", False),
    ],
)  # fmt: skip
def test_a_network_singles_nobody_out(entry: str, is_singled_out: bool) -> None:
    assert Allowed((entry,)).singles_out(destination_of("https://10.2.3.4/hook")) is is_singled_out
    assert Allowed(("mm.intra",)).singles_out(destination_of("https://MM.intra/hook"))
