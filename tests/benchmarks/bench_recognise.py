"""A hundred thousand outcomes of half a year are recognised in a minute; one new reading costs its own outcome only."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

from flask import current_app
from sqlalchemy import Engine, MetaData, event, func, insert, select, text
from sqlalchemy.orm import Session, scoped_session
from sqlalchemy.sql import quoted_name

from changetrack.jobs._garbage import uncollected
from changetrack.jobs.job import Run
from changetrack.jobs.recognise_value import PAGE, recognise_together
from changetrack.models import WRITE, LedgerEntry, Metric, Model, Outcome, OutcomeStatement, Reading, UsageDaily, db
from changetrack.operations._bulk import insert_rows, table_of
from changetrack.operations.usage._touch import touch_outcomes
from changetrack.operations.value.recognition import recognise_account, settle_accounts
from changetrack.queries.outcomes_due import list_due_outcomes
from tests.benchmarks.floors import Finding, compared, undisturbed
from tests.benchmarks.originals import ACTOR
from tests.benchmarks.stage import Stage
from tests.clock import NOW, TODAY

OUTCOMES, FEW, WEEKS = 100_000, 1_000, 26
FIRST = TODAY - timedelta(weeks=WEEKS)
ATTESTED = FIRST + timedelta(weeks=3)
MINUTE = 60.0
SETTLED = TRIES = 100
A_WEEK = timedelta(weeks=1)


def measure(stages: tuple[Stage, ...]) -> Iterator[Finding]:
    """One reading among few and among many; half a year of all at once; the week after; what follows for a journey."""
    stage = stages[-1]
    accounts = min(stage.size, OUTCOMES)
    with stage.app.app_context():
        metric_id = _make_metric()
        _make(metric_id, range(1, FEW + 1), 1)
        _recognise(TODAY)
        among_few = _one_reading(stage.engine, metric_id, range(1, TRIES + 1))
        _make(metric_id, range(FEW + 1, accounts + 1), OUTCOMES // accounts)
        _tidy(stage.engine)
        made = db.session.scalar(select(func.count()).select_from(Outcome)) or 0
        taken = _recognise(TODAY)
        what = f"recognising {made:,} outcomes of {WEEKS} weeks ({stage.name})"
        yield Finding(f"{what}", f"{taken:.1f} s", "60 s", taken / MINUTE, 1.0)
        yield compared("… to reading and writing as many rows", taken, _bare(stage.engine))
        alone, together = _settled(), _settled_together()
        yield Finding("… what follows for a journey, an account alone", f"{alone * 1000:.1f} ms", "", 0.0)
        yield Finding("… an account among many", f"{together * 1000:.1f} ms", "", 0.0)
        among_many = _one_reading(stage.engine, metric_id, range(FEW + 1, FEW + TRIES + 1))
        yield Finding("… the week after", f"{_week_after(stage.engine, metric_id):.1f} s", "60 s", 0.0)
    what = f"one new reading among {made:,} outcomes to {FEW:,}"
    yield compared(what, among_many[0], among_few[0], 1.5)
    yield Finding(f"{what}: statements", str(among_many[1]), str(among_few[1]), among_many[1] / among_few[1], 1.0)


def _make_metric() -> int:
    db.session.execute(insert(Metric), [{
        "key": "orders", "name": "Orders", "unit": "orders", "aggregation": "sum", "created_at": NOW, "version": 1,
    }])  # fmt: skip
    db.session.commit()
    return db.session.scalars(select(Metric.id).where(Metric.key == "orders")).one()


def _make(metric_id: int, accounts: Sequence[int], each: int) -> None:
    """Outcomes agreed on half a year ago, attested to three weeks later, with a number of each week; all due."""
    for start in range(0, len(accounts), 5_000):
        part, session = accounts[start : start + 5_000], _writing()
        outcomes = [(account_id, seq) for account_id in part for seq in range(1, each + 1)]
        insert_rows(session, Outcome, [_outcome(account_id, seq, metric_id) for account_id, seq in outcomes])
        insert_rows(session, OutcomeStatement, [row for key in outcomes for row in _words(*key)])
        weeks = [(account_id, week) for account_id in part for week in range(WEEKS)]
        insert_rows(session, UsageDaily, [_use(account_id, metric_id, week) for account_id, week in weeks])
        session.commit()


def _outcome(account_id: int, seq: int, metric_id: int) -> dict[str, Any]:
    return {
        "account_id": account_id, "seq": seq, "beneficiary_seq": 1, "statement": "Orders leave the house.",
        "metric_id": metric_id, "period": "week", "threshold": Decimal(40), "rate": 10_000, "currency": "USD",
        "accrual": "flat", "confirm_after": 4, "lapse_after": 2, "restore_after": 4, "min_hold": 4,
        "attestation_valid_days": 400, "settle_lag_days": 0, "requires_attestation": True, "proposed_on": FIRST,
        "proposed_at": NOW, "proposed_by": "olu@example.com", "agreed_on": FIRST, "state": "agreed",
        "state_since": FIRST, "promised": 0, "probationary": 0, "realized": 0, "live": 0, "due_on": TODAY,
        "ledger_seq": 0, "version": 1,
    }  # fmt: skip


def _words(account_id: int, seq: int) -> Iterator[dict[str, Any]]:
    for number, (kind, day, valid_days) in enumerate((("agreed", FIRST, None), ("attested", ATTESTED, 400))):
        yield {
            "account_id": account_id, "seq": 2 * seq + number, "outcome_seq": seq, "kind": kind, "contact_seq": 1,
            "person_name": "Carla", "hand": "own", "given_on": day, "valid_days": valid_days, "recorded_on": day,
            "recorded_at": NOW, "recorded_by": "Carla",
        }  # fmt: skip


def _use(account_id: int, metric_id: int, week: int) -> dict[str, Any]:
    """A week in thirteen falls short."""
    day = FIRST + week * A_WEEK + timedelta(days=2)
    number = Decimal(30 if (account_id + week) % 13 == 0 else 45)
    row = {"account_id": account_id, "metric_id": metric_id, "day": day, "recorded_on": day}
    return {**row, "stated": number, "recorded_at": NOW}


def _run(day: date) -> Run:
    settings = current_app.extensions["changetrack.settings"]
    return Run(ACTOR, day, day, UTC, lambda: datetime.combine(day, NOW.timetz()), lambda _done, _of: None, settings)


def _recognise(day: date) -> float:
    """What the job does of all that is due, but for settling accounts one by one."""
    start = time.perf_counter()
    done = recognise_together(_run(day), 0, Counter())
    taken = time.perf_counter() - start
    if not done or _unrecognised(day):
        raise RuntimeError("not everything that was due has been recognised")
    return taken


def _unrecognised(day: date) -> int:
    left = select(func.count()).select_from(Outcome).where(Outcome.due_on <= day, Outcome.recognised_on != day)
    return db.session.scalar(left) or 0


def _settled() -> float:
    """How long it takes to settle one of the accounts from whose outcomes more follows."""
    ids = [due.account_id for due in list_due_outcomes(day=TODAY, after=None, limit=SETTLED)]
    taken = []
    for account_id in ids:
        start = time.perf_counter()
        recognise_account(account_id=account_id, actor=ACTOR, now=NOW, today=TODAY)
        taken.append(time.perf_counter() - start)
    return undisturbed(taken)


def _settled_together() -> float:
    """How long it takes for each account of a page."""
    ids = list(dict.fromkeys(due.account_id for due in list_due_outcomes(day=TODAY, after=None, limit=PAGE)))
    start = time.perf_counter()
    with uncollected():
        settle_accounts(account_ids=ids, actor=ACTOR, now=NOW, today=TODAY)
    return (time.perf_counter() - start) / len(ids)


def _make_due(engine: Engine, due_on: str) -> None:
    with engine.connect().execution_options(**{WRITE: True}) as connection:
        connection.execute(text(f"UPDATE outcomes SET due_on = {due_on}"))
        connection.commit()


def _one_reading(engine: Engine, metric_id: int, accounts: Sequence[int]) -> tuple[float, int]:
    """How long it takes, and how many statements, until a new number has become value; one account after the other."""
    _make_due(engine, "NULL")
    _tidy(engine)
    taken, statements, day = [], 0, TODAY + timedelta(days=2)
    for account_id in accounts:
        session = _writing()
        row = {"account_id": account_id, "metric_id": metric_id, "day": day, "recorded_on": day}
        insert_rows(session, UsageDaily, [{**row, "stated": Decimal(50), "recorded_at": NOW}])
        touch_outcomes(session, {(account_id, metric_id): day}, today=day)
        session.commit()
        with _counted(engine) as seen:
            start = time.perf_counter()
            (due,) = list_due_outcomes(day=day, after=None, limit=PAGE)
            recognise_account(account_id=due.account_id, actor=ACTOR, now=NOW, today=day)
            taken.append(time.perf_counter() - start)
        statements = max(statements, len(seen))
        _make_due_one(engine, account_id)
    return undisturbed(taken), statements


def _make_due_one(engine: Engine, account_id: int) -> None:
    """Nothing more is to be done about it."""
    with engine.connect().execution_options(**{WRITE: True}) as connection:
        connection.execute(text(f"UPDATE outcomes SET due_on = NULL WHERE account_id = {account_id}"))
        connection.commit()


def _week_after(engine: Engine, metric_id: int) -> float:
    """All that is due once another week is over, whose numbers have come."""
    wednesday, session = TODAY + timedelta(days=2), _writing()
    ids = session.scalars(select(Outcome.account_id).distinct()).all()
    row = {"metric_id": metric_id, "day": wednesday, "recorded_on": TODAY + timedelta(days=3), "recorded_at": NOW}
    insert_rows(session, UsageDaily, [{"account_id": id_, **row, "stated": Decimal(50)} for id_ in ids])
    session.commit()
    with engine.connect().execution_options(**{WRITE: True}) as connection:
        news = {"due": (TODAY + A_WEEK).isoformat(), "day": wednesday.isoformat()}
        update = "UPDATE outcomes SET due_on = {}, touched_from = {}"
        marks = ("CAST(:due AS date)", "CAST(:day AS date)") if engine.name == "postgresql" else (":due", ":day")
        connection.execute(text(update.format(*marks)), news)
        connection.commit()
    _tidy(engine)
    return _recognise(TODAY + A_WEEK)


def _tidy(engine: Engine) -> None:
    """What a server does by itself in quiet hours."""
    if engine.name == "postgresql":
        db.session.rollback()
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def _bare(engine: Engine) -> float:
    """The same numbers of days read, and as many rows written into tables of the same shape, as many at a time."""
    bare = MetaData()
    copies = {
        model: table_of(model).to_metadata(bare, name=f"bare_{model.__tablename__}") for model in (LedgerEntry, Reading)
    }
    for table in copies.values():
        table.primary_key.name = quoted_name(f"{table.name}_key", quote=None)  # its index has to have another name
    for index in (index for table in copies.values() for index in table.indexes):
        index.name = quoted_name(f"bare_{index.name}", quote=None)
    bare.create_all(engine)
    ids, taken = db.session.scalars(select(Outcome.account_id).distinct().order_by(Outcome.account_id)).all(), 0.0
    for start in range(0, len(ids), PAGE):
        page = ids[start : start + PAGE]
        written = {}
        for model in copies:
            mine = table_of(model).c.account_id.in_(page)
            written[model] = [dict(row) for row in db.session.execute(select(table_of(model)).where(mine)).mappings()]
        db.session.rollback()
        began = time.perf_counter()
        session = _writing()
        session.execute(select(table_of(UsageDaily)).where(UsageDaily.account_id.in_(page))).all()
        for model, table in copies.items():
            insert_rows(session, cast("type[Model]", SimpleNamespace(__table__=table)), written[model])
        session.commit()
        taken += time.perf_counter() - began
    bare.drop_all(engine)
    return taken


@contextmanager
def _counted(engine: Engine) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _writing() -> scoped_session[Session]:
    session = cast("scoped_session[Session]", db.session)
    session.rollback()
    session.connection(execution_options={WRITE: True})
    return session
