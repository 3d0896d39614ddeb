"""What holds for every account: the versions of the playbook, the limits that were learned, the open endpoints."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import CompoundSelect, Date, Integer, Text, bindparam, cast, func, literal, null, or_, select, union_all
from sqlalchemy.orm import Session, aliased, scoped_session

from changetrack.domain.journey.playbook import Playbook, StepRules, read_playbook
from changetrack.domain.journey.steps import STEPS
from changetrack.models import Endpoint, LearnedLimit, PlaybookVersion


@dataclass(frozen=True, slots=True)
class EndpointFacts:
    """Where messages can go besides a mailbox: a 'webhook' or a 'slack' channel, of a person, of a team, or of all."""

    id: int
    kind: str
    user_id: int | None
    team_id: int | None
    events: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rulebook:
    """What holds for every account: versions of the playbook by number, limits that were learned, open endpoints.

    `learned`: by step the days in it, with the month for which they were learned.
    """

    playbooks: Mapping[int, Playbook]
    learned: Mapping[int, tuple[int, date]]
    endpoints: tuple[EndpointFacts, ...] = ()
    _rules: dict[tuple[tuple[str, int], ...], Mapping[int, StepRules]] = field(default_factory=dict, repr=False)

    def rules(self, judged_by: Mapping[str, int]) -> Mapping[int, StepRules]:
        """The rules of each step by the versions that judge it, step -> version; the newest judges the others."""
        key = tuple(judged_by.items())
        if key not in self._rules:
            newest = self.newest
            self._rules[key] = {n: self.playbooks.get(judged_by.get(str(n), 0), newest).steps[n] for n in STEPS}
        return self._rules[key]

    @property
    def newest(self) -> Playbook:
        """The newest version of the playbook."""
        return self.playbooks[max(self.playbooks)]


_NEWEST = select(func.max(PlaybookVersion.version)).scalar_subquery()
_NONE = null()
_IS_WANTED = PlaybookVersion.version.in_(bindparam("wanted", expanding=True))
_PLAYBOOKS = select(
    literal("playbook"), PlaybookVersion.version, cast(PlaybookVersion.body, Text), cast(_NONE, Integer),
    cast(_NONE, Integer), cast(_NONE, Date),
).where(or_(PlaybookVersion.version == _NEWEST, _IS_WANTED))  # fmt: skip
_Frozen = aliased(LearnedLimit)
_MONTH = select(func.max(_Frozen.month)).where(_Frozen.month <= bindparam("month")).scalar_subquery()
_LEARNED = select(
    literal("limit"), LearnedLimit.step, cast(_NONE, Text), LearnedLimit.limit_days, cast(_NONE, Integer),
    LearnedLimit.month,
).where(LearnedLimit.month == _MONTH, LearnedLimit.limit_days.is_not(None))  # fmt: skip
_ENDPOINTS = select(
    Endpoint.kind, Endpoint.id, cast(Endpoint.events, Text), Endpoint.user_id, Endpoint.team_id, cast(_NONE, Date)
).where(Endpoint.disabled_at.is_(None))
_RULEBOOK: CompoundSelect[Any] = union_all(_PLAYBOOKS, _LEARNED, _ENDPOINTS)


def load_rulebook(session: scoped_session[Session] | Session, versions: Iterable[int], today: date) -> Rulebook:
    """What holds for every account, with these versions of the playbook and the newest, by one statement."""
    playbooks: dict[int, Playbook] = {}
    learned: dict[int, tuple[int, date]] = {}
    endpoints = []
    given = {"wanted": list(set(versions)), "month": today.replace(day=1)}
    for kind, number, text, days, team_id, month in session.connection().execute(_RULEBOOK, given):
        if kind == "playbook":
            playbooks[number] = read_playbook(number, text)
        elif kind == "limit":
            learned[number] = (days, month)
        else:  # for an endpoint, the fourth column is a person's number
            endpoints.append(EndpointFacts(number, kind, days, team_id, frozenset(json.loads(text))))
    return Rulebook(playbooks, learned, tuple(endpoints))
