"""What needs a person today: stale accounts, promises that are due, words that are waited for, holds to look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import aliased

from changetrack.domain.money import minor_digits
from changetrack.domain.people import Action, Actor, may
from changetrack.models import (
    OPEN_ALERT,
    OPEN_COMMITMENT,
    OPEN_PROPOSAL,
    Account,
    Alert,
    Calendar,
    Commitment,
    Proposal,
    SignOff,
    User,
    db,
)
from changetrack.queries.alert_words import reasons_of
from changetrack.queries.work_calendars import is_calendar_of_account, work_calendar

READ_AT_MOST = 100  # alerts, the gravest and dearest: more than anybody can do in a day
LISTED_AT_MOST = 25  # of everything else
REVIEW_AHEAD = timedelta(days=7)
_SEVERITIES = {"critical": 3, "warning": 2, "notice": 1}
# As the partial indexes say it, to the letter: only so SQLite sees that they apply.
_Acknowledger = aliased(User)


@dataclass(frozen=True, slots=True)
class Need:
    """An account that needs somebody: why now, in words, and what is at stake (minor units of `currency`).

    `kind` is 'stale', 'expiring', 'promised', or 'done' where what was promised was done, and it is stale all the
    same; `reasons` are (code, why). `promise` and `promised_on` say what was announced to the customer and for when,
    `promised_by` who announced it, by name.
    """

    kind: str
    account_id: int
    account: str
    note: str
    step: int
    owner: str | None
    severity: str
    reasons: tuple[tuple[str, str], ...]
    since: date
    stake: int | None
    currency: str | None
    promise: str | None = None
    promised_on: date | None = None
    promised_by: str | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A proposal that waits for sign-offs: who made it and when, how many have signed, until when it stands."""

    account_id: int
    account: str
    from_step: int
    proposed_by: str
    proposed_on: date
    lapses_on: date
    signed: int
    note: str | None


@dataclass(frozen=True, slots=True)
class Review:
    """An account on hold that has to be looked at again."""

    account_id: int
    account: str
    review_on: date
    step: int
    owner: str | None


@dataclass(frozen=True, slots=True)
class Work:
    """All that needs a person. `needs` is one list, the weightiest first; `has_more` says that it is not all."""

    needs: tuple[Need, ...]
    expiring: tuple[Need, ...]
    to_sign: tuple[Waiting, ...]
    proposed: tuple[Waiting, ...]
    reviews: tuple[Review, ...]
    has_more: bool

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.needs or self.expiring or self.to_sign or self.proposed or self.reviews)


def owns_accounts(*, actor: Actor) -> bool:
    """Whether any account is the actor's own."""
    return db.session.scalar(select(Account.id).where(Account.owner_id == actor.user_id).limit(1)) is not None


def get_work(*, actor: Actor, today: date, only_mine: bool) -> Work:
    """Return what needs the actor on the accounts of their teams, or only on those they own, by five statements.

    Needs come by severity times value at stake, of whatever currency; a value that nobody wrote down counts as the
    middle one. Sign-offs are asked of everybody who may give one, whoever owns the account. Source: DOMAIN section 6.
    """
    scope: list[ColumnElement[bool]] = [Account.team_id.in_(actor.teams)]
    if only_mine:
        scope.append(Account.owner_id == actor.user_id)
    firing = _needs(actor, (*scope, Alert.state == "firing"), today)
    announced = (Alert.state != "firing", Alert.next_step_on <= today, ~_is_listed_as_kept(actor, today))
    due = _needs(actor, (*scope, *announced), today)
    needs = [n for n in (*firing, *due) if n.kind != "expiring"]
    weight = _weights(needs)
    return Work(
        needs=tuple(sorted(needs, key=lambda n: -weight[n.account_id])),
        expiring=tuple(n for n in firing if n.kind == "expiring"),
        to_sign=_waiting(_asked_of(actor), today),
        proposed=_waiting([Account.team_id.in_(actor.teams), Proposal.proposed_by == actor.user_id], today),
        reviews=_reviews(scope, today),
        has_more=READ_AT_MOST in (len(firing), len(due)),
    )


def _is_listed_as_kept(actor: Actor, today: date) -> ColumnElement[bool]:
    """Whether an alert's next step, or the one after it, is a commitment of the actor's own, or not overdue."""
    is_fine = or_(Commitment.owner_user_id == actor.user_id, Commitment.due_on >= today)
    kept = (Commitment.account_id == Alert.account_id, OPEN_COMMITMENT, is_fine)
    is_next = Commitment.made_at >= func.coalesce(Alert.acknowledged_at, Alert.raised_at)
    of_alert = select(Commitment.seq).where(*kept, Commitment.alert_id == Alert.id).correlate(Alert)
    after_it = select(Commitment.seq).where(*kept, is_next).correlate(Alert)
    return or_(of_alert.exists(), and_(_was_done(), after_it.exists()))


