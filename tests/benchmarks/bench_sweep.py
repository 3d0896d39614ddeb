"""The night: alerts raised a second, and a thousand accounts due among a million as fast as among ten thousand."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any, cast

from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, scoped_session

from changetrack import migrations
from changetrack.app import create_app
from changetrack.config import Settings
from changetrack.domain.usage import member_hash
from changetrack.jobs._garbage import uncollected
from changetrack.jobs.job import Run
from changetrack.jobs.stale_sweep import PAGE, sweep_stale
from changetrack.models import (
    WRITE,
    Account,
    Alert,
    Contact,
    Event,
    Evidence,
    Journey,
    Metric,
    Standing,
    UsageMember,
    Visit,
    db,
)
from changetrack.operations._bulk import insert_rows
from changetrack.operations._cells import FunnelTally
from changetrack.operations._new_account import Placement, new_account
from changetrack.operations.night import Reach, sweep_page
from changetrack.operations.people import add_user
from changetrack.operations.playbook import install_playbook
from changetrack.operations.teams import add_team, put_in_team
from tests.benchmarks.floors import Finding, compared, undisturbed
from tests.benchmarks.originals import ACTOR
from tests.benchmarks.population import tidy
from tests.benchmarks.stage import SECRET, Stage
from tests.clock import NOW, TODAY, FixedClock
from tests.databases import DURABLE, postgres_server

DUE = 1_000
PARTS = 5
RAISED = 10_000
TEAMS = 20
LEAST = 2_000  # alerts raised a second
A_DAY = timedelta(days=1)
_SINCE = date(2026, 1, 5)


def measure(stages: tuple[Stage, ...]) -> Iterator[Finding]:
    """How many alerts are raised a second: with messages, without, where people are counted; the job at both sizes."""
    small, large = stages[0], stages[-1]
    for told, counted in ((True, False), (False, False), (True, True)):
        yield _raising(small.database, told=told, counted=counted)
    if small is large:
        return
    taken = {stage.size: 0.0 for stage in (small, large)}
    for stage in (small, large):
        _empty_the_ladder(stage)
    for part in range(PARTS):
        for stage in (small, large):
            _make_due(stage, part)
            taken[stage.size] += _sweep(stage)
    what = f"sweep of {DUE:,} due ({large.name}) to {small.size:,}"
    yield compared(what, taken[large.size], taken[small.size], 1.5)


def _empty_the_ladder(stage: Stage) -> None:
    """Let no alert of the population have anybody to tell next: they are as many as there are accounts."""
    with stage.engine.connect().execution_options(**{WRITE: True}) as connection:
        connection.execute(update(Alert).where(Alert.rung_due_on.is_not(None)).values(rung_due_on=None))
        connection.commit()
    tidy(stage.engine)


def _make_due(stage: Stage, part: int) -> None:
    """Make accounts due that lie all over the table, others each time."""
    number = DUE // PARTS
    stride = stage.size // number
    ids = [1 + n * stride + part for n in range(number)]
    with stage.engine.connect().execution_options(**{WRITE: True}) as connection:
        connection.execute(update(Account).where(Account.id.in_(ids)).values(due_on=TODAY))
        connection.commit()


def _sweep(stage: Stage) -> float:
    run = Run(ACTOR, TODAY, TODAY, UTC, lambda: NOW, lambda _done, _of: None, stage.settings)
    with stage.app.app_context():
        start = time.perf_counter()
        counts = sweep_stale(run)
        taken = time.perf_counter() - start
        left = db.session.scalars(select(Account.id).where(Account.due_on <= TODAY).limit(1)).all()
    if counts["failed"] or left or counts["swept"] != DUE // PARTS:
        raise RuntimeError(f"the sweep did not do its work: {counts}")
    return taken


def _raising(database: str, *, told: bool, counted: bool = False) -> Finding:
    """Pages of accounts that all go stale; with `told`, each has an owner who hears of it in the application.

    With `counted`, metrics count people, and of every second account two of the coalition use the product: that it is
    so is proved for the first time in this night.
    """
    with _house(database, told=told) as app, app.app_context():
        if counted:
            _count_people()
        times, after = [], None
        moment: dict[str, Any] = {"actor": ACTOR, "now": NOW, "today": TODAY, "reach": Reach()}
        while True:
            start = time.perf_counter()
            with uncollected():  # as the job does
                page = sweep_page(after=after, limit=PAGE, secret=SECRET, **moment)
            times.append(time.perf_counter() - start)
            if page.last is None:
                break
            after = page.last
        raised = db.session.scalar(select(func.count()).select_from(Alert))
        if raised != RAISED:
            raise RuntimeError(f"{raised} alerts were raised, not {RAISED}")
    rate = PAGE / undisturbed(times[:-1])
    what = f"alerts raised a second ({database}), {'owners told' if told else 'nobody to tell'}"
    if counted:  # the promise is of raising alerts: this night proves points besides, and is told for itself
        return Finding(f"{what}, points proved", f"{rate:,.0f}/s", f"{LEAST:,}/s", rate / LEAST)
    return Finding(what, f"{rate:,.0f}/s", f"{LEAST:,}/s", rate, least=LEAST)


@contextmanager
def _house(database: str, *, told: bool) -> Iterator[Flask]:
    """An application on a database of its own, with accounts in step 3 that were forgotten since January."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="changetrack-night-")))
        server = stack.enter_context(postgres_server(DURABLE)) if database == "postgresql" else None
        url = server.create_database() if server else f"sqlite:///{folder / 'changetrack.db'}"
        settings = Settings(instance=folder, database_url=url, secret_key=SECRET, env="development", log_level="ERROR")
        app = create_app(settings, clock=FixedClock())
        with app.app_context():
            migrations.upgrade(db.engine)
            install_playbook(actor=ACTOR, now=NOW)
            _add_accounts([_add_team(number) for number in range(TEAMS)] if told else [(None, None)])
        yield app
        with app.app_context():
            db.engine.dispose()


