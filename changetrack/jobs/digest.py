"""The weekly digests: every few minutes whose are due, each written in a transaction of its own."""

from collections import Counter
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import DBAPIError

from changetrack.domain.funnel import end_of_day
from changetrack.jobs.job import Run
from changetrack.operations.digests import write_digest
from changetrack.queries.digests import DueDigest, list_due_digests

log = structlog.get_logger("changetrack.jobs")


def write_digests(run: Run) -> dict[str, int]:
    """Write every digest that is due; one that fails is counted and logged, and stays due."""
    counts = Counter(dict.fromkeys(("written", "failed"), 0))
    at = _moment(run)
    waiting = list_due_digests(at=at, zone=run.zone)
    for number, due in enumerate(waiting, 1):
        _write(run, due, at, counts)
        run.beat(number, len(waiting))
    return dict(counts)


def _moment(run: Run) -> datetime:
    """The moment of which the run is: now, or the last of another day that it is about."""
    now = run.now()
    is_now = now.astimezone(run.zone).date() == run.day
    return now if is_now else end_of_day(run.day, run.zone) - timedelta(seconds=1)


def _write(run: Run, due: DueDigest, at: datetime, counts: Counter[str]) -> None:
    try:
        is_written = write_digest(
            due=due, at=at, zone=run.zone, channels=run.settings.channels, actor=run.actor, now=run.now()
        )
    except Exception as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        log.exception("digest_failed", user_id=due.user_id, kind=due.kind)
        counts["failed"] += 1
    else:
        counts["written"] += is_written
