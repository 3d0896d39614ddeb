"""The rows behind an account's journey: read in a constant number of statements, whatever its history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased

from changetrack.domain.calendar import WorkCalendar
from changetrack.domain.journey.evidence import EvidenceFact
from changetrack.domain.journey.playbook import Playbook, StepRules, parse_playbook
from changetrack.domain.journey.steps import STEPS
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import NotFound
from changetrack.models import (
    OPEN_ALERT,
    Account,
    Alert,
    Calendar,
    Contact,
    Evidence,
    Hold,
    Journey,
    LearnedLimit,
    PlaybookVersion,
    Proposal,
    SignOff,
    Standing,
    Team,
    TeamMember,
    User,
    Visit,
    db,
)
from changetrack.queries.learned_limits import is_limit_of_account
from changetrack.queries.work_calendars import is_calendar_of_account, work_calendar


@dataclass(frozen=True, slots=True)
class AccountRows:
    """An account with what it has one of: its journey, visit, hold, open alert, learned limit, team and owner."""

    account: Account
    journey: Journey
    visit: Visit | None
    hold: Hold | None
    alert: Alert | None
    calendar: WorkCalendar
    learned: LearnedLimit | None
    team_name: str | None
    owner_name: str | None


@dataclass(frozen=True, slots=True)
class Signature:
    """A sign-off with the name of whose word it is."""

    row: SignOff
    name: str
    title: str | None


@dataclass(frozen=True, slots=True)
class ProposalRows:
    """The newest proposal of an account with its proposer's name and its sign-offs in order."""

    proposal: Proposal
    proposer: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class TeamMate:
    """Somebody of the account's team who can sign in."""

    user_id: int
    name: str
    email: str
    role: str


@dataclass(frozen=True, slots=True)
class Believed:
    """What was on record about an account at the end of a day: its standing and the visits to its steps."""

    standing: Standing
    visits: tuple[Visit, ...]
    playbooks: Mapping[int, tuple[datetime, Playbook]] = field(default_factory=dict)


def account_rows(account_id: int, actor: Actor, today: date) -> AccountRows:
    """Read an account as of `today` by one statement. Raises NotFound if it is absent or another team's."""
    query = (
        select(Account, Journey, Visit, Hold, Alert, Calendar, LearnedLimit, Team.name, User.name)
        .outerjoin(Journey, Journey.account_id == Account.id)
        .outerjoin(Visit, and_(Visit.account_id == Account.id, Visit.seq == Account.visit_seq))
        .outerjoin(Hold, and_(Hold.account_id == Account.id, Hold.resumed_on.is_(None)))
        .outerjoin(Alert, and_(Alert.account_id == Account.id, OPEN_ALERT))
        .outerjoin(Calendar, is_calendar_of_account())
        .outerjoin(LearnedLimit, is_limit_of_account(today))
        .outerjoin(Team, Team.id == Account.team_id)
        .outerjoin(User, User.id == Account.owner_id)
        .where(Account.id == account_id)
        .order_by(Hold.seq.desc(), Alert.visit_seq.desc())
        .limit(1)
    )
    found: Any = db.session.execute(query).first()
    if found is None or not may(actor, Action.SEE, found[0].team_id):
        raise NotFound("account")
    account, journey, visit, hold, alert, calendar, learned, team, owner = found
    days = work_calendar(calendar, account.blackout_days)
    return AccountRows(account, journey or _unwritten(account_id), visit, hold, alert, days, learned, team, owner)


def _unwritten(account_id: int) -> Journey:
    return Journey(account_id=account_id, judged_by={}, roles_not_applicable=[], version=0)


def step_rules(judged_by: Mapping[str, int]) -> tuple[dict[int, StepRules], int]:
    """The rules of each step in the version that judges it, and the newest version, by one statement."""
    newest = select(func.max(PlaybookVersion.version)).scalar_subquery()
    wanted = or_(PlaybookVersion.version == newest, PlaybookVersion.version.in_(set(judged_by.values())))
    rows = db.session.scalars(select(PlaybookVersion).where(wanted))
    playbooks = {row.version: parse_playbook(row.version, row.body) for row in rows}
    current = playbooks[max(playbooks)]
    return {n: playbooks.get(judged_by.get(str(n), 0), current).steps[n] for n in STEPS}, current.version


