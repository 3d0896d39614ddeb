"""E-mail: what a letter looks like as a message of two twins, and how it is handed to the mail server."""

import io
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs, unquote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from changetrack.adapters.mail_headers import MAIL, fits_in_header
from changetrack.config import Settings
from changetrack.domain.letters import TITLE_MAX, Letter, address, one_line, plain_text

TOTAL_SECONDS = 30.0
NAME_MAX = 60
_HERE = Path(__file__).resolve().parent.parent
_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
_PERMANENT = range(500, 600)


class NotSent(Exception):
    """The mail server did not take the message; the message of this says why, in words.

    `status` is its answer, if it gave one. `is_final`: trying again is of no use. `is_address`: it knows no such
    receiver. `is_away`: it could not be talked to at all, so that others have to wait as well.
    """

    def __init__(
        self, why: str, *, status: int | None = None, is_final: bool = False, is_address: bool = False,
        is_away: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(one_line(why, 400))
        self.status, self.is_final, self.is_address, self.is_away = status, is_final, is_address, is_away


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where e-mail is handed over; `seconds` bounds one message in all, `greeting` is what we call ourselves."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    seconds: float = TOTAL_SECONDS
    greeting: str = "localhost"

    @classmethod
    def of(cls, settings: Settings) -> "MailServer":
        """The mail server of the settings: `smtp+starttls://user:password@host:587?timeout=20`."""
        parts = urlsplit(settings.smtp_url)
        asked = parse_qs(parts.query).get("timeout", ["0"])[0]
        return cls(
            parts.scheme,
            parts.hostname or "",
            parts.port or _PORTS[parts.scheme],
            unquote(parts.username or ""),
            unquote(parts.password or ""),
            float(asked) or TOTAL_SECONDS,
            _domain(_host(settings)),
        )

    def send(self, message: EmailMessage) -> None:
        """Hand a message to one receiver over. Raises NotSent.

        A server that goes away after it was given all may have taken it: it is sent again under the same Message-ID.
        """
        try:
            server = self._connected()
        except (OSError, smtplib.SMTPException) as error:
            raise NotSent(f"The mail server {self.host} cannot be used: {_words(error)}", is_away=True) from error
        try:
            _hand_over(server, message)
        except smtplib.SMTPRecipientsRefused as error:
            ((code, said),) = error.recipients.values()
            is_final = code in _PERMANENT
            raise NotSent(f"{code} {_text(said)}", status=code, is_final=is_final, is_address=is_final) from error
        except smtplib.SMTPDataError as error:
            why = f"{error.smtp_code} {_text(error.smtp_error)}"
            raise NotSent(why, status=error.smtp_code, is_final=error.smtp_code in _PERMANENT) from error
        except smtplib.SMTPResponseException as error:
            raise NotSent(f"{error.smtp_code} {_text(error.smtp_error)}", status=error.smtp_code) from error
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            raise NotSent(f"The mail server {self.host} did not finish: {_words(error)}") from error
        finally:
            _leave(server)

    def _connected(self) -> smtplib.SMTP:
        ends = time.monotonic() + self.seconds
        if self.scheme == "smtps":
            server: smtplib.SMTP = _TlsSmtp(ends, self.host, self.port, self.greeting)
        else:
            server = _PlainSmtp(ends, self.host, self.port, self.greeting)
        try:
            if self.scheme == "smtp+starttls":
                server.starttls(context=ssl.create_default_context())
            if self.user:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server


class _Bounded(smtplib.SMTP):
    """A conversation that ends by a moment (`ends`, of the monotonic clock), however slowly the other side talks."""

    ends: float

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None:
            self.file = io.BufferedReader(_Timed(cast(socket.socket, self.sock), self._left))
        return super().getreply()

    def send(self, s: object) -> None:
        if self.sock is not None:
            self.sock.settimeout(self._left())
        super().send(s)  # type: ignore[arg-type]  # text or bytes, as smtplib has it

    def _left(self) -> float:
        left = self.ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("it took too long")
        return left


class _PlainSmtp(_Bounded):
    def __init__(self, ends: float, host: str, port: int, greeting: str) -> None:
        self.ends = ends
        super().__init__(host, port, greeting, timeout=self._left())


class _TlsSmtp(_Bounded, smtplib.SMTP_SSL):
    def __init__(self, ends: float, host: str, port: int, greeting: str) -> None:
        self.ends = ends
        context = ssl.create_default_context()
        smtplib.SMTP_SSL.__init__(self, host, port, greeting, timeout=self._left(), context=context)


class _Timed(io.RawIOBase):
    """What comes in on a connection, each read of which waits no longer than `left` says."""

    def __init__(self, connection: socket.socket, left: Callable[[], float]) -> None:
        self._connection, self._left = connection, left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # whatever can be written into
        self._connection.settimeout(self._left())
        return self._connection.recv_into(buffer)


def _hand_over(server: smtplib.SMTP, message: EmailMessage) -> None:
    """As smtplib's `send_message` does, but that no line of the text becomes another one (“>From”)."""
    sender, receiver = (message[name].addresses[0].addr_spec for name in ("From", "To"))
    server.sendmail(sender, [receiver], message.as_bytes())


def _leave(server: smtplib.SMTP) -> None:
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()


def compose(
    letter: Letter, *, key: str, name: str, email: str, now: datetime, unsubscribe: str | None, settings: Settings
) -> EmailMessage:
    """Return a letter as an e-mail to one person, plain and as HTML without anything from elsewhere.

    The same `key` gives the same Message-ID, so that one that had to be sent again can be known. `unsubscribe` is
    the address that ends such e-mails by one click. Sources: RFC 5322, 2046, 2369, 8058, 3834. Raises NotSent.
    """
    host = _host(settings)
    message = EmailMessage(MAIL)
    message["Subject"] = _in_header(letter.title) or "ChangeTrack"
    try:
        message["From"] = _sender(settings.mail_from, host)
        message["To"] = Address(_in_header(name, NAME_MAX), addr_spec=_ascii_domain(email))
    except (ValueError, IndexError, MessageError) as error:
        raise NotSent(f"{email} is no address: {error}", is_final=True, is_address=True) from error
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{_ascii_domain(f'{sha256(key.encode()).hexdigest()}@{_domain(host)}')}>"
    message["Auto-Submitted"] = "auto-generated"
    if unsubscribe and fits_in_header(unsubscribe):
        message["List-Unsubscribe"] = f"<{unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    plain = _printable(plain_text(letter, settings.base_url)) + _footer(email, unsubscribe, settings.base_url)
    message.set_content(plain)
    shown = {"address": lambda path: address(settings.base_url, path), "to": email, "unsubscribe": unsubscribe}
    message.add_alternative(_printable(_template().render(letter=letter, **shown)), subtype="html")
    return message


def _footer(email: str, unsubscribe: str | None, base_url: str) -> str:
    lines = ["", "-- ", f"ChangeTrack sent this to {email}."]
    if unsubscribe:
        lines.append(f"No more e-mails like this: {unsubscribe}")
        lines.append(f"Choose what you hear of: {address(base_url, '/me/messages')}")
    return "\n".join(lines) + "\n"


def _sender(mail_from: str, host: str) -> Address:
    name, email = parseaddr(mail_from)
    return Address(name or "ChangeTrack", addr_spec=_ascii_domain(email or f"changetrack@{_domain(host)}"))


def _host(settings: Settings) -> str:
    return urlsplit(settings.base_url).hostname or "localhost"


def _domain(host: str) -> str:
    """The host, or where it is only a number, a name in its place."""
    return host if re.search(r"[a-z]", host) and ":" not in host else "localhost"


def _ascii_domain(email: str) -> str:
    local, _, domain = email.rpartition("@")
    return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode()}"


def _in_header(text: str, most: int = TITLE_MAX) -> str:
    """One line in which nothing is an encoded word (RFC 2047): the library would decode it, to line breaks too."""
    return one_line(text, most).replace("=?", "= ?")


def _printable(text: str) -> str:
    """Without control characters, which some servers refuse a whole message for."""
    return "".join(char for char in text if char == "\n" or char.isprintable() or char == "\t")


@lru_cache(maxsize=1)
def _template() -> Template:
    """Inside the package when installed, beside it in a clone."""
    folders = [_HERE / "templates" / "email", _HERE.parent / "templates" / "email"]
    environment = Environment(loader=FileSystemLoader(folders), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("letter.html")


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return " ".join(str(error).split()) or type(error).__name__
