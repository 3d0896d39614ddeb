"""What an address asks of the inbox of alerts, said back as tabs, chips and a menu."""

from collections.abc import Mapping, Sequence
from typing import Any

from werkzeug.datastructures import MultiDict

from changetrack.domain.people import Action, Actor, may
from changetrack.domain.staleness import REASONS
from changetrack.queries.alerts import MOST_COUNTED, SEVERITIES, UNDECIDED, AlertFilters
from changetrack.web.formatting import with_args

Query = Mapping[str, Sequence[str]]

STATES: Mapping[str, str] = {
    UNDECIDED: "To decide",
    "firing": "Firing",
    "acknowledged": "Acknowledged",
    "snoozed": "Snoozed",
    "resolved": "Resolved",
}
REASON_WORDS: Mapping[str, str] = {
    "no_progress": "No progress",
    "over_age": "Over age",
    "silent_customer": "Customer silent",
    "overdue_commitment": "Commitment overdue",
    "usage_falling": "Usage falling",
    "evidence_expiring": "Evidence expiring",
}
_SEVERITY_WORDS = {name: name.capitalize() for name in SEVERITIES}
_MINE = {"mine": "Mine"}
_LONGEST_NUMBER = 9


def read_state(args: MultiDict[str, str], actor: Actor, counts: Mapping[str, int]) -> str:
    """The state that an address asks for; without one what needs the actor: decisions first, else what is firing."""
    asked = args.get("state", "")
    if asked in STATES and (asked != UNDECIDED or may(actor, Action.SEE_ALL)):
        return asked
    decides = actor.role == "executive" and not asked and counts[UNDECIDED]
    return UNDECIDED if decides else "firing"


def read_filters(args: MultiDict[str, str]) -> AlertFilters:
    """Read what the inbox is narrowed to; what cannot be meant narrows nothing."""
    severity, reason, team = (args.get(name, "").strip() for name in ("severity", "reason", "team"))
    is_team = team.isascii() and team.isdecimal() and len(team) <= _LONGEST_NUMBER
    return AlertFilters(
        severity=severity if severity in SEVERITIES else "",
        reason=reason if reason in REASONS else "",
        team_id=int(team) if is_team else None,
        mine=args.get("whose") == "mine",
    )


def tabs_of(state: str, query: Query, counts: Mapping[str, int], actor: Actor) -> list[dict[str, Any]]:
    """One for each state with how many there are; what is to decide for those who see everything."""
    sees_all = may(actor, Action.SEE_ALL)
    return [
        {
            "label": label,
            "href": with_args(query, state=key, after=None),
            "current": key == state,
            "count": _count(counts.get(key)),
        }
        for key, label in STATES.items()
        if sees_all or key != UNDECIDED
    ]


def chips_of(filters: AlertFilters, query: Query, teams: Sequence[tuple[int, str]]) -> list[dict[str, str]]:
    """The filters in use, each with the address without it."""
    team = dict(teams).get(filters.team_id or 0, f"no. {filters.team_id}") if filters.team_id is not None else ""
    used = (
        ("severity", "Severity", _SEVERITY_WORDS.get(filters.severity, "")),
        ("reason", "Reason", REASON_WORDS.get(filters.reason, "")),
        ("team", "Team", team),
        ("whose", "Accounts", "Mine" if filters.mine else ""),
    )
    return [
        {"label": label, "value": words, "remove": with_args(query, **{name: None, "after": None})}
        for name, label, words in used
        if words
    ]


def menu_of(filters: AlertFilters, teams: Sequence[tuple[int, str]]) -> list[dict[str, Any]]:
    """The filters as fields of a menu; the team only where there is more than one."""
    fields: list[dict[str, Any]] = [
        {"name": "severity", "label": "Severity", "options": [*_SEVERITY_WORDS.items()], "value": filters.severity},
        {"name": "reason", "label": "Reason", "options": [*REASON_WORDS.items()], "value": filters.reason},
        {"name": "whose", "label": "Accounts", "options": [*_MINE.items()], "value": "mine" if filters.mine else ""},
    ]
    if len(teams) > 1:
        fields.append({"name": "team", "label": "Team", "options": [*teams], "value": filters.team_id or ""})
    return fields


def _count(count: int | None) -> str | None:
    return None if count is None else f"{MOST_COUNTED:,}+" if count >= MOST_COUNTED else f"{count:,}"
