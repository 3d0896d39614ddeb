"""What people type into an operation: words that every database can keep, at the length there is for them."""

from collections.abc import Mapping

from changetrack.domain.cells import parse_text
from changetrack.domain.refusal import Reason

LINE = 200  # longer texts may have line breaks
NOTE = 8000


def text_reasons(values: Mapping[str, object], limits: Mapping[str, int]) -> list[Reason]:
    """Why the texts in `values` cannot be kept; `limits` gives each field's length in characters. Blank is no text."""
    reasons = []
    for name, most in limits.items():
        if (fault := _fault(values.get(name), most)) is not None:
            reasons.append(Reason(name, fault))
    return reasons


def _fault(typed: object, most: int) -> str | None:
    if typed is None:
        return None
    if not isinstance(typed, str):
        return "This has to be text."
    try:
        parse_text(typed, most, breaks=most > LINE)
    except ValueError as problem:
        return str(problem)
    length = len(typed.strip())  # as it will be kept; what was just measured is its composed form
    return None if length <= most else f"It is {length:,} characters long; at most {most:,} are kept."