def _was_done() -> ColumnElement[bool]:
    """Whether an alert's next step is a commitment that was met."""
    of_alert = (Commitment.account_id == Alert.account_id, Commitment.alert_id == Alert.id)
    return select(Commitment.seq).where(*of_alert, Commitment.state == "met").correlate(Alert).exists()


def _needs(actor: Actor, conditions: Sequence[ColumnElement[bool]], today: date) -> list[Need]:
    columns: list[Any] = [Alert, Account.name, Account.organization, Account.product, Account.annual_value]
    query = (
        select(
            *columns,
            _was_done().label("was_done"),
            Account.currency,
            Account.blackout_days,
            Calendar,
            User.name.label("owner"),
            _Acknowledger.name.label("promised_by"),
        )
        .join(Account, Account.id == Alert.account_id)
        .outerjoin(_Acknowledger, _Acknowledger.id == Alert.acknowledged_by)
        .outerjoin(Calendar, is_calendar_of_account())
        .outerjoin(User, User.id == Account.owner_id)
        .where(OPEN_ALERT, Alert.team_id.in_(actor.teams), *conditions)
        .order_by(Alert.severity_rank, Alert.stake_rank, Alert.id)
        .limit(READ_AT_MOST)
    )
    return [_need(row, today) for row in db.session.execute(query)]


def _need(row: Any, today: date) -> Need:
    alert, reasons = row.Alert, reasons_of(row.Alert.reasons, today, work_calendar(row.Calendar, row.blackout_days))
    is_expiring = {code for code, _ in reasons} == {"evidence_expiring"}
    kind = "stale" if alert.state == "firing" else "done" if row.was_done else "promised"
    return Need(
        kind="expiring" if is_expiring and kind == "stale" else kind,
        account_id=alert.account_id,
        account=row.name,
        note=" · ".join(word for word in (row.organization, row.product) if word and not row.name.endswith(word)),
        step=alert.step,
        owner=row.owner,
        severity=alert.severity,
        reasons=reasons,
        since=alert.raised_on,
        stake=row.annual_value,
        currency=row.currency,
        promise=None if kind == "stale" else alert.next_step,
        promised_on=None if kind == "stale" else alert.next_step_on,
        promised_by=None if kind == "stale" else row.promised_by,
    )


def _weights(needs: Sequence[Need]) -> Mapping[int, float]:
    """Severity times value of each account."""
    values = {n.account_id: n.stake / 10 ** minor_digits(n.currency) for n in needs if n.stake and n.currency}
    middle = median(values.values()) if values else 1.0
    return {n.account_id: _SEVERITIES[n.severity] * values.get(n.account_id, middle) for n in needs}


def _asked_of(actor: Actor) -> list[ColumnElement[bool]]:
    """The proposals that the actor may sign and has not."""
    teams = [team for team in actor.teams if may(actor, Action.SIGN_OFF, team)]
    has_signed = (
        select(SignOff.seq)
        .where(
            SignOff.account_id == Proposal.account_id,
            SignOff.proposal_seq == Proposal.seq,
            SignOff.user_id == actor.user_id,
        )
        .exists()
    )
    return [Account.team_id.in_(teams), Proposal.proposed_by != actor.user_id, ~has_signed]


def _waiting(conditions: Sequence[ColumnElement[bool]], today: date) -> tuple[Waiting, ...]:
    """Open proposals that still stand, the first to lapse first."""
    signed = (
        select(func.count())
        .select_from(SignOff)
        .where(SignOff.account_id == Proposal.account_id, SignOff.proposal_seq == Proposal.seq)
        .scalar_subquery()
    )
    query = (
        select(Proposal, Account.name, User.name.label("proposer"), signed.label("signed"))
        .join(Account, Account.id == Proposal.account_id)
        .join(User, User.id == Proposal.proposed_by)
        .where(OPEN_PROPOSAL, Proposal.lapses_on > today, *conditions)
        .order_by(Proposal.lapses_on, Proposal.account_id)
        .limit(LISTED_AT_MOST)
    )
    return tuple(
        Waiting(
            account_id=row.Proposal.account_id,
            account=row.name,
            from_step=row.Proposal.from_step,
            proposed_by=row.proposer,
            proposed_on=row.Proposal.proposed_on,
            lapses_on=row.Proposal.lapses_on,
            signed=row.signed,
            note=row.Proposal.note,
        )
        for row in db.session.execute(query)
    )


def _reviews(scope: Sequence[ColumnElement[bool]], today: date) -> tuple[Review, ...]:
    query = (
        select(Account.id, Account.name, Account.review_on, Account.claimed_step, User.name.label("owner"))
        .outerjoin(User, User.id == Account.owner_id)
        .where(*scope, Account.review_on <= today + REVIEW_AHEAD)
        .order_by(Account.review_on, Account.id)
        .limit(LISTED_AT_MOST)
    )
    rows = db.session.execute(query)
    return tuple(Review(row.id, row.name, row.review_on, row.claimed_step, row.owner) for row in rows)