def _add_team(number: int) -> tuple[int, int]:
    team_id = add_team(actor=ACTOR, now=NOW, name=f"Team {number}")
    email = f"owner{number}@example.com"
    owner = add_user(actor=ACTOR, now=NOW, email=email, name=f"Owner {number}", role="member", password=None)
    put_in_team(actor=ACTOR, now=NOW, team_id=team_id, user_id=owner.user_id, role="member")
    return team_id, owner.user_id


def _add_accounts(owners: list[tuple[int, int]] | list[tuple[None, None]]) -> None:
    tally, session = FunnelTally(), cast(scoped_session[Session], db.session)
    since, made = Placement(3, _SINCE, "active"), []
    for number in range(1, RAISED + 1):
        team_id, owner_id = owners[number % len(owners)]
        record = {"external_id": f"A-{number}", "name": f"Account {number}", "team_id": team_id, "owner_id": owner_id}
        worth = {"annual_value": number * 100, "currency": "EUR", "segment": "SMB", "region": "North"}
        moment: dict[str, Any] = {"actor": ACTOR, "now": NOW, "today": TODAY, "tally": tally}
        made.append(new_account(number, record | worth, since, kind="created", playbook_version=1, **moment))
    session.connection(execution_options={WRITE: True})
    for model, part in (
        (Account, "account"), (Journey, "journey"), (Visit, "visit"), (Standing, "standing"), (Event, "event"),
    ):  # fmt: skip
        insert_rows(session, model, [getattr(new, part) for new in made])
    tally.flush(session)
    session.commit()


def _count_people() -> None:
    """Open every account, with four in its coalition; two people (of it, or not) come every day."""
    session, accounts = cast(scoped_session[Session], db.session), range(1, RAISED + 1)
    session.rollback()
    session.connection(execution_options={WRITE: True})
    opened = {"beneficiary": "Plants", "value_statement": "Close in a day", "stated_on": _SINCE, "opened_on": _SINCE}
    session.execute(update(Journey).values(**opened))
    session.execute(update(Account).values(planned_users=10))
    insert_rows(session, Metric, [
        {"id": id_, "key": purpose, "name": purpose, "unit": "people", "aggregation": "distinct", "purpose": purpose,
         "created_at": NOW, "version": 1}
        for id_, purpose in enumerate(("active_users", "first_task"), 1)
    ])  # fmt: skip
    insert_rows(session, Evidence, [
        {"account_id": account_id, "seq": 1, "point": "1a", "kind": "record", "side": "machine", "passes": True,
         "explanation": "Opened.", "effective_on": _SINCE, "expires_on": _SINCE + 365 * A_DAY, "playbook_version": 1,
         "numbers": {}, "recorded_at": NOW, "recorded_by": "Olu"}
        for account_id in accounts
    ])  # fmt: skip
    insert_rows(session, Contact, [
        {"account_id": account_id, "seq": seq, "name": f"Person {seq}", "email": _mail(account_id, seq),
         "path_roles": ["user"], "powers": [], "in_coalition": True, "is_sponsor": False, "created_at": NOW,
         "version": 1}
        for account_id in accounts for seq in range(1, 5)
    ])  # fmt: skip
    insert_rows(session, UsageMember, [
        {"account_id": account_id, "metric_id": metric_id, "day": TODAY - ago * A_DAY, "recorded_on": TODAY,
         "member": member_hash(SECRET, _mail(account_id, seq + account_id % 2 * 10))}
        for account_id in accounts for metric_id in (1, 2) for seq in (1, 2) for ago in range(5)
    ])  # fmt: skip
    session.commit()


def _mail(account_id: int, seq: int) -> str:
    return f"person{seq}@customer{account_id}.example"
