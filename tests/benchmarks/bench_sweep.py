"""A night with a thousand accounts due among a million takes no longer than among ten thousand."""

import time
from collections.abc import Iterator
from datetime import UTC

from sqlalchemy import select, update

from changetrack.jobs.job import Run
from changetrack.jobs.stale_sweep import sweep_stale
from changetrack.models import WRITE, Account, db
from changetrack.operations.alerts import sweep_account
from tests.benchmarks.floors import Finding, compared
from tests.benchmarks.originals import ACTOR
from tests.benchmarks.stage import Stage
from tests.clock import NOW, TODAY

DUE = 1_000
PARTS = 5


def measure(stages: tuple[Stage, ...]) -> Iterator[Finding]:
    """The job at the largest size against the smallest, and against the bare operations on the same accounts."""
    small, large = stages[0], stages[-1]
    taken = {stage.size: 0.0 for stage in (small, large)}
    bare = 0.0
    for part in range(PARTS):
        for stage in {small.size: small, large.size: large}.values():
            _make_due(stage, part)
            taken[stage.size] += _sweep(stage)
        ids = _make_due(large, PARTS + part)
        bare += _visit(large, ids)
    yield compared(f"sweep of {DUE:,} due ({large.name}) to the bare operations", taken[large.size], bare)
    if small is not large:
        what = f"sweep of {DUE:,} due ({large.name}) to {small.size:,}"
        yield compared(what, taken[large.size], taken[small.size], 1.5)


def _make_due(stage: Stage, part: int) -> list[int]:
    """Make accounts due that lie all over the table, others each time."""
    number = DUE // PARTS
    stride = stage.size // number
    ids = [1 + n * stride + part for n in range(number)]
    with stage.engine.connect().execution_options(**{WRITE: True}) as connection:
        connection.execute(update(Account).where(Account.id.in_(ids)).values(due_on=TODAY))
        connection.commit()
    return ids


def _sweep(stage: Stage) -> float:
    run = Run(ACTOR, TODAY, TODAY, UTC, lambda: NOW, lambda _done, _of: None)
    with stage.app.app_context():
        start = time.perf_counter()
        counts = sweep_stale(run)
        taken = time.perf_counter() - start
        left = db.session.scalars(select(Account.id).where(Account.due_on <= TODAY).limit(1)).all()
    if counts["failed"] or left or counts["swept"] != DUE // PARTS:
        raise RuntimeError(f"the sweep did not do its work: {counts}")
    return taken


def _visit(stage: Stage, ids: list[int]) -> float:
    with stage.app.app_context():
        start = time.perf_counter()
        for account_id in ids:
            sweep_account(account_id=account_id, actor=ACTOR, now=NOW, today=TODAY)
        return time.perf_counter() - start
