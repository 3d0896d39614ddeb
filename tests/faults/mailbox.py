"""A mail server that keeps what it gets, and fails as mail servers do."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.faults.arrivals import FINE, Book
from tests.ports import free_port

HANGS = 300.0  # seconds
KEPT = frozenset({FINE, "kept, then 451", "kept, then dropped"})
POSSIBLE = KEPT | {"451", "hang"}


class Mailbox:
    """Takes every mail, but for those addresses that it does not know."""

    def __init__(self, book: Book, unknown: frozenset[str]) -> None:
        self._book, self._unknown = book, unknown

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Whether that address may be written to; aiosmtpd asks for it by this name."""
        del server, session, options
        if address in self._unknown:
            return "550 5.1.1 There is nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep it or fail, or both."""
        del session
        mail = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        to = envelope.rcpt_tos[0]
        fault = self._book.draw(POSSIBLE, to)
        text = f"{mail['Subject']}\n{_words(mail)}"
        self._book.note(
            "email", to, mail["Message-ID"].strip(), text, fault=fault, kept=fault in KEPT, taken=fault == FINE
        )
        if fault == "hang":
            await asyncio.sleep(HANGS)
        if fault == "kept, then dropped":
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return "250 OK" if fault == FINE else "451 4.3.0 Something went wrong here; try again"


class MailServer:
    """A mail server at `url` that can go away and come back."""

    def __init__(self, box: Mailbox) -> None:
        self._box, self._port = box, free_port()
        self.url = f"smtp://127.0.0.1:{self._port}"
        self._running: Controller | None = None

    def come(self) -> None:
        """Listen from now on."""
        self._running = Controller(self._box, hostname="127.0.0.1", port=self._port, ready_timeout=30)
        self._running.start()

    def go(self) -> None:
        """Let nobody connect any more."""
        if self._running is not None:
            self._running.stop()
            self._running = None


@contextmanager
def mail_server(book: Book, unknown: frozenset[str] = frozenset()) -> Iterator[MailServer]:
    """A server for the length of a `with`."""
    server = MailServer(Mailbox(book, unknown))
    server.come()
    try:
        yield server
    finally:
        server.go()


def _words(mail: Any) -> str:
    assert isinstance(mail, EmailMessage)
    part = mail.get_body(("plain",))
    return str(part.get_content()) if part is not None else ""
