"""The rules about the keys of programs: what a token may be for, and how long it lasts."""

from collections.abc import Collection, Mapping
from datetime import datetime

from changetrack.domain.refusal import Reason

SCOPES: Mapping[str, str] = {
    "read": "Read everything that an administrator sees",
    "write": "Change accounts and what belongs to them",
    "ingest": "Send numbers of use",
    "admin": "Administer: metrics, sources, people, teams",
}
"""What a token may do; one that may do more than one thing has several."""

NAME_MAX = 120


def token_reasons(*, name: str, scopes: Collection[str], expires_at: datetime | None, now: datetime) -> list[Reason]:
    """Return everything that is wrong with a new token. Source of the scopes: INTERFACES section 5."""
    reasons = []
    if not name:
        reasons.append(Reason("name", "Give it a name: what uses it?"))
    elif len(name) > NAME_MAX or not name.isprintable():
        reasons.append(Reason("name", f"A name has at most {NAME_MAX} printable characters."))
    if not scopes:
        reasons.append(Reason("scopes", "Choose what it may do."))
    for scope in sorted(set(scopes) - SCOPES.keys()):
        reasons.append(Reason("scopes", f"There is no scope {scope!r}: choose among {', '.join(SCOPES)}."))
    if expires_at is not None and expires_at <= now:
        reasons.append(Reason("expires", "It would have ended already."))
    return reasons
