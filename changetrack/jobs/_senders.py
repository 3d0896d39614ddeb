"""How a parcel leaves the house by each channel: what the adapters answer, as what came of the try."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Protocol

from changetrack.adapters.email import MailServer, NotSent, compose
from changetrack.adapters.outgoing import TOTAL_SECONDS, Answer, Outgoing, Unreachable
from changetrack.adapters.slack import post_to_slack
from changetrack.adapters.unsubscribe_tokens import unsubscribe_token
from changetrack.adapters.webhook import post_to_webhook
from changetrack.config import Settings
from changetrack.domain.letters import address, from_json
from changetrack.domain.outgoing import Allowed
from changetrack.domain.parcels import Hook, Mailbox, Parcel, Tried

_NOBODY_THERE = (HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT)

Now = Callable[[], datetime]


class Send(Protocol):
    """Sends one parcel, within so many `seconds`."""

    @property
    def seconds(self) -> float: ...

    def __call__(self, parcel: Parcel) -> Tried: ...


def sender(channel: str, settings: Settings, now: Now) -> Send:
    """Return what sends parcels by that channel."""
    if channel == "email":
        return ByEmail(MailServer.of(settings), settings, now)
    return ByHttp(channel, Outgoing(Allowed(settings.outgoing_allow)), settings, now)


@dataclass(frozen=True, slots=True)
class ByEmail:
    """Letters to mailboxes."""

    server: MailServer
    settings: Settings
    now: Now

    @property
    def seconds(self) -> float:
        """How long one may take."""
        return self.server.seconds

    def __call__(self, parcel: Parcel) -> Tried:
        """Send a letter with the address that ends such letters."""
        message, to = parcel.message, parcel.to
        assert isinstance(to, Mailbox)
        tried = partial(Tried, message, self.now(), 0)
        letter = from_json(message.payload)
        try:
            self.server.send(
                compose(
                    letter,
                    key=message.key,
                    name=to.name,
                    email=to.email,
                    now=self.now(),
                    unsubscribe=self._unsubscribe(message.user_id, letter.kind),
                    settings=self.settings,
                )
            )
        except NotSent as error:
            return tried(
                status=error.status,
                error=str(error),
                is_final=error.is_final,
                is_address=error.is_address,
                is_away=error.is_away,
            )
        return tried(status=250)

    def _unsubscribe(self, user_id: int | None, kind: str) -> str | None:
        if user_id is None or kind == "test":
            return None
        chosen_as = "alert" if kind == "gathered" else kind  # what gathers alerts goes where alerts go
        token = unsubscribe_token(user_id, chosen_as, settings=self.settings)
        return address(self.settings.base_url, f"/unsubscribe/{token}")


@dataclass(frozen=True, slots=True)
class ByHttp:
    """Letters to Slack, and events to programs."""

    channel: str
    outgoing: Outgoing
    settings: Settings
    now: Now
    seconds: float = TOTAL_SECONDS

    def __call__(self, parcel: Parcel) -> Tried:
        """Post it, and judge the answer."""
        tried = partial(Tried, parcel.message, self.now(), 0)
        try:
            answer = self._post(parcel)
        except Unreachable as error:
            return tried(error=str(error), is_away=True)
        if answer.is_taken:
            return tried(status=answer.status)
        after = timedelta(seconds=answer.retry_after) if answer.retry_after is not None else None
        return tried(
            status=answer.status,
            error=_in_words(answer),
            retry_after=after,
            is_away=answer.status in _NOBODY_THERE,
            is_gone=answer.status == HTTPStatus.GONE,
        )

    def _post(self, parcel: Parcel) -> Answer:
        message, to = parcel.message, parcel.to
        assert isinstance(to, Hook)
        if self.channel == "slack":
            letter, base = from_json(message.payload), self.settings.base_url
            return post_to_slack(self.outgoing, to.url, letter, key=message.key, base_url=base)
        return post_to_webhook(
            self.outgoing, to.url, message.payload, key=message.key, secrets=to.secrets, now=self.now()
        )


def _in_words(answer: Answer) -> str:
    try:
        return f"It answered {answer.status} {HTTPStatus(answer.status).phrase}."
    except ValueError:
        return f"It answered {answer.status}."
