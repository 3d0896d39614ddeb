"""What leaves as a file: accounts, their history, their events, streamed in one fixed order."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import func, literal_column, select

from changetrack.domain.funnel import PLACE_KEYS
from changetrack.domain.journey.chronicle import RESUMED, Parking, Record, Stay, on_record
from changetrack.domain.money import in_plain_figures
from changetrack.models import Account, Event, Hold, Team, User, Visit, db

AT_ONCE = 1_000  # accounts read by one statement
RECORD = ("external_id", "name", "organization", "product", "segment", "region", "industry", "tier")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an export: its name and what kind of value stands in it (None may always stand there)."""

    name: str
    kind: Literal["text", "int", "flag", "date", "moment", "list", "json"] = "text"


@dataclass(frozen=True, slots=True)
class Export:
    """A table to write: its columns, and its rows in an order that depends on their content alone."""

    columns: tuple[Column, ...]
    rows: Iterator[Sequence[Any]]


def export_accounts() -> Export:
    """Every account by external id, with the columns of an import; its attributes follow by name."""
    attributes = _attribute_names()
    columns = (
        *(Column(name) for name in (*RECORD, "team", "owner_email")),
        *(Column("started_on", "date"), Column("step"), Column("step_entered_on", "date")),
        *(Column("annual_value"), Column("currency")),
        *(Column(name) for name in attributes),
    )
    query = (
        select(Account, Team.name, User.email)
        .outerjoin(Team, Team.id == Account.team_id)
        .outerjoin(User, User.id == Account.owner_id)
    )
    return Export(
        columns, (_account_cells(account, team, owner, attributes) for account, team, owner in _by_external_id(query))
    )


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
    return Export(columns, (tuple(row) for row in _by_external_id(query, Event.seq)))


EXPORTS: Mapping[str, Callable[[], Export]] = {
    "accounts": export_accounts,
    "history": export_history,
    "events": export_events,
}


def _by_external_id(query: Any, *order: Any) -> Iterator[Any]:
    """The rows of `query` in order of external id, some accounts at a time, so that memory stays flat."""
    last = ""
    while True:
        page = (
            select(Account.external_id).where(Account.external_id > last).order_by(Account.external_id).limit(AT_ONCE)
        )
        names = list(db.session.scalars(page))
        if not names:
            return
        between = Account.external_id.between(names[0], names[-1])
        yield from db.session.execute(query.where(between).order_by(Account.external_id, *order))
        db.session.expunge_all()
        last = names[-1]


def _attribute_names() -> list[str]:
    """The names of all attributes that any account has, in order."""
    if db.engine.dialect.name == "postgresql":
        names = select(func.json_object_keys(Account.attributes)).distinct()
    else:
        each = func.json_each(Account.attributes).table_valued("key", name="each")
        names = select(each.c.key).select_from(Account).join(each, literal_column("true")).distinct()
    return sorted(set(db.session.scalars(names)))


def _account_cells(account: Account, team: str | None, owner: str | None, attributes: Sequence[str]) -> tuple[Any, ...]:
    value = None
    if account.annual_value is not None and account.currency is not None:
        value = in_plain_figures(account.annual_value, account.currency)
    return (
        *(getattr(account, name) for name in RECORD),
        *(team, owner, account.started_on, PLACE_KEYS[account.place], account.step_entered_on, value, account.currency),
        *(account.attributes.get(name) for name in attributes),
    )


def _history_rows() -> Iterator[tuple[Any, ...]]:
    for external_id, account_id in _by_external_id(select(Account.external_id, Account.id)):
        step = "not_opened"
        for record in _records(account_id):
            if record.place != RESUMED:
                key = PLACE_KEYS[record.place]
                step = key if key not in ("held", "closed") else step
            yield external_id, step if record.place == RESUMED else key, record.on, record.reason


def _records(account_id: int) -> list[Record]:
    visits = db.session.scalars(select(Visit).where(Visit.account_id == account_id).order_by(Visit.seq)).all()
    holds = db.session.scalars(select(Hold).where(Hold.account_id == account_id).order_by(Hold.seq)).all()
    stays = [Stay(v.step, v.kind, v.entered_on, v.reason, v.note, v.left_on, v.left_kind, was=v.seq) for v in visits]
    reasons = {v.seq: v.reason if v.note is None or v.reason != "other" else v.note for v in visits}
    parkings = [Parking(h.held_on, h.reason, h.resumed_on, was=h.seq) for h in holds]
    regressed = {v.seq for v in visits if v.kind == "regressed"}
    return [_with_reason(r, reasons, regressed) for r in on_record(stays, parkings)]


def _with_reason(record: Record, reasons: Mapping[int, str | None], regressed: set[int]) -> Record:
    """A going back carries its visit's reason; a closing and a hold carry their own."""
    if record.reason is None and record.visit_seq in regressed:
        return Record(record.on, record.place, reasons[record.visit_seq], record.visit_seq, record.hold_seq)
    return record
