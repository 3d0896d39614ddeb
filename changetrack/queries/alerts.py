"""Reads about staleness: what is due for the night, the inbox of alerts, and the counts beside their names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, literal_column, select, tuple_, union_all
from sqlalchemy.orm import aliased

from changetrack.domain.people import Actor, visible_teams
from changetrack.domain.refusal import NotFound
from changetrack.models import Account, Alert, Notification, Team, User, db
from changetrack.queries.alert_words import why_today
from changetrack.queries.keyset import Cursor, beyond, read_cursor
from changetrack.queries.messages import readable_messages

PAGE = 50
MOST_COUNTED = 1000
MOST_BADGED = 100
OPEN_STATES = ("firing", "acknowledged", "snoozed")
_INBOX, _RESOLVED = "alerts", "resolved"


@dataclass(frozen=True, slots=True)
class DueAccount:
    """An account that the night has to look at, and since when."""

    due_on: date
    account_id: int


@dataclass(frozen=True, slots=True)
class AlertReason:
    """Why an alert fired: the reason, since when, in words, and by which version of the rules."""

    code: str
    since: date
    why: str
    rule: str


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert with what one needs to know of its account; `stake` is in minor units of `currency`.

    `quiet`: it stems from an import, and nobody was told. `rank`: of its severity (0 the gravest), and the value by
    which alerts of one severity are ordered.
    """

    id: int
    version: int
    state: str
    severity: str
    rank: tuple[int, int]
    reasons: tuple[AlertReason, ...]
    quiet: bool
    raised_on: date
    account_id: int
    account: str
    organization: str | None
    product: str | None
    team_id: int | None
    team: str | None
    owner: str | None
    step: int
    claimed_step: int
    supported_step: int
    stake: int | None
    currency: str | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    next_step: str | None
    next_step_on: date | None
    snoozed_until: date | None
    snooze_reason: str | None
    snoozes: int
    resolved_at: datetime | None
    resolved_because: str | None


@dataclass(frozen=True, slots=True)
class AlertPage:
    """A page of alerts; `following` is the cursor of the next one, '' on the last."""

    alerts: tuple[AlertRow, ...]
    following: str


@dataclass(frozen=True, slots=True)
class Badges:
    """What waits for a person, each counted up to a hundred: firing alerts they may see, unread messages."""

    firing: int
    unread: int


def count_due_accounts(*, day: date) -> int:
    """Count the accounts that are due on `day`."""
    return db.session.scalar(select(func.count()).select_from(Account).where(Account.due_on <= day)) or 0


def list_due_accounts(*, day: date, after: DueAccount | None, limit: int) -> list[DueAccount]:
    """Return up to `limit` accounts due on `day`, longest due first, those after `after`: read from an index alone."""
    order: list[Any] = [Account.due_on, Account.id]
    due = select(*order).where(Account.due_on <= day)
    if after is not None:
        due = due.where(beyond(order, (after.due_on, after.account_id), descending=False))
    rows = db.session.execute(due.order_by(*order).limit(limit))
    return [DueAccount(due_on, account_id) for due_on, account_id in rows]


def list_alerts(*, actor: Actor, today: date, state: str, after: str = "", limit: int = PAGE) -> AlertPage:
    """Return a page of the alerts in one state that `actor` may see, by one statement.

    Open ones come by severity, then by value at stake, resolved ones newest first; an account has one open alert,
    which carries all its reasons.
    """
    in_scope = _alerts().where(*_in(state), *_scope(actor))
    ordered = _resolved_from(in_scope, after) if state == "resolved" else _inbox_from(in_scope, after)
    rows = db.session.execute(ordered.limit(limit + 1)).all()
    shown = tuple(_row(row, today) for row in rows[:limit])
    return AlertPage(shown, _cursor_after(shown[-1]).text if len(rows) > limit else "")


def get_alert(alert_id: int, *, actor: Actor, today: date) -> AlertRow:
    """Return one alert, an open one in today's words. Raises NotFound for one that `actor` may not see."""
    row = db.session.execute(_alerts().where(Alert.id == alert_id, *_scope(actor))).first()
    if row is None:
        raise NotFound("There is no such alert.")
    return _row(row, today)


def count_alerts(*, actor: Actor) -> dict[str, int]:
    """Count the open alerts that `actor` may see in each state, up to a thousand, by one statement."""
    counts = [
        select(literal(state), _capped(select(Alert.id).where(*_in(state), *_scope(actor)), MOST_COUNTED))
        for state in OPEN_STATES
    ]
    rows: Any = db.session.execute(union_all(*counts))
    return {str(state): int(count) for state, count in rows}


