"""What leaves as a file: accounts, their history, their events, streamed in one fixed order."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an export: its name and what kind of value stands in it (None may always stand there)."""

    name: str
    kind: Literal["text", "int", "flag", "date", "moment", "list", "json"] = "text"
