"""Messages on their way: what a worker has claimed, where it goes, and what came of trying."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """A message that a worker has claimed until `leased_until`; `attempts` counts this one."""

    id: int
    key: str
    channel: str
    kind: str
    user_id: int | None
    endpoint_id: int | None
    account_id: int | None
    alert_id: int | None
    payload: Mapping[str, Any]
    created_at: datetime
    attempts: int
    leased_until: datetime


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where an e-mail goes."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Hook:
    """Where a message to an endpoint goes, and with which secrets it is signed: two, while one is being replaced."""

    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A claimed message with its receiver."""

    message: Message
    to: Mailbox | Hook


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one try to send a message out of the house: taken, unless there is an `error`.

    `status` is the receiver's answer, `retry_after` how long it wants to be left alone. `is_final`: trying again is of
    no use. `is_address`: the receiver is not known there. `is_away`: nobody answered at all, which says nothing of this
    message. `is_gone`: the endpoint says that it is no more. `chance`, drawn evenly from 0 to 1, spreads the pause.
    """

    message: Message
    tried_at: datetime
    took_ms: int
    status: int | None = None
    error: str | None = None
    retry_after: timedelta | None = None
    is_final: bool = False
    is_address: bool = False
    is_away: bool = False
    is_gone: bool = False
    chance: float = 0.5

    @property
    def counts(self) -> bool:
        """Whether a failure is one of the message, which is given up after some: not that nobody was there."""
        return not self.is_away and self.retry_after is None
