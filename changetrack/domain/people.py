"""Who may do what: roles, team roles, the acting person, and the rules for passwords and teams."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from string import digits, punctuation, whitespace
from typing import Literal, Self

ROLES = ("admin", "executive", "member")
TEAM_ROLES = ("vsm", "coordinator", "member")

PASSWORD_MIN = 10
PASSWORD_MAX = 256
_LOCAL_PART_MIN = 4


class Action(StrEnum):
    """What an actor may be allowed to do, on one team's accounts or in the whole house."""

    SEE = "see"
    WORK = "work"
    """Evidence, contacts, opening, proposals, going back, hold, resume, close, acknowledging."""
    EDIT_RECORD = "edit_record"
    SIGN_OFF = "sign_off"
    EXCEPT = "except"
    IMPORT = "import"
    ADMINISTER = "administer"
    SEE_ALL = "see_all"
    DECIDE = "decide"
    """What becomes of an account whose alert nobody took up: revive, park or close it."""
    ANSWER = "answer"
    """What a customer's person is asked on a page of their own: nobody else answers in their place."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a signed-in user, a customer's person, a job of the system, or the operator at the shell.

    `role` is the house role and `teams` maps team id to team role; both are empty but for a user.
    """

    kind: Literal["user", "customer", "system", "operator"]
    user_id: int | None
    name: str
    email: str | None = None
    role: str | None = None
    teams: Mapping[int, str] = field(default_factory=dict, hash=False)

    @classmethod
    def system(cls, name: str) -> Self:
        """Return the actor of a timed job, by the job's name."""
        return cls(kind="system", user_id=None, name=name)

    @classmethod
    def operator(cls, name: str) -> Self:
        """Return the person at the shell, who holds every right but signing off."""
        return cls(kind="operator", user_id=None, name=name)

    @classmethod
    def customer(cls, name: str, email: str | None = None) -> Self:
        """Return the customer's person who holds a page of their own; they may answer what it asks, and no more."""
        return cls(kind="customer", user_id=None, name=name, email=email)

    def team_role(self, team_id: int | None) -> str | None:
        """Return the role held in that team, None for an outsider or no team."""
        return None if team_id is None else self.teams.get(team_id)


_BY_ROLE: Mapping[str | None, frozenset[Action]] = {
    "admin": frozenset({Action.SEE, Action.SEE_ALL, Action.EDIT_RECORD, Action.IMPORT, Action.ADMINISTER}),
    "executive": frozenset({Action.SEE, Action.SEE_ALL, Action.DECIDE}),
}
_OF_A_TEAM = frozenset({Action.SEE, Action.WORK, Action.EDIT_RECORD})
_BY_TEAM_ROLE: Mapping[str | None, frozenset[Action]] = {
    "member": _OF_A_TEAM | {Action.SIGN_OFF},
    "coordinator": _OF_A_TEAM | {Action.SIGN_OFF},
    "vsm": _OF_A_TEAM | {Action.EXCEPT},
}
_NONE: frozenset[Action] = frozenset()
_ONLY_PERSONS = frozenset({Action.SIGN_OFF, Action.ANSWER, Action.DECIDE})


def may(actor: Actor, action: Action, team_id: int | None = None) -> bool:
    """Say whether `actor` may do this; `team_id` is the team of the account it is about.

    The system and the operator may do everything but sign off, decide for an executive and answer for a customer:
    these are persons' words.
    A team role adds its rights on that team's accounts to those of the house role.
    Source: DOMAIN section 2 (engagement team) and section 3 (the value stream manager never signs off).
    """
    if actor.kind == "customer":
        return action is Action.ANSWER
    if actor.kind != "user":
        return action not in _ONLY_PERSONS
    return action in _BY_ROLE.get(actor.role, _NONE) or action in _BY_TEAM_ROLE.get(actor.team_role(team_id), _NONE)


def visible_teams(actor: Actor) -> frozenset[int] | None:
    """Return the teams whose accounts `actor` may see, None for all of them."""
    return None if may(actor, Action.SEE_ALL) else frozenset(actor.teams)


def password_reasons(password: str, *, email: str, is_common: Callable[[str], bool]) -> list[str]:
    """Return every reason to refuse a new password; empty when it is good.

    `is_common` looks a lower-cased word up in the list of common passwords. No rule asks for kinds of
    characters. Source: NIST SP 800-63B (2017) 5.1.1.2; OWASP ASVS 6.2.
    """
    lowered = password.lower()
    reasons = []
    if len(password) < PASSWORD_MIN:
        reasons.append(f"Use at least {PASSWORD_MIN} characters; several words make a good password.")
    if len(password) > PASSWORD_MAX:
        reasons.append(f"Use at most {PASSWORD_MAX} characters.")
    if _is_commonplace(lowered, is_common):
        reasons.append("This password, or one very like it, is among the most common. Choose another.")
    if "changetrack" in lowered:
        reasons.append("Leave the name of this product out of the password.")
    local = email.lower().partition("@")[0]
    if len(local) >= _LOCAL_PART_MIN and local in lowered:
        reasons.append("Leave your e-mail name out of the password.")
    return reasons


def team_role_reasons(memberships: Sequence[tuple[int, str]]) -> list[str]:
    """Return what is wrong with one team's (user id, team role) pairs; empty when they are good.

    One person has one role, so the coordinator is never the value stream manager; there is at most
    one of each. Source: DOMAIN section 2 (engagement team).
    """
    people = Counter(user_id for user_id, _ in memberships)
    roles = Counter(role for _, role in memberships)
    reasons = [f"There is no team role {role!r}." for role in sorted(roles.keys() - set(TEAM_ROLES))]
    if any(count > 1 for count in people.values()):
        reasons.append("One person has one role in a team: the coordinator is never the value stream manager.")
    if roles["vsm"] > 1:
        reasons.append("A team has at most one value stream manager.")
    if roles["coordinator"] > 1:
        reasons.append("A team has at most one coordinator.")
    return reasons


def _is_commonplace(lowered: str, is_common: Callable[[str], bool]) -> bool:
    bare = lowered.rstrip(digits + punctuation + whitespace)
    return is_common(lowered) or (bare != "" and is_common(bare))
