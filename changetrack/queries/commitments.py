"""Commitments: those of one account, and lists across accounts, the first to be due first.

Lists are read along one index, or through the accounts where these are few; a page costs the same wherever it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import aliased

from changetrack.domain.commitments import is_progress
from changetrack.domain.filters import filter_reasons
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import NotFound, refuse_if
from changetrack.models import (
    ENDED_COMMITMENT,
    OPEN_COMMITMENT,
    Account,
    Commitment,
    Contact,
    Outcome,
    TeamMember,
    User,
    db,
)
from changetrack.queries.account_scope import Scope, get_scope
from changetrack.queries.keyset import Cursor, beyond, read_cursor

PAGE = 50
WEEK = timedelta(days=7)
COUNTED_AT_MOST = 1_000
_DUE: tuple[Any, ...] = (Commitment.due_on, Commitment.account_id, Commitment.seq)
_ENDED: tuple[Any, ...] = (Commitment.ended_on, Commitment.account_id, Commitment.seq)


@dataclass(frozen=True, slots=True)
class CommitmentView:
    """Somebody's word: whose (of `side` "ours" or "customer"), until when, what became of it.

    `has_left`: its owner left the customer, is no longer of the team, or can no longer sign in. `outcome` is the
    statement of the outcome that it serves; `ended_on` and `result` say when and how it was met or withdrawn, and
    `ended_at` when that was told.
    """

    account_id: int
    account: str
    seq: int
    action: str
    owner: str
    side: str
    owner_user_id: int | None
    owner_contact_seq: int | None
    has_left: bool
    made_on: date
    first_due_on: date
    due_on: date
    renegotiated: int
    outcome_seq: int | None
    outcome: str | None
    from_alert: bool
    state: str
    ended_on: date | None
    ended_at: datetime | None
    result: str | None
    version: int

    def is_overdue(self, today: date) -> bool:
        """Whether it is open past its day."""
        return self.state == "open" and self.due_on < today

    @property
    def is_no_progress(self) -> bool:
        """Whether it was met too soon to count as progress."""
        return self.state == "met" and self.ended_on is not None and not is_progress(self.made_on, self.ended_on)


@dataclass(frozen=True, slots=True)
class CommitmentFilters:
    """What a list of commitments is narrowed to, each word empty where it is not.

    `whose`: "mine" or "team"; `state`: "open", "met" or "withdrawn"; `when` it is due: "overdue", "week" or "later";
    `side`: "ours" or "customer"; `serves`: "outcome" or "nothing"; `fields` are those of accounts.
    """

    whose: str = "mine"
    state: str = "open"
    when: str = ""
    side: str = ""
    serves: str = ""
    account_id: int | None = None
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def are_none(self) -> bool:
        """Whether nothing is left out of the open ones."""
        narrowed = self.when or self.side or self.serves or self.account_id is not None or self.fields
        return self.state == "open" and not narrowed


@dataclass(frozen=True, slots=True)
class CommitmentList:
    """A page of commitments; `after` is the cursor of the next one, None at the end."""

    rows: tuple[CommitmentView, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class CommitmentCounts:
    """Of a list of open ones how many there are, are overdue, and serve no outcome; `has_more` beyond a thousand."""

    open: int
    overdue: int
    serving_nothing: int
    has_more: bool


def list_commitments(
    filters: CommitmentFilters, *, actor: Actor, today: date, after: str = "", limit: int = PAGE
) -> CommitmentList:
    """Return the page of commitments after a cursor: open ones by their day, others the last to end first.

    `whose` is "mine", or "team" for all that the actor may see. Closed accounts ask for nothing. By at most two
    statements. Raises OperationRefused for a field of accounts that there is not.
    """
    refuse_if(filter_reasons(filters.fields))
    scope, is_open = get_scope(filters.fields, actor=actor), filters.state == "open"
    key, sort = (_DUE, "due") if is_open else (_ENDED, "ended")
    if scope.is_empty:
        return CommitmentList((), None)
    cursor = read_cursor(after, sort, (date, int, int))
    conditions = _conditions(filters, scope, actor, today)
    if cursor is not None:
        conditions.append(beyond(key, cursor.values, descending=not is_open))
    rows = _rows(select(*key).where(*conditions).order_by(*_order(key, scope, is_open)).limit(limit + 1), key, is_open)
    last = rows[limit - 1] if len(rows) > limit else None
    place = (last.due_on if is_open else last.ended_on, last.account_id, last.seq) if last else ()
    return CommitmentList(tuple(rows[:limit]), Cursor(sort, place).text if last else None)


def count_commitments(filters: CommitmentFilters, *, actor: Actor, today: date) -> CommitmentCounts:
    """Count a list of commitments, up to a thousand of them, by at most two statements."""
    scope = get_scope(filters.fields, actor=actor)
    if scope.is_empty:
        return CommitmentCounts(0, 0, 0, has_more=False)
    conditions = _conditions(filters, scope, actor, today)
    some = select(Commitment.due_on, Commitment.outcome_seq).where(*conditions).limit(COUNTED_AT_MOST + 1).subquery()
    overdue = func.count().filter(some.c.due_on < today)
    found = db.session.execute(
        select(func.count(), overdue, func.count().filter(some.c.outcome_seq.is_(None))).select_from(some)
    )
    total, late, nothing = found.one()
    return CommitmentCounts(min(total, COUNTED_AT_MOST), late, nothing, has_more=total > COUNTED_AT_MOST)


def list_open_commitments(account_id: int) -> tuple[CommitmentView, ...]:
    """Return the open commitments of an account, the first to be due first, by one statement.

    The caller has made sure that the account may be seen.
    """
    query = select(*_DUE).where(OPEN_COMMITMENT, Commitment.account_id == account_id).order_by(*_DUE)
    return tuple(_rows(query, _DUE, is_open=True))


def list_my_week(*, actor: Actor, today: date, limit: int) -> CommitmentList:
    """Return the actor's own commitments that are overdue or due within seven days, the first to be due first."""
    scope = get_scope({}, actor=actor)
    if scope.is_empty:
        return CommitmentList((), None)
    mine = _conditions(CommitmentFilters(), scope, actor, today)
    query = select(*_DUE).where(*mine, Commitment.due_on <= today + WEEK).order_by(*_DUE).limit(limit + 1)
    rows = _rows(query, _DUE, is_open=True)
    return CommitmentList(tuple(rows[:limit]), "more" if len(rows) > limit else None)