def get_badges(*, actor: Actor) -> Badges:
    """Count what waits for `actor`, by one statement that reads a hundred rows of each at most."""
    firing = select(Alert.id).where(*_in("firing"), *_scope(actor))
    unread = select(Notification.key).where(*readable_messages(actor), Notification.read_at.is_(None))
    return Badges(*db.session.execute(select(_capped(firing, MOST_BADGED), _capped(unread, MOST_BADGED))).one())


_Owner, _Acknowledger = aliased(User), aliased(User)


def _alerts() -> Select[Any]:
    columns: list[Any] = [Alert, Account, Team.name, _Owner.name, _Acknowledger.name]
    return (
        select(*columns)
        .join(Account, Account.id == Alert.account_id)
        .outerjoin(Team, Team.id == Account.team_id)
        .outerjoin(_Owner, _Owner.id == Account.owner_id)
        .outerjoin(_Acknowledger, _Acknowledger.id == Alert.acknowledged_by)
    )


def _in(state: str) -> Sequence[ColumnElement[bool]]:
    """The alerts in one state; the second condition is written out, so that SQLite sees which index holds them."""
    is_open = Alert.state != literal_column("'resolved'")
    return (Alert.state == state,) if state == "resolved" else (Alert.state == state, is_open)


def _scope(actor: Actor) -> Sequence[ColumnElement[bool]]:
    """The alerts of the teams that `actor` sees: by the alert, for the index, and by the account, which decides."""
    teams = visible_teams(actor)
    if teams is None:
        return ()
    own = select(Account.id).where(Account.id == Alert.account_id, Account.team_id.in_(teams)).correlate(Alert)
    return (Alert.team_id.in_(teams), own.exists())


def _inbox_from(query: Select[Any], after: str) -> Select[Any]:
    order: list[Any] = [Alert.severity_rank, Alert.stake_rank, Alert.id]
    cursor = read_cursor(after, _INBOX, (int, int, int))
    if cursor is not None:
        severity, stake, alert_id = cursor.values
        query = query.where(beyond(order, (severity, -stake, alert_id), descending=False))
    return query.order_by(*order)


def _resolved_from(query: Select[Any], after: str) -> Select[Any]:
    cursor = read_cursor(after, _RESOLVED, (int,))
    if cursor is not None:
        last = aliased(Alert)
        when = select(last.resolved_at).where(last.id == cursor.values[0]).scalar_subquery()
        query = query.where(tuple_(Alert.resolved_at, Alert.id) < tuple_(when, literal(cursor.values[0])))
    return query.order_by(Alert.resolved_at.desc(), Alert.id.desc())


def _cursor_after(alert: AlertRow) -> Cursor:
    if alert.state == "resolved":
        return Cursor(_RESOLVED, (alert.id,))
    return Cursor(_INBOX, (*alert.rank, alert.id))


def _capped(query: Select[Any], most: int) -> Any:
    return select(func.count()).select_from(query.limit(most).subquery()).scalar_subquery()


def _row(row: Any, today: date) -> AlertRow:
    alert, account, team, owner, acknowledger = row
    told_on = None if alert.state == "resolved" else today
    return AlertRow(
        id=alert.id,
        version=alert.version,
        state=alert.state,
        severity=alert.severity,
        rank=(alert.severity_rank, -alert.stake_rank),
        reasons=tuple(_reason(code, said, told_on) for code, said in alert.reasons.items()),
        quiet=alert.quiet,
        raised_on=alert.raised_on,
        account_id=account.id,
        account=account.name,
        organization=account.organization,
        product=account.product,
        team_id=account.team_id,
        team=team,
        owner=owner,
        step=alert.step,
        claimed_step=account.claimed_step,
        supported_step=account.supported_step,
        stake=account.annual_value,
        currency=account.currency,
        acknowledged_at=alert.acknowledged_at,
        acknowledged_by=acknowledger,
        next_step=alert.next_step,
        next_step_on=alert.next_step_on,
        snoozed_until=alert.snoozed_until,
        snooze_reason=alert.snooze_reason,
        snoozes=alert.snoozes,
        resolved_at=alert.resolved_at,
        resolved_because=alert.resolved_because,
    )


def _reason(code: str, said: Any, today: date | None) -> AlertReason:
    """A stored reason, in the words of `today`, or as it was last said."""
    why = said["why"] if today is None else why_today(code, said, today)
    return AlertReason(code, date.fromisoformat(said["since"]), why, str(said["rule"]))
