"""What leaves as a file: accounts, their history, their events, their use, streamed in one fixed order."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import and_, func, literal_column, select

from changetrack.domain.funnel import CLOSED, HELD, PLACE_KEYS
from changetrack.domain.journey.chronicle import RESUMED, Parking, Record, Stay, on_record
from changetrack.domain.money import in_plain_figures
from changetrack.models import Account, Calendar, Event, Hold, Team, User, Visit, db
from changetrack.queries.export_commitments import export_commitments
from changetrack.queries.export_ledger import export_ledger
from changetrack.queries.export_outcomes import export_outcomes
from changetrack.queries.export_tables import Column, Export, account_pages
from changetrack.queries.export_usage import export_usage

RECORD = ("external_id", "name", "organization", "product", "segment", "region", "industry", "tier")


def export_accounts() -> Export:
    """Every account by external id, with the columns of an import; its attributes follow by name."""
    attributes = _attribute_names()
    columns = (
        *(Column(name) for name in (*RECORD, "team", "owner_email")),
        *(Column("started_on", "date"), Column("step"), Column("step_entered_on", "date")),
        *(Column("annual_value"), Column("currency"), Column("planned_users", "int"), Column("calendar")),
        *(Column(name) for name in attributes),
    )
    query = (
        select(Account, Team.name, User.email, Hold.held_on, Visit.left_on, Calendar.name)
        .outerjoin(Team, Team.id == Account.team_id)
        .outerjoin(User, User.id == Account.owner_id)
        .outerjoin(Calendar, Calendar.id == Account.calendar_id)
        .outerjoin(Hold, and_(Hold.account_id == Account.id, Hold.resumed_on.is_(None)))
        .outerjoin(Visit, and_(Visit.account_id == Account.id, Visit.seq == Account.visit_seq))
    )
    return Export(columns, (_account_cells(attributes, *row) for page in account_pages(query) for row in page))


def export_history() -> Export:
    """Where every account stood since when, by external id and day, as an import reads it."""
    columns = (Column("external_id"), Column("step"), Column("entered_on", "date"), Column("reason"))
    return Export(columns, _history_rows())


def export_events() -> Export:
    """Every event of every account, by external id and number, with its field diff and its hash."""
    columns = (
        *(Column("external_id"), Column("seq", "int"), Column("kind"), Column("actor"), Column("effective_on", "date")),
        *(Column("recorded_at", "moment"), Column("changes", "json"), Column("note"), Column("hash")),
    )
    names = [column.name for column in columns[1:]]
    query = select(Account.external_id, *(getattr(Event, name) for name in names)).join(
        Account, Account.id == Event.account_id
    )
    return Export(columns, (tuple(row) for page in account_pages(query, Event.seq) for row in page))


EXPORTS: Mapping[str, Callable[[], Export]] = {
    "accounts": export_accounts,
    "history": export_history,
    "outcomes": export_outcomes,
    "ledger": export_ledger,
    "commitments": export_commitments,
    "events": export_events,
    "usage": export_usage,
}


def _attribute_names() -> list[str]:
    """The names of all attributes that any account has, in order."""
    if db.engine.dialect.name == "postgresql":
        names = select(func.json_object_keys(Account.attributes)).distinct()
    else:
        each = func.json_each(Account.attributes).table_valued("key", name="each")
        names = select(each.c.key).select_from(Account).join(each, literal_column("true")).distinct()
    return sorted(set(db.session.scalars(names)))


def _account_cells(
    attributes: Sequence[str],
    account: Account,
    team: str | None,
    owner: str | None,
    held_on: date | None,
    left_on: date | None,
    calendar: str | None,
) -> tuple[Any, ...]:
    value = None
    if account.annual_value is not None and account.currency is not None:
        value = in_plain_figures(account.annual_value, account.currency)
    since = {HELD: held_on, CLOSED: left_on}.get(account.place) or account.step_entered_on
    return (
        *(getattr(account, name) for name in RECORD),
        *(team, owner, account.started_on, PLACE_KEYS[account.place], since, value, account.currency),
        *(account.planned_users, calendar),
        *(account.attributes.get(name) for name in attributes),
    )


def _history_rows() -> Iterator[tuple[Any, ...]]:
    for page in account_pages(select(Account.external_id, Account.id)):
        visits, holds = (_by_account(model, [row.id for row in page]) for model in (Visit, Hold))
        for external_id, account_id in page:
            step = ""
            for record in _records(visits[account_id], holds[account_id]):
                if record.place < HELD and record.place != RESUMED:
                    step = PLACE_KEYS[record.place]
                place = step if record.place == RESUMED else PLACE_KEYS[record.place]
                yield external_id, place, record.on, record.reason


def _by_account(model: type[Visit] | type[Hold], ids: Sequence[int]) -> defaultdict[int, list[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    table = model.__table__
    for row in db.session.execute(select(table).where(model.account_id.in_(ids)).order_by(*table.primary_key)):
        found[row.account_id].append(row)
    return found


def _records(visits: Sequence[Any], holds: Sequence[Any]) -> list[Record]:
    stays = [Stay(v.step, v.kind, v.entered_on, v.reason, v.note, v.left_on, v.left_kind, was=v.seq) for v in visits]
    parkings = [Parking(h.held_on, h.reason, h.resumed_on, was=h.seq) for h in holds]
    told = {v.seq: v.note if v.reason == "other" and v.note else v.reason for v in visits}
    regressed = {v.seq for v in visits if v.kind == "regressed" and v.left_kind != "closed"}
    return [_with_reason(r, told, regressed) for r in on_record(stays, parkings)]


def _with_reason(record: Record, told: Mapping[int, str | None], regressed: set[int]) -> Record:
    """A going back and a closing carry the reason of their visit, in its own words if it has any; a hold its own."""
    if record.place == CLOSED or record.visit_seq in regressed:
        return replace(record, reason=told[record.visit_seq])
    return record
