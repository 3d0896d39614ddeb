"""What a script is made of: people and teams of the house, deeds on single accounts, and files that are imported."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from changetrack.domain.usage import Arrival


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of ours: `team` with the role in it, both None for who is in no team."""

    key: str
    name: str
    role: str = "member"
    team: str | None = None
    team_role: str | None = None

    @property
    def email(self) -> str:
        """Under a domain that belongs to nobody."""
        return f"{self.key}@example.com"


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that one person did to one account on a day, at a minute of that day.

    `what` names an operation, `says` holds what is told it besides account, actor and time. Days in `says` are
    dates; a person of ours is named by key.
    """

    day: date
    minute: int
    account: str
    by: str
    what: str
    says: Mapping[str, Any] = field(default_factory=dict)


class Rows(Protocol):
    """Rows that can be gone through again and again; their number may be about right only."""

    def __len__(self) -> int:
        """How many there are, or about."""

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        """All of them, anew with each call."""


@dataclass(frozen=True, slots=True)
class FileDeed:
    """A file that was imported on a day: its kind, its name, its columns and rows.

    `recipe` says what its rows follow from, where they are too many to be held or compared.
    """

    day: date
    minute: int
    by: str
    kind: str
    name: str
    headers: tuple[str, ...]
    rows: Rows
    recipe: str = ""


@dataclass(frozen=True, slots=True)
class EventsDeed:
    """What the products sent of their own accord on a day, as it arrived."""

    day: date
    minute: int
    events: tuple[Arrival, ...]


@dataclass(frozen=True, slots=True)
class Portfolio:
    """The whole script: `founded_on` is the day on which house and playbook were set up; deeds in order of time."""

    founded_on: date
    teams: tuple[str, ...]
    people: tuple[Person, ...]
    deeds: tuple[Deed | FileDeed | EventsDeed, ...]
