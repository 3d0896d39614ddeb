"""Dossiers of many accounts at once: read by a constant number of statements, written by as few."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.people import Actor
from changetrack.models import (
    OPEN_ALERT,
    OPEN_PROPOSAL,
    Account,
    Alert,
    Evidence,
    Hold,
    Journey,
    Proposal,
    Standing,
    Visit,
)
from changetrack.operations._audience import Audience, Reach
from changetrack.operations._bulk import table_of, update_rows
from changetrack.operations._dossier import Ahead, Dossier, cell_state
from changetrack.operations._origins import came_by_file
from changetrack.operations._rulebook import load_rulebook
from changetrack.operations._writes import Writes
from changetrack.queries.work_calendars import load_calendars

_LEFT_OUT = frozenset({
    "name_key", "industry_key", "attributes", "created_at", "version", "self_attested", "started_on", "review_on",
})  # fmt: skip  # columns of an account that the night has no use for
_WRITTEN = (
    "id", "supported_step", "stale", "severity", "due_on", "standing_seq", "standing_on", "event_seq", "event_hash",
    "held_workdays", "customer_held_workdays", "progress_on", "updated_at",
)  # fmt: skip
_COLUMNS = [column for column in table_of(Account).columns if column.key not in _LEFT_OUT]
_EVIDENCE = (
    "account_id", "seq", "point", "kind", "passes", "effective_on", "expires_on", "contact_seq", "hand", "retracted_on",
    "retracted_at", "retracted_because",
)  # fmt: skip
_RETRACTED = ("account_id", "seq", "retracted_on", "retracted_at", "retracted_because")
_BLANK = dict.fromkeys(table_of(Journey).columns.keys())
_UNWRITTEN = SimpleNamespace(**_BLANK | {"judged_by": {}, "roles_not_applicable": []})


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

    def write(self, touched: Sequence[Dossier], *more: str) -> None:
        """Write what was decided about these accounts, and `more` of their columns."""
        self.session.flush()
        retracted = [
            {name: getattr(row, name) for name in _RETRACTED}
            for dossier in touched
            if dossier.records_changed
            for row in dossier.evidence
            if row.retracted_at == dossier.now
        ]
        update_rows(self.session, Evidence, ("account_id", "seq"), retracted)
        names = (*_WRITTEN, *more)
        rows = [{name: getattr(dossier.account, name) for name in names} for dossier in touched]
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
        self.journeys = {row.account_id: row for row in self._rows(Journey, table_of(Journey).columns.keys())}
        open_ones = select(Proposal).where(Proposal.account_id.in_(self._ids), OPEN_PROPOSAL)
        self.proposals = {proposal.account_id: proposal for proposal in session.scalars(open_ones)}
        self.evidence: defaultdict[int, list[Evidence]] = defaultdict(list)
        for row in self._rows(Evidence, _EVIDENCE):
            evidence = SimpleNamespace(**dict(zip(_EVIDENCE, row, strict=True)))  # a row cannot be retracted
            self.evidence[evidence.account_id].append(cast(Evidence, evidence))
        self.alerts = self._alerts([account.id for account in accounts if account.stale])
        self.believed = self._believed()
        self.excepted = self._excepted()
        self.holds = self._holds([account.id for account in accounts if account.held_days])

    def _rows(self, model: type[Journey] | type[Evidence], names: Iterable[str]) -> Iterable[Any]:
        table = table_of(model)
        mine = select(*(table.c[name] for name in names)).where(table.c.account_id.in_(self._ids))
        return self._session.execute(mine.order_by(*table.primary_key.columns))

    def _alerts(self, stale: Sequence[int]) -> dict[int, Alert]:
        query = select(Alert).where(Alert.account_id.in_(stale), OPEN_ALERT)
        return {alert.account_id: alert for alert in self._session.scalars(query)} if stale else {}

    def _believed(self) -> Mapping[int, list[Any]]:
        table = table_of(Standing)
        mine = select(table).where(table.c.account_id.in_(self._ids), table.c.superseded_at.is_(None))
        rows: defaultdict[int, list[Any]] = defaultdict(list)
        for row in self._session.execute(mine.order_by(table.c.account_id, table.c.effective_on, table.c.seq)):
            rows[row.account_id].append(row)
        return rows

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
