"""The stale sweep: every account that is due, each in an operation of its own."""

from collections import Counter

import structlog
from sqlalchemy.exc import DBAPIError

from changetrack.jobs.job import Run
from changetrack.operations.alerts import Swept, sweep_account
from changetrack.operations.usage.waking import wake_accounts
from changetrack.queries.alerts import DueAccount, count_due_accounts, list_due_accounts

PAGE = 200
COUNTED = {
    "alert_raised": "raised",
    "alert_changed": "changed",
    "alert_fired_again": "fired_again",
    "alert_resolved": "resolved",
}

log = structlog.get_logger("changetrack.jobs")


def sweep_stale(run: Run) -> dict[str, int]:
    """Sweep what is due by the run's day; a bad account is counted and logged, and stays due."""
    counts = Counter(dict.fromkeys(("swept", *COUNTED.values(), "unsupported", "ahead", "failed", "woken"), 0))
    counts["woken"] = wake_accounts(actor=run.actor, now=run.now(), today=run.day)
    of, done, after = count_due_accounts(day=run.day), 0, None
    while page := list_due_accounts(day=run.day, after=after, limit=PAGE):
        for due in page:
            _sweep_one(run, due, counts)
            done += 1
            run.beat(done, max(of, done))
        after = page[-1]
    return dict(counts)


def _sweep_one(run: Run, due: DueAccount, counts: Counter[str]) -> None:
    try:
        swept = sweep_account(
            account_id=due.account_id, actor=run.actor, now=run.now(), today=run.day, secret=run.secret or None
        )
    except Exception as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise  # it is not this account: the database is gone
        log.exception("sweep_failed", account_id=due.account_id)
        counts["failed"] += 1
    else:
        _count(swept, counts)


def _count(swept: Swept, counts: Counter[str]) -> None:
    counts["ahead" if swept.is_ahead else "swept"] += 1
    counts["unsupported"] += swept.support_fell
    for kind in swept.alert_events:
        counts[COUNTED[kind]] += 1