def get_commitment(account_id: int, seq: int, *, actor: Actor) -> CommitmentView:
    """Return one commitment by two statements. Raises NotFound if there is none, or the account is another team's."""
    account = db.session.execute(select(Account.team_id).where(Account.id == account_id)).first()
    if account is None or not may(actor, Action.SEE, account.team_id) or not 0 < seq < 2**31:
        raise NotFound("commitment")
    mine = (Commitment.account_id == account_id, Commitment.seq == seq)
    rows = _rows(select(*_DUE).where(*mine), _DUE, is_open=True)
    if not rows:
        raise NotFound("commitment")
    return rows[0]


def _conditions(filters: CommitmentFilters, scope: Scope, actor: Actor, today: date) -> list[ColumnElement[bool]]:
    found = [OPEN_COMMITMENT if filters.state == "open" else ENDED_COMMITMENT, *scope.conditions(Commitment.account_id)]
    if filters.state == "open":
        found += [_of_account_on_its_way(), *_when(filters.when, today)]
    else:
        found.append((func.coalesce(Commitment.state, "") if scope.is_small else Commitment.state) == filters.state)
    if filters.account_id is not None:
        found.append(Commitment.account_id == filters.account_id)
    if filters.whose == "mine":
        found.append(Commitment.owner_user_id == actor.user_id)
    if filters.side:
        found.append(
            Commitment.owner_contact_seq.is_(None) if filters.side == "ours" else Commitment.owner_user_id.is_(None)
        )
    if filters.serves:
        serves = Commitment.outcome_seq.is_not(None)
        found.append(serves if filters.serves == "outcome" else ~serves)
    return found


def _of_account_on_its_way() -> ColumnElement[bool]:
    """A closed account asks nobody for anything."""
    return ~select(Account.id).where(Account.id == Commitment.account_id, Account.status == "closed").exists()


def _when(when: str, today: date) -> Sequence[ColumnElement[bool]]:
    day = Commitment.due_on
    return {"overdue": (day < today,), "week": (day >= today, day <= today + WEEK), "later": (day > today + WEEK,)}.get(
        when, ()
    )


def _order(key: Sequence[Any], scope: Scope, is_open: bool) -> list[Any]:
    """The order of a list; where the accounts are few, hidden from the index that must not lead the way."""
    first = func.coalesce(key[0], date.max) if scope.is_small else key[0]
    return [column if is_open else column.desc() for column in (first, *key[1:])]


def _rows(page: Any, key: Sequence[Any], is_open: bool) -> list[CommitmentView]:
    """The commitments of a page of keys, with what they say of others, in the order of the page."""
    keys = page.subquery()
    outcome = and_(Outcome.account_id == Commitment.account_id, Outcome.seq == Commitment.outcome_seq)
    contact = and_(Contact.account_id == Commitment.account_id, Contact.seq == Commitment.owner_contact_seq)
    account = aliased(Account)
    is_of_team = (TeamMember.user_id == Commitment.owner_user_id, TeamMember.team_id == account.team_id)
    is_theirs = select(TeamMember.user_id).where(*is_of_team).exists() | (func.coalesce(account.owner_id, 0) == User.id)
    left = case(
        (Commitment.owner_user_id.is_(None), Contact.left_on.is_not(None)),
        else_=or_(User.disabled_at.is_not(None), ~is_theirs),
    )
    query: Any = (
        select(Commitment, account.name.label("account"), Outcome.statement, left.label("has_left"))
        .join(keys, and_(keys.c.account_id == Commitment.account_id, keys.c.seq == Commitment.seq))
        .join(account, account.id == Commitment.account_id)
        .outerjoin(Outcome, outcome)
        .outerjoin(Contact, contact)
        .outerjoin(User, User.id == Commitment.owner_user_id)
        .order_by(*(column if is_open else column.desc() for column in key))
    )
    return [_view(row) for row in db.session.execute(query)]


def _view(row: Any) -> CommitmentView:
    one: Commitment = row.Commitment
    told = ("account", "owner", "side", "has_left", "outcome", "from_alert")
    same = {name: getattr(one, name) for name in CommitmentView.__slots__ if name not in told}
    return CommitmentView(
        **same,
        account=row.account,
        owner=one.owner_name,
        side="ours" if one.owner_user_id is not None else "customer",
        has_left=bool(row.has_left),
        outcome=row.statement,
        from_alert=one.alert_id is not None,
    )
