"""The commitments of an account: what forbids one, adding it, and which of the open ones is due first."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from changetrack.domain.commitments import ACTION_MAX, commitment_words, make_reasons
from changetrack.domain.refusal import Reason, refuse_if
from changetrack.models import OPEN_COMMITMENT, Alert, Commitment, Contact, Event, Outcome, User
from changetrack.operations._dossier import Dossier
from changetrack.operations._history import actor_label
from changetrack.operations._proposals import active_team
from changetrack.operations._settle import count_holds_anew
from changetrack.operations._texts import text_reasons
from changetrack.queries.customer_acts import find_last_act

MOST_OPEN = 200  # of one account: more are no word that anybody could keep


@dataclass(frozen=True, slots=True)
class _Owner:
    """Whose word it is: somebody of ours or one of the customer's people."""

    name: str
    user_id: int | None = None
    contact_seq: int | None = None


def commitment_reasons(
    dossier: Dossier,
    *,
    action: str,
    owner_user_id: int | None = None,
    owner_contact_seq: int | None = None,
    due_on: date | None,
    outcome_seq: int | None = None,
) -> list[Reason]:
    """Every reason against a commitment, at `action`, `owner`, `due_on` or `outcome_seq`; empty when it can be made."""
    today = dossier.today
    reasons = make_reasons(action, due_on, "somebody", made_on=today, today=today)  # who is looked at below
    if not any(reason.field == "action" for reason in reasons):
        reasons += text_reasons({"action": action}, {"action": ACTION_MAX})
    reasons += owner_reasons(dossier, owner_user_id=owner_user_id, owner_contact_seq=owner_contact_seq)
    reasons += outcome_reasons(dossier, outcome_seq)
    if dossier.account.status == "closed":
        reasons.append(Reason(None, "The account is closed."))
    if _count_open(dossier) >= MOST_OPEN:
        reasons.append(Reason(None, f"{MOST_OPEN} commitments are open: meet or withdraw some first."))
    return reasons


def owner_reasons(dossier: Dossier, *, owner_user_id: int | None, owner_contact_seq: int | None) -> list[Reason]:
    """Why a commitment cannot be theirs: it is one person's, of the account's team or of the customer's people."""
    if (owner_user_id is None) == (owner_contact_seq is None):
        return [Reason("owner", "Say whose word it is: one person, of ours or of the customer's.")]
    if _owner(dossier, owner_user_id, owner_contact_seq) is None:
        ours = "Choose somebody of the account's team who can sign in."
        return [Reason("owner", ours if owner_user_id is not None else "Choose one of the customer's people.")]
    return []


def outcome_reasons(dossier: Dossier, seq: int | None) -> list[Reason]:
    """Why a commitment cannot serve an outcome: the account has no such one; None serves none."""
    is_there = seq is None or (0 < seq < 2**31 and dossier.session.get(Outcome, (dossier.account.id, seq)) is not None)
    return [] if is_there else [Reason("outcome_seq", "This account has no such outcome.")]


def add_commitment(
    dossier: Dossier,
    *,
    action: str,
    owner_user_id: int | None = None,
    owner_contact_seq: int | None = None,
    due_on: date | None,
    outcome_seq: int | None = None,
    alert_id: int | None = None,
) -> Commitment:
    """Make a commitment of the account and tell its history; the caller settles. `alert_id`: whose next step it is.

    Raises OperationRefused with everything that forbids it. Source: DOMAIN section 8.
    """
    asked = {"owner_user_id": owner_user_id, "owner_contact_seq": owner_contact_seq}
    refuse_if(commitment_reasons(dossier, action=action, due_on=due_on, outcome_seq=outcome_seq, **asked))
    owner = _owner(dossier, owner_user_id, owner_contact_seq)
    assert owner is not None, "else it was refused"
    assert due_on is not None, "else it was refused"
    mine = Commitment.account_id == dossier.account.id
    row = Commitment(
        account_id=dossier.account.id,
        seq=(dossier.session.scalar(select(func.max(Commitment.seq)).where(mine)) or 0) + 1,
        action=action.strip(),
        owner_user_id=owner.user_id,
        owner_contact_seq=owner.contact_seq,
        owner_name=owner.name,
        outcome_seq=outcome_seq,
        alert_id=alert_id,
        made_on=dossier.today,
        made_at=dossier.now,
        made_by=actor_label(dossier.actor),
        changed_at=dossier.now,
        first_due_on=due_on,
        due_on=due_on,
    )
    dossier.session.add(row)
    told = {"commitment": [None, row.seq], "due_on": [None, due_on.isoformat()]}
    words = commitment_words(row.action, owner.name)
    dossier.happened("commitment_made", effective_on=dossier.today, changes=told, note=words)
    restate_first_commitment(dossier)
    return row


