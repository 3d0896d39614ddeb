"""Reads about staleness: what is due for the night, the inbox of alerts, and the counts beside their names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, literal_column, select, tuple_, union_all
from sqlalchemy.orm import aliased

from changetrack.domain.people import Actor, visible_teams
from changetrack.domain.refusal import NotFound
from changetrack.domain.staleness import REASONS
from changetrack.models import OPEN_ALERT, Account, Alert, Notification, db
from changetrack.queries.alert_rows import AlertRow, alert_row, select_alerts
from changetrack.queries.keyset import Cursor, beyond, read_cursor
from changetrack.queries.messages import readable_messages

PAGE = 50
MOST_COUNTED = 1000
MOST_BADGED = 100
OPEN_STATES = ("firing", "acknowledged", "snoozed")
SEVERITIES = {"critical": 0, "warning": 1, "notice": 2}
UNDECIDED = "decide"
"""What stands for a state in lists: the firing alerts that came up to the executives, and wait for their decision."""

_INBOX, _RESOLVED = "alerts", "resolved"
# As the partial indexes say them, to the letter: only so SQLite sees that they apply.
_IS_UNDECIDED: ColumnElement[bool] = literal_column(
    "alerts.state = 'firing' and alerts.rung = 4 and alerts.decision is null"
)


@dataclass(frozen=True, slots=True)
class DueAccount:
    """An account that the night has to look at, and since when."""

    due_on: date
    account_id: int


@dataclass(frozen=True, slots=True)
class AlertFilters:
    """What a list of alerts is narrowed to: a severity, a reason, a team, or the accounts that the actor owns."""

    severity: str = ""
    reason: str = ""
    team_id: int | None = None
    mine: bool = False

    @property
    def are_none(self) -> bool:
        """Whether nothing is left out."""
        return not (self.severity or self.reason or self.team_id is not None or self.mine)


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


NO_FILTERS = AlertFilters()


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


def list_due_rungs(*, day: date, after: tuple[date, int] | None, limit: int) -> list[tuple[date, int]]:
    """Return up to `limit` alerts whose next rung is due on `day`, as (since when, number), those after `after`."""
    order: list[Any] = [Alert.rung_due_on, Alert.id]
    due = select(*order).where(Alert.rung_due_on <= day)
    if after is not None:
        due = due.where(beyond(order, after, descending=False))
    return [(due_on, alert_id) for due_on, alert_id in db.session.execute(due.order_by(*order).limit(limit))]


def list_alerts(
    *,
    actor: Actor,
    today: date,
    state: str,
    filters: AlertFilters = NO_FILTERS,
    after: str = "",
    limit: int = PAGE,
) -> AlertPage:
    """Return a page of the alerts in one state that `actor` may see, by one statement.

    Open ones come by severity, then by value at stake, resolved ones newest first; an account has one open alert,
    which carries all its reasons. The state “decide” are those that wait for an executive.
    """
    in_scope = select_alerts().where(*_in(state), *_scope(actor), *_narrowed(filters, actor))
    ordered = _resolved_from(in_scope, after) if state == "resolved" else _inbox_from(in_scope, after)
    rows = db.session.execute(ordered.limit(limit + 1)).all()
    shown = tuple(alert_row(row, today) for row in rows[:limit])
    return AlertPage(shown, _cursor_after(shown[-1]).text if len(rows) > limit else "")


def get_alert(alert_id: int, *, actor: Actor, today: date) -> AlertRow:
    """Return one alert, an open one in today's words. Raises NotFound for one that `actor` may not see."""
    row = db.session.execute(select_alerts().where(Alert.id == alert_id, *_scope(actor))).first()
    if row is None:
        raise NotFound("There is no such alert.")
    return alert_row(row, today)


def count_alerts(*, actor: Actor, filters: AlertFilters = NO_FILTERS) -> dict[str, int]:
    """Count the open alerts that `actor` may see in each state, and the undecided, up to a thousand each.

    One statement.
    """
    conditions = (*_scope(actor), *_narrowed(filters, actor))
    counts = [
        select(literal(state), _capped(select(Alert.id).where(*_in(state), *conditions), MOST_COUNTED))
        for state in (*OPEN_STATES, UNDECIDED)
    ]
    rows: Any = db.session.execute(union_all(*counts))
    return {str(state): int(count) for state, count in rows}


def get_badges(*, actor: Actor) -> Badges:
    """Count what waits for `actor`, by one statement that reads a hundred rows of each at most."""
    firing = select(Alert.id).where(*_in("firing"), *_scope(actor))
    unread = select(Notification.key).where(*readable_messages(actor), Notification.read_at.is_(None))
    return Badges(*db.session.execute(select(_capped(firing, MOST_BADGED), _capped(unread, MOST_BADGED))).one())


def _in(state: str) -> Sequence[ColumnElement[bool]]:
    """The alerts in one state; what the index holds is written out, so that SQLite sees that it does."""
    if state == UNDECIDED:
        return (_IS_UNDECIDED,)
    return (Alert.state == state,) if state == "resolved" else (Alert.state == state, OPEN_ALERT)


def _scope(actor: Actor) -> Sequence[ColumnElement[bool]]:
    """The alerts of the teams that `actor` sees: by the alert, for the index, and by the account, which decides."""
    teams = visible_teams(actor)
    if teams is None:
        return ()
    return (Alert.team_id.in_(teams), _of_account(Account.team_id.in_(teams)))


def _narrowed(filters: AlertFilters, actor: Actor) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.severity:
        found.append(Alert.severity_rank == SEVERITIES.get(filters.severity, -1))
    if filters.reason in REASONS:
        found.append(Alert.reasons[filters.reason].as_string().is_not(None))
    if filters.team_id is not None:
        found += [Alert.team_id == filters.team_id, _of_account(Account.team_id == filters.team_id)]
    if filters.mine:
        found.append(_of_account(Account.owner_id == actor.user_id))
    return found


def _of_account(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    account = select(Account.id).where(Account.id == Alert.account_id, condition)
    return account.correlate(Alert).exists()


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
