"""What a commitment of an account can say: whose it may be, and which outcomes may ask for it."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, select

from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import NotFound
from changetrack.models import Account, Outcome, Visit, db
from changetrack.queries.coalition import ContactView, load_contacts
from changetrack.queries.journey_rows import TeamMate, team_mates

MOST_OUTCOMES = 100


@dataclass(frozen=True, slots=True)
class CommitmentChoices:
    """An account with the people of both sides, and (number, statement) of its outcomes that have not ended.

    `moved_at`: when it was recorded that it came to where it is.
    """

    account_id: int
    name: str
    team_id: int | None
    is_closed: bool
    moved_at: datetime
    team: tuple[TeamMate, ...]
    people: tuple[ContactView, ...]
    outcomes: tuple[tuple[int, str], ...]


def get_commitment_choices(account_id: int, *, actor: Actor, today: date) -> CommitmentChoices:
    """Return what there is to choose from, by four statements.

    Raises NotFound if the account is absent, or another team's.
    """
    visit = and_(Visit.account_id == Account.id, Visit.seq == Account.visit_seq)
    query = select(Account, Visit.recorded_at).outerjoin(Visit, visit).where(Account.id == account_id)
    account, moved_at = db.session.execute(query).one_or_none() or (None, None)
    if account is None or not may(actor, Action.SEE, account.team_id):
        raise NotFound("account")
    return CommitmentChoices(
        account_id=account_id,
        name=account.name,
        team_id=account.team_id,
        is_closed=account.status == "closed",
        moved_at=moved_at or account.created_at,
        team=team_mates(account.team_id),
        people=tuple(person for person in load_contacts(account_id, today=today) if person.is_active),
        outcomes=list_outcome_choices(account_id),
    )


def list_outcome_choices(account_id: int) -> tuple[tuple[int, str], ...]:
    """Return (number, statement) of the outcomes that have not ended; who asks has been let in before."""
    current = (Outcome.account_id == account_id, Outcome.state != "withdrawn", Outcome.replaced_on.is_(None))
    query = select(Outcome.seq, Outcome.statement).where(*current).order_by(Outcome.seq).limit(MOST_OUTCOMES)
    return tuple((row.seq, row.statement) for row in db.session.execute(query))
