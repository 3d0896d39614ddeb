"""Dossiers of many accounts at once: read by a constant number of statements, written by as few."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.journey.timeline import Standing as Stand
from changetrack.domain.people import Actor
from changetrack.models import Account, Alert, Evidence, Hold, Journey, Proposal, Standing, Visit
from changetrack.operations._audience import Audience, Reach
from changetrack.operations._bulk import table_of, update_rows
from changetrack.operations._dossier import Ahead, Dossier, cell_state
from changetrack.operations._origins import came_by_file
from changetrack.operations._rulebook import load_rulebook
from changetrack.operations._standings import stand_of
from changetrack.operations._writes import Writes
from changetrack.queries.work_calendars import load_calendars

_LEFT_OUT = frozenset({
    "name_key", "industry_key", "attributes", "created_at", "version", "planned_users", "self_attested", "started_on",
    "review_on",
})  # fmt: skip  # columns of an account that the night has no use for
_WRITTEN = (
    "id", "supported_step", "stale", "severity", "due_on", "standing_seq", "standing_on", "event_seq", "event_hash",
    "held_workdays", "customer_held_workdays", "updated_at",
)  # fmt: skip
_COLUMNS = [column for column in table_of(Account).columns if column.key not in _LEFT_OUT]
_UNWRITTEN = SimpleNamespace(judged_by={}, opened_on=None)


@dataclass(slots=True)
class Page:
    """Accounts whose rows are locked, with their dossiers in order; they share what they write."""

    session: scoped_session[Session]
    dossiers: list[Dossier]
    writes: Writes
    _by_file: Mapping[int, date] | None = None

    def came_by_file(self, dossier: Dossier) -> date | None:
        """When a file told of an account's visit, if nobody has worked on it since; looked up once for all."""
        if self._by_file is None:
            ids = [each.account.id for each in self.dossiers]
            self._by_file = came_by_file(self.session, ids, dossier.audience.reach.zone)
        return self._by_file.get(dossier.account.id)

    def write(self, touched: Iterable[Dossier]) -> None:
        """Write what was decided about these accounts."""
        self.session.flush()
        rows = [{name: getattr(dossier.account, name) for name in _WRITTEN} for dossier in touched]
        update_rows(self.session, Account, ("id",), rows)
        self.writes.write(self.session)


def open_page(
    session: scoped_session[Session],
    which: Sequence[ColumnElement[bool]],
    *,
    order: Sequence[Any],
    limit: int,
    actor: Actor,
    now: datetime,
    today: date,
    reach: Reach | None,
) -> Page:
    """Lock up to `limit` accounts in that order, but for those that somebody else is at, and load their dossiers."""
    query = select(*_COLUMNS).where(*which).order_by(*order).limit(limit)
    rows = session.execute(query.with_for_update(skip_locked=True))
    accounts = [SimpleNamespace(**row._mapping) for row in rows]
    page = Page(session, [], Writes())
    if not accounts:
        return page
    found, audience, calendars = _Found(session, accounts), Audience(session, reach), load_calendars()
    audience.learn_teams({account.team_id for account in accounts if account.team_id is not None})
    audience.learn_people({account.owner_id for account in accounts if account.owner_id is not None})
    versions = {version for journey in found.journeys.values() for version in journey.judged_by.values()}
    rulebook = load_rulebook(session, versions, today)
    judgements: dict[Any, Any] = {}  # accounts with the same evidence are judged once
    for account in accounts:
        page.dossiers.append(
            Dossier(
                session=session,
                account=cast(Account, account),
                journey=cast(Journey, found.journeys.get(account.id, _UNWRITTEN)),
                visit=cast(Visit, None),
                proposal=found.proposals.get(account.id),
                rulebook=rulebook,
                audience=audience,
                calendar=calendars.of(account.calendar_id, account.blackout_days),
                evidence=found.evidence[account.id],
                actor=actor,
                now=now,
                today=today,
                before=cell_state(cast(Account, account)),
                writes=page.writes,
                judgements=judgements,
                ahead=Ahead(
                    found.alerts.get(account.id),
                    found.believed[account.id],
                    found.excepted.get(account.id, {}),
                    found.holds.get(account.id, ()),
                ),
            )
        )
    return page


class _Found:
    """What there is of these accounts in other tables, by account."""

    def __init__(self, session: scoped_session[Session], accounts: Sequence[Any]) -> None:
        self._session = session
        self._ids = [account.id for account in accounts]
        self.journeys = {row.account_id: row for row in self._rows(Journey)}
        open_ones = select(Proposal).where(Proposal.account_id.in_(self._ids), Proposal.state == "open")
        self.proposals = {proposal.account_id: proposal for proposal in session.scalars(open_ones)}
        self.evidence: defaultdict[int, list[Evidence]] = defaultdict(list)
        for row in self._rows(Evidence):
            self.evidence[row.account_id].append(cast(Evidence, row))
        self.alerts = self._alerts([account.id for account in accounts if account.stale])
        self.believed = self._believed(accounts)
        self.excepted = self._excepted()
        self.holds = self._holds([account.id for account in accounts if account.held_days])

    def _rows(self, model: type[Journey] | type[Evidence]) -> Iterable[Any]:
        table = table_of(model)
        mine = select(table).where(table.c.account_id.in_(self._ids))
        return self._session.execute(mine.order_by(*table.primary_key.columns))

    def _alerts(self, stale: Sequence[int]) -> dict[int, Alert]:
        query = select(Alert).where(Alert.account_id.in_(stale), Alert.state != "resolved")
        return {alert.account_id: alert for alert in self._session.scalars(query)} if stale else {}

    def _believed(self, accounts: Sequence[Any]) -> dict[int, list[Stand]]:
        """The standings from an account's newest on, and the one in force just before."""
        table = table_of(Standing)
        mine = select(table).where(table.c.account_id.in_(self._ids), table.c.superseded_at.is_(None))
        rows: defaultdict[int, list[Any]] = defaultdict(list)
        for row in self._session.execute(mine.order_by(table.c.account_id, table.c.effective_on, table.c.seq)):
            rows[row.account_id].append(row)
        return {account.id: _newest(rows[account.id], account.standing_on) for account in accounts}

    def _holds(self, held: Sequence[int]) -> dict[int, list[tuple[date, date]]]:
        found: dict[int, list[tuple[date, date]]] = defaultdict(list)
        if held:
            over = (Hold.account_id.in_(held), Hold.resumed_on.is_not(None))
            for row in self._session.execute(select(Hold.account_id, Hold.held_on, Hold.resumed_on).where(*over)):
                found[row.account_id].append((row.held_on, row.resumed_on))
        return found

    def _excepted(self) -> dict[int, dict[str, date]]:
        query = (
            select(Visit.account_id, Visit.missing, Visit.exception_ends_on)
            .where(Visit.account_id.in_(self._ids), Visit.exception_ends_on.is_not(None))
            .order_by(Visit.account_id, Visit.seq)
        )
        found: dict[int, dict[str, date]] = defaultdict(dict)
        for account_id, missing, ends_on in self._session.execute(query):
            found[account_id].update(dict.fromkeys(missing, ends_on))
        return found


def _newest(rows: Sequence[Any], since: date) -> list[Stand]:
    """The standings from that day on, and the one in force just before."""
    before = [row.effective_on for row in rows if row.effective_on < since]
    return [stand_of(row) for row in rows if not before or row.effective_on >= before[-1]]
