"""What became of a case of which each figure has its own name."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tried:
    """A case with its figures in words and every promise not kept; `is_left_out` where it cannot be played."""

    what: str
    database: str
    figures: str
    broken: list[str]
    seconds: float
    is_left_out: bool = False
