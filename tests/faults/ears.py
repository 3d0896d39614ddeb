"""Everybody who is to hear: owners by every channel, and a program of each team."""

from contextlib import ExitStack
from dataclasses import dataclass

from changetrack.domain.webhook_events import secret_from
from changetrack.operations._claims import SECRET as SECRET_OF
from changetrack.operations._claims import URL
from changetrack.operations._seal import seal
from tests.factories import make_endpoint, make_message_settings
from tests.factories._saving import Saver
from tests.faults.arrivals import Book
from tests.faults.counting import Ear
from tests.faults.mailbox import MailServer, mail_server
from tests.faults.portfolio import Portfolio
from tests.faults.receiver import Receiver, receiving
from tests.faults.staging import SECRET

EVERYWHERE = ["in_app", "email", "slack"]
KINDS = ("alert", "reminder", "escalation", "commitment", "digest")
SIGNED_WITH = secret_from(b"thirty-two bytes of nobody else.")


@dataclass(frozen=True, slots=True)
class Receivers:
    """Receivers that run, and the settings with which schedulers reach them."""

    book: Book
    http: Receiver
    mail: MailServer
    settings: dict[str, str]


def open_receivers(stack: ExitStack, book: Book, unknown: frozenset[str] = frozenset()) -> Receivers:
    """Start the receivers until the stack is left."""
    receiver = stack.enter_context(receiving(book))
    mail = stack.enter_context(mail_server(book, unknown))
    return Receivers(book, receiver, mail, {"smtp_url": mail.url, "outgoing_allow": receiver.allowed})


def listen(session: Saver, portfolio: Portfolio, receivers: Receivers, *, weekday: int, hour: int) -> list[Ear]:
    """Have everybody choose all channels, with a Slack channel of their own, and give every team a program."""
    ears = []
    for person in portfolio.people:
        make_message_settings(
            session, person, choices=dict.fromkeys(KINDS, EVERYWHERE), digest_weekday=weekday, digest_hour=hour
        )
        name = f"person-{person.id}"
        make_endpoint(
            session, kind="slack", name=name, user_id=person.id, events=[], secret_sealed=None,
            url_sealed=seal(receivers.http.slack(name), secret=SECRET, purpose=URL),
        )  # fmt: skip
        for channel, receiver in (("in_app", str(person.id)), ("email", person.email), ("slack", name)):
            ears.append(Ear(channel, receiver, user_id=person.id))
    for team_id in dict.fromkeys(due.team_id for due in portfolio.due):
        name = f"program-{team_id}"
        make_endpoint(
            session, name=name, team_id=team_id, events=["alert.raised"],
            url_sealed=seal(receivers.http.hook(name), secret=SECRET, purpose=URL),
            secret_sealed=seal(SIGNED_WITH, secret=SECRET, purpose=SECRET_OF),
        )  # fmt: skip
        ears.append(Ear("webhook", name, team_id=team_id))
    return ears