def give_to(dossier: Dossier, row: Commitment, *, owner_user_id: int | None, owner_contact_seq: int | None) -> None:
    """Let a commitment be another person's, whom `owner_reasons` does not speak against."""
    owner = _owner(dossier, owner_user_id, owner_contact_seq)
    assert owner is not None
    row.owner_user_id, row.owner_contact_seq, row.owner_name = owner.user_id, owner.contact_seq, owner.name


def restate_first_commitment(dossier: Dossier) -> None:
    """Keep on the account which open commitment is due first; to be called after any of them changed."""
    dossier.session.flush()
    query = (
        select(Commitment.due_on, Commitment.action, Commitment.owner_name)
        .where(Commitment.account_id == dossier.account.id, OPEN_COMMITMENT)
        .order_by(Commitment.due_on, Commitment.seq)
        .limit(1)
    )
    first = dossier.session.execute(query).first()
    dossier.account.commitment_due_on = first.due_on if first else None
    dossier.account.commitment_words = commitment_words(first.action, first.owner_name) if first else None


def take_progress_back(dossier: Dossier, met_on: date, *, customer: bool) -> None:
    """Let the clocks stand where they would without what was met on a day, and its alerts be measured anew.

    `customer`: it was one of the customer's people who met it, which had ended their silence.
    """
    account, session = dossier.account, dossier.session
    if account.progress_on == met_on:
        mine = (Event.account_id == account.id, Event.is_progress, still_counts())
        last = session.scalar(select(func.max(Event.effective_on)).where(*mine))
        account.progress_on = max(account.step_entered_on, last or date.min)
    if customer and account.customer_on == met_on:
        account.customer_on = find_last_act(account.id)
    count_holds_anew(dossier)
    followed = (Alert.account_id == account.id, Alert.useful.is_(True), Alert.useful_until >= met_on)
    session.execute(update(Alert).where(*followed, Alert.raised_on <= met_on).values(useful=None))


def still_counts() -> ColumnElement[bool]:
    """The condition that progress which the history tells of was not taken back: a commitment met by mistake."""
    row = aliased(Commitment)
    is_it = (row.account_id == Event.account_id, row.state == "met", row.ended_at == Event.recorded_at)
    return or_(Event.kind != "commitment_met", exists().where(*is_it))


def _owner(dossier: Dossier, user_id: int | None, contact_seq: int | None) -> _Owner | None:
    if user_id is not None:
        is_theirs = user_id in active_team(dossier) or user_id == dossier.account.owner_id
        user = dossier.session.get(User, user_id) if is_theirs else None
        return _Owner(user.name, user_id=user_id) if user is not None and user.disabled_at is None else None
    is_number = contact_seq is not None and 0 < contact_seq < 2**31
    contact = dossier.session.get(Contact, (dossier.account.id, contact_seq)) if is_number else None
    is_there = contact is not None and (contact.left_on is None or contact.left_on > dossier.today)
    return _Owner(contact.name, contact_seq=contact_seq) if contact is not None and is_there else None


def _count_open(dossier: Dossier) -> int:
    of_account = (Commitment.account_id == dossier.account.id, OPEN_COMMITMENT)
    return dossier.session.scalar(select(func.count()).select_from(Commitment).where(*of_account)) or 0
