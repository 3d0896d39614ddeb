"""Whether this installation can work: its database, the revision of its schema, the scheduler's heartbeat."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from changetrack.migrations import current_revision, head_revision
from changetrack.models import Heartbeat, db

SILENT_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Readiness:
    """What each part answers: "ok", or the trouble in one word."""

    database: str
    migrations: str
    scheduler: str

    @property
    def is_ready(self) -> bool:
        """Whether pages can be served; without a scheduler they can, the night's work then waits."""
        return (self.database, self.migrations) == ("ok", "ok")

    @property
    def status(self) -> str:
        """One word for all: ready, degraded (no scheduler), unavailable."""
        if not self.is_ready:
            return "unavailable"
        return "ready" if self.scheduler == "ok" else "degraded"


def get_readiness(*, now: datetime) -> Readiness:
    """Ask every part once; a database that does not answer is "unreachable", never an exception."""
    try:
        is_current = current_revision(db.engine) == head_revision()
        if not is_current:
            return Readiness("ok", "outdated", "unknown")
        return Readiness("ok", "ok", _scheduler(now))
    except SQLAlchemyError:
        return Readiness("unreachable", "unknown", "unknown")


def _scheduler(now: datetime) -> str:
    seen = db.session.scalar(select(func.max(Heartbeat.seen_at)))
    if seen is None:
        return "never seen"
    return "silent" if now - seen > SILENT_AFTER else "ok"
