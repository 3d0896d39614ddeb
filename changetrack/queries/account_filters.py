"""What a list of accounts is narrowed to, and whose accounts it may hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from changetrack.domain.filters import NO_VALUE
from changetrack.domain.names import searched_keys
from changetrack.domain.people import Actor, visible_teams

LONGEST_TEXT = 100


@dataclass(frozen=True, slots=True)
class AccountFilters:
    """The filters of a list, all of which hold for every account in it.

    `fields` as in domain.filters, validated; `places` 0 to 11, none for all; `text` is looked for in names.
    With `as_of` places, lack of proof, staleness and the six carried fields are meant as they were then, as known
    just before `known_until`.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    places: frozenset[int] = frozenset()
    unsupported: bool = False
    stale: bool = False
    text: str = ""
    as_of: date | None = None
    known_until: datetime | None = None

    @property
    def are_none(self) -> bool:
        """Whether nothing is left out."""
        return not (self.fields or self.places or self.unsupported or self.stale or self.text or self.as_of)

    @property
    def text_keys(self) -> tuple[str, ...]:
        """What of names is looked for, none of which begins with another; none without a text."""
        text = " ".join(self.text.split())[:LONGEST_TEXT]
        return searched_keys(text) if text else ()


def teams_in_scope(filters: AccountFilters, actor: Actor) -> tuple[int | None, ...] | None:
    """Return the teams whose accounts the list may hold: None for all, (None,) for accounts of no team.

    That is what the actor may see, cut down to the team that is asked for; in a picture of the past that team is
    the one of then, and does not cut.
    """
    seen = visible_teams(actor)
    wanted = None if filters.as_of else filters.fields.get("team")
    if wanted is None:
        return None if seen is None else tuple(sorted(seen))
    if wanted == NO_VALUE:
        return (None,) if seen is None else ()
    return (int(wanted),) if seen is None or int(wanted) in seen else ()
