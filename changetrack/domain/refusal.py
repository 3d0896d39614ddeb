"""How an operation says no: every reason at once, each at the field it is about."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for a refusal; `field` names the input it is about, None the whole."""

    field: str | None
    message: str


class OperationRefused(Exception):
    """The rules do not allow this; `reasons` holds all of them, never only the first."""

    def __init__(self, reasons: Iterable[Reason | tuple[str | None, str]]) -> None:
        self.reasons = tuple(r if isinstance(r, Reason) else Reason(*r) for r in reasons)
        super().__init__(" ".join(r.message for r in self.reasons))


class StaleVersion(OperationRefused):
    """Somebody else saved first; `current` and `typed` hold both versions by field."""

    def __init__(self, *, current: Mapping[str, object], typed: Mapping[str, object]) -> None:
        self.current = dict(current)
        self.typed = dict(typed)
        super().__init__([Reason(None, "Somebody saved this while you were editing. Both versions are shown.")])


class NotFound(Exception):
    """There is no such thing, or the actor is not to know that there is."""


class Forbidden(Exception):
    """The actor may see this, but not do that."""


def refuse_if(reasons: Iterable[Reason | tuple[str | None, str]]) -> None:
    """Raise `OperationRefused` with all of `reasons`, if there are any."""
    found = list(reasons)
    if found:
        raise OperationRefused(found)
