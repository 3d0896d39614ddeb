"""Reads of the customer's people: who they are, what they cover of the decision path, what the coalition lacks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from changetrack.domain.coalition import (
    PATH_ROLES,
    ContactFacts,
    coalition_gaps,
    missing_powers,
    path_coverage,
    path_gaps,
    single_threads,
)
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import NotFound
from changetrack.models import Account, Contact, Journey, db


@dataclass(frozen=True, slots=True)
class ContactView:
    """One of the customer's people; `seq` is their number in the account, `version` that of what is shown."""

    seq: int
    name: str
    email: str | None
    title: str | None
    function: str | None
    path_roles: tuple[str, ...]
    powers: tuple[str, ...]
    in_coalition: bool
    is_sponsor: bool
    left_on: date | None
    is_active: bool
    version: int

    @property
    def facts(self) -> ContactFacts:
        """The person in the form that the rules take."""
        return ContactFacts(
            self.seq,
            self.name,
            self.function,
            frozenset(self.path_roles),
            self.in_coalition,
            self.is_sponsor,
            self.is_active,
            frozenset(self.powers),
        )


@dataclass(frozen=True, slots=True)
class RoleView:
    """A role of the decision path with the active people who have it; it may not apply to this customer."""

    key: str
    names: tuple[str, ...]
    applies: bool


@dataclass(frozen=True, slots=True)
class CoalitionView:
    """The customer's people with those who are still there first, and how far they carry the change.

    `share` is the covered part, 0 to 1, of the roles that apply; `single_threads` names those whose leaving alone
    would lower it to below half. The gaps are sentences, for control points 2a and 2b.
    """

    people: tuple[ContactView, ...]
    roles: tuple[RoleView, ...]
    share: float
    single_threads: tuple[str, ...]
    missing_powers: tuple[str, ...]
    coalition_gaps: tuple[str, ...]
    path_gaps: tuple[str, ...]

    @property
    def active(self) -> tuple[ContactView, ...]:
        """The people who have not left."""
        return tuple(person for person in self.people if person.is_active)

    @property
    def members(self) -> tuple[ContactView, ...]:
        """The active members of the coalition."""
        return tuple(person for person in self.active if person.in_coalition)

    @property
    def covered(self) -> int:
        """How many of the roles that apply have somebody."""
        return sum(1 for role in self.roles if role.applies and role.names)

    @property
    def applicable(self) -> int:
        """How many roles the decision path has."""
        return sum(1 for role in self.roles if role.applies)


def load_contacts(account_id: int, *, today: date) -> list[ContactView]:
    """Return the people of an account by one statement: active ones first, then in order of their numbers.

    The caller has made sure that the account may be seen.
    """
    rows = db.session.scalars(select(Contact).where(Contact.account_id == account_id).order_by(Contact.seq))
    return sorted((_view(row, today) for row in rows), key=lambda person: not person.is_active)


def coalition_of(people: Sequence[ContactView], not_applicable: Iterable[str]) -> CoalitionView:
    """Return what `people` amount to; roles in `not_applicable` are left out of this customer's decision path."""
    left_out = frozenset(not_applicable)
    facts = [person.facts for person in people]
    coverage = path_coverage(facts, left_out)
    applicable = {*coverage.covered, *coverage.uncovered}
    return CoalitionView(
        people=tuple(people),
        roles=tuple(RoleView(role, _names(facts, role), role in applicable) for role in PATH_ROLES),
        share=coverage.share,
        single_threads=tuple(person.name for person in single_threads(facts, left_out)),
        missing_powers=tuple(sorted(missing_powers(facts))),
        coalition_gaps=tuple(coalition_gaps(facts)),
        path_gaps=tuple(path_gaps(facts, left_out)),
    )


def get_coalition(account_id: int, *, actor: Actor, today: date) -> CoalitionView:
    """Return what an account's people amount to, by two statements.

    Raises NotFound if the account is absent, or another team's.
    """
    query = select(Account.team_id, Journey.roles_not_applicable).where(Account.id == account_id)
    found = db.session.execute(query.outerjoin(Journey, Journey.account_id == Account.id)).first()
    if found is None or not may(actor, Action.SEE, found.team_id):
        raise NotFound("account")
    return coalition_of(load_contacts(account_id, today=today), found.roles_not_applicable or ())


def get_contact(account_id: int, seq: int, *, actor: Actor, today: date) -> ContactView:
    """Return one of an account's people, by one statement.

    Raises NotFound if there is no such person, or the account is another team's.
    """
    mine = (Contact.account_id == account_id, Contact.seq == seq)
    query = select(Account.team_id, Contact).join(Account, Account.id == Contact.account_id).where(*mine)
    found = db.session.execute(query).first()
    if found is None or not may(actor, Action.SEE, found.team_id):
        raise NotFound("contact")
    return _view(found.Contact, today)


def _names(facts: Iterable[ContactFacts], role: str) -> tuple[str, ...]:
    return tuple(person.name for person in facts if person.is_active and role in person.path_roles)


def _view(row: Contact, today: date) -> ContactView:
    return ContactView(
        seq=row.seq,
        name=row.name,
        email=row.email,
        title=row.title,
        function=row.function,
        path_roles=tuple(role for role in PATH_ROLES if role in row.path_roles),
        powers=tuple(row.powers),
        in_coalition=row.in_coalition,
        is_sponsor=row.is_sponsor,
        left_on=row.left_on,
        is_active=row.left_on is None or row.left_on > today,
        version=row.version,
    )