def evidence_rows(account_id: int) -> list[Evidence]:
    """All evidence of an account in the order in which it was recorded, by one statement."""
    return list(db.session.scalars(select(Evidence).where(Evidence.account_id == account_id).order_by(Evidence.seq)))


def evidence_fact(row: Any, known_until: datetime | None = None) -> EvidenceFact:
    """A piece of evidence in the form that the rules take; before `known_until` a later retraction is unknown."""
    is_known = row.retracted_at is None or known_until is None or row.retracted_at < known_until
    return EvidenceFact(
        row.seq,
        row.point,
        row.passes,
        row.effective_on,
        row.expires_on,
        row.retracted_on if is_known else None,
        row.contact_seq,
        row.hand,
    )


def proposal_rows(account_id: int) -> ProposalRows | None:
    """The newest proposal of an account with its sign-offs, by one statement."""
    newest = select(func.max(Proposal.seq)).where(Proposal.account_id == account_id).scalar_subquery()
    proposer, signer = aliased(User), aliased(User)
    signed = and_(SignOff.account_id == account_id, SignOff.proposal_seq == Proposal.seq)
    person = and_(Contact.account_id == account_id, Contact.seq == SignOff.contact_seq)
    rows: Sequence[Any] = db.session.execute(
        select(Proposal, proposer.name, SignOff, func.coalesce(signer.name, Contact.name), Contact.title)
        .join(proposer, proposer.id == Proposal.proposed_by)
        .outerjoin(SignOff, signed)
        .outerjoin(signer, signer.id == SignOff.user_id)
        .outerjoin(Contact, person)
        .where(Proposal.account_id == account_id, Proposal.seq == newest)
        .order_by(SignOff.seq)
    ).all()
    if not rows:
        return None
    signatures = tuple(Signature(*row[2:]) for row in rows if row[2] is not None)
    return ProposalRows(rows[0][0], rows[0][1], signatures)


def team_mates(team_id: int | None) -> tuple[TeamMate, ...]:
    """The people of a team who can sign in, by name, by one statement."""
    query = (
        select(User.id, User.name, User.email, TeamMember.role)
        .join(TeamMember, TeamMember.user_id == User.id)
        .where(TeamMember.team_id == team_id, User.disabled_at.is_(None))
        .order_by(User.name, User.id)
    )
    return tuple(TeamMate(*row) for row in db.session.execute(query))


def believed_on(account_id: int, day: date, until: datetime) -> Believed:
    """What was on record before the moment `until` about how the account stood on `day`, by three statements.

    Raises NotFound if nothing was.
    """
    is_known = (Standing.recorded_at < until, or_(Standing.superseded_at.is_(None), Standing.superseded_at >= until))
    standing = db.session.scalar(
        select(Standing)
        .where(Standing.account_id == account_id, Standing.effective_on <= day, *is_known)
        .order_by(Standing.effective_on.desc(), Standing.seq.desc())
        .limit(1)
    )
    if standing is None:
        raise NotFound("standing")
    visits = db.session.scalars(
        select(Visit).where(Visit.account_id == account_id, Visit.recorded_at < until).order_by(Visit.seq)
    )
    versions = db.session.scalars(select(PlaybookVersion).order_by(PlaybookVersion.version))
    parsed = {row.version: (row.created_at, parse_playbook(row.version, row.body)) for row in versions}
    return Believed(standing, tuple(visits), parsed)


def believed_rules(believed: Believed, until: datetime) -> dict[int, StepRules]:
    """The rules of each step as they judged it just before `until`: those in force when it was entered."""
    first, *_ = (playbook for _, playbook in believed.playbooks.values())
    by_step = {visit.step: _in_force(believed, visit.recorded_at, first) for visit in believed.visits}
    newest = _in_force(believed, until, first)
    return {n: by_step.get(n, newest).steps[n] for n in STEPS}


def _in_force(believed: Believed, at: datetime, first: Playbook) -> Playbook:
    written = [playbook for created_at, playbook in believed.playbooks.values() if created_at <= at]
    return written[-1] if written else first
