"""Headers that mail programs act on, as they are on the wire: whole, in one line, and not in encoded words."""

from dataclasses import replace
from typing import cast

import pytest

from tests.integration.adapters.test_email import SETTINGS, mail, server
from tests.receivers import mail_sink


def test_what_mail_programs_read_is_in_one_line_on_the_wire() -> None:
    stop = f"https://track.example.com/unsubscribe/{'aZ09-_.' * 40}"
    with mail_sink() as sink:
        named = replace(SETTINGS, base_url=f"https://{'t' * 60}.example")
        server(sink.port).send(mail(unsubscribe=stop, settings=named))

    lines = cast(bytes, sink.envelopes[0].original_content).split(b"\r\n\r\n")[0].split(b"\r\n")
    assert f"List-Unsubscribe: <{stop}>".encode() in lines
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines
    (number,) = (line for line in lines if line.startswith(b"Message-ID: <"))
    assert number.endswith(f"@{'t' * 60}.example>".encode())


@pytest.mark.parametrize("odd", ["https://träck.example/x", "https://x/ y", "https://x/\r\nBcc: a@b.c", "x" * 2000])
def test_an_address_that_no_header_can_hold_is_only_in_the_text(odd: str) -> None:
    assert mail(unsubscribe=odd)["List-Unsubscribe"] is None
