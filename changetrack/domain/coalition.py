"""The customer's people: who leads the change together, and how far the decision path is covered."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

PATH_ROLES = ("initiator", "user", "influencer", "decider", "approver", "buyer", "gatekeeper")
ALWAYS_APPLICABLE = ("user", "decider", "approver")
POWERS = ("position", "expertise", "credibility", "leadership")

SINGLE_THREAD_SHARE = 0.5
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ContactFacts:
    """One person at the customer: their function, their roles on the decision path, their powers."""

    id: int
    name: str
    function: str | None
    path_roles: frozenset[str] = _NOTHING
    in_coalition: bool = False
    is_sponsor: bool = False
    is_active: bool = True
    powers: frozenset[str] = _NOTHING


@dataclass(frozen=True, slots=True)
class PathCoverage:
    """The applicable roles of the decision path, in its order, with and without a person; share 0 to 1."""

    covered: tuple[str, ...]
    uncovered: tuple[str, ...]
    share: float


def path_coverage(contacts: Iterable[ContactFacts], not_applicable: Collection[str] = _NOTHING) -> PathCoverage:
    """Return how the active contacts cover the decision path.

    Roles in `not_applicable` do not count, but user, decider and approver always do: a change is
    always lived, decided and approved by somebody. Source: Webster & Wind (1972).
    """
    held = {role for contact in contacts if contact.is_active for role in contact.path_roles}
    applicable = [r for r in PATH_ROLES if r in ALWAYS_APPLICABLE or r not in not_applicable]
    covered = tuple(r for r in applicable if r in held)
    uncovered = tuple(r for r in applicable if r not in held)
    return PathCoverage(covered, uncovered, len(covered) / len(applicable))


def single_threads(
    contacts: Collection[ContactFacts], not_applicable: Collection[str] = _NOTHING
) -> list[ContactFacts]:
    """Return the people whose leaving alone would lower the coverage to below half, in their order.

    It must be that person's leaving that lowers it: with no contacts, or where everyone's roles are
    doubled, nobody's leaving does. A champion alone is one thread however little they cover.
    Source: DOMAIN section 9.
    """
    now = path_coverage(contacts, not_applicable).share
    found = []
    for person in contacts:
        without = path_coverage([c for c in contacts if c.id != person.id], not_applicable).share
        if without < now and without < SINGLE_THREAD_SHARE:
            found.append(person)
    return found


def is_single_thread(contacts: Collection[ContactFacts], not_applicable: Collection[str] = _NOTHING) -> bool:
    """Say whether losing one person lowers the coverage to below half. Source: DOMAIN section 9."""
    return bool(single_threads(contacts, not_applicable))


def coalition_gaps(contacts: Iterable[ContactFacts], *, members: int = 3, functions: int = 2) -> list[str]:
    """Return what the coalition lacks, a sentence each; empty when control point 2a holds.

    `members` and `functions` are the least numbers of active members and of their different functions.
    Source: Kotter (1996), the guiding coalition; DOMAIN section 3, 2a.
    """
    team = _members(contacts)
    different = {c.function.strip().casefold() for c in team if c.function and c.function.strip()}
    gaps = []
    if len(team) < members:
        gaps.append(f"The coalition has {_counted(len(team), 'active member')}; it needs {members}.")
    if len(different) < functions:
        gaps.append(f"Its members come from {_counted(len(different), 'function')}; it needs {functions}.")
    if not any(c.is_sponsor for c in team):
        gaps.append("No member of the coalition is the sponsor.")
    if not any("user" in c.path_roles for c in team):
        gaps.append("No member of the coalition is an everyday user.")
    return gaps


def path_gaps(
    contacts: Iterable[ContactFacts], not_applicable: Collection[str] = _NOTHING, *, share: float = 0.8
) -> list[str]:
    """Return what the decision path lacks, a sentence each; empty when control point 2b holds.

    `share` is the least share, 0 to 1, of applicable roles with an active contact.
    Source: DOMAIN section 3, 2b.
    """
    found = path_coverage(contacts, not_applicable)
    gaps = [
        f"Nobody active is known as {role} on the decision path."
        for role in PATH_ROLES
        if role in ALWAYS_APPLICABLE and role in found.uncovered
    ]
    if found.share < share:
        total = len(found.covered) + len(found.uncovered)
        gaps.append(
            f"{len(found.covered)} of {total} roles of the decision path are covered;"
            f" it needs {share:.0%}. Missing: {', '.join(found.uncovered)}."
        )
    return gaps


def missing_powers(contacts: Iterable[ContactFacts]) -> frozenset[str]:
    """Return the powers no active member of the coalition brings. Source: Kotter (1996), four traits."""
    return frozenset(POWERS).difference(*(c.powers for c in _members(contacts)))


def _members(contacts: Iterable[ContactFacts]) -> list[ContactFacts]:
    return [c for c in contacts if c.in_coalition and c.is_active]


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
