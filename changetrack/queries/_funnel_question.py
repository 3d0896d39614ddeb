"""A question to the funnel, checked: for whom, as of when, as known when, about which accounts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from typing import Self

from changetrack.domain.filters import NO_VALUE, filter_reasons, group_reasons
from changetrack.domain.funnel import end_of_day
from changetrack.domain.people import Actor, visible_teams
from changetrack.domain.refusal import NotFound, refuse_if


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked; `known_until` is None for all that is on record, `teams` for all accounts."""

    as_of: date
    known_at: date
    known_until: datetime | None
    today: date
    teams: frozenset[int] | None
    filters: Mapping[str, str]
    by: str | None

    @property
    def is_today(self) -> bool:
        """Whether the present picture is asked for."""
        return self.as_of == self.today and self.known_until is None

    @property
    def is_summed(self) -> bool:
        """Whether it is about all accounts as a whole, by all that is on record: the daily summaries answer it."""
        return self.known_until is None and self.teams is None and not self.filters and self.by is None

    def on(self, day: date) -> Self:
        """The same question about another day."""
        return replace(self, as_of=day)


def ask(
    *,
    actor: Actor,
    today: date,
    zone: tzinfo,
    as_of: date | None,
    known_at: date | None,
    filters: Mapping[str, str],
    by: str | None,
) -> Question:
    """Check a question and bring it into one form.

    Raises OperationRefused with all reasons (a future date, an unknown field), NotFound for a team of others.
    """
    day, known = as_of or today, known_at or today
    reasons = filter_reasons(filters) + group_reasons(by)
    reasons += [
        (name, f"{given.isoformat()} lies in the future.")
        for name, given in (("as_of", day), ("known_at", known))
        if given > today
    ]
    refuse_if(reasons)
    teams = visible_teams(actor)
    asked = filters.get("team")
    if teams is not None and asked is not None and (asked == NO_VALUE or int(asked) not in teams):
        raise NotFound("There is no such team.")
    until = end_of_day(known, zone) if known < today else None
    return Question(day, known, until, today, teams, _normal(filters), by)


def _normal(filters: Mapping[str, str]) -> dict[str, str]:
    """The filters with ids written in one way, as the cells have them."""
    ids = ("team", "owner")
    return {f: str(int(v)) if f in ids and v != NO_VALUE else v for f, v in filters.items()}
