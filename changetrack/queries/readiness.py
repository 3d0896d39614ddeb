"""Whether this installation can work: its database, the schema's revision, the scheduler, messages that leave."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from changetrack.migrations import current_revision, head_revision
from changetrack.models import Heartbeat, db
from changetrack.queries.vital_signs import get_outbox_lag

SILENT_AFTER = timedelta(minutes=5)
LATE_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Readiness:
    """What each part answers: "ok", or the trouble in one word."""

    database: str
    migrations: str
    scheduler: str
    outbox: str

    @property
    def is_ready(self) -> bool:
        """Whether pages can be served; without a scheduler they can, the night's work and messages then wait."""
        return (self.database, self.migrations) == ("ok", "ok")

    @property
    def status(self) -> str:
        """One word for all: ready, degraded (no scheduler, or messages that do not leave), unavailable."""
        if not self.is_ready:
            return "unavailable"
        return "ready" if (self.scheduler, self.outbox) == ("ok", "ok") else "degraded"


def get_readiness(*, now: datetime) -> Readiness:
    """Ask every part once; a database that does not answer is "unreachable", never an exception."""
    try:
        is_current = current_revision(db.engine) == head_revision()
        if not is_current:
            return Readiness("ok", "outdated", "unknown", "unknown")
        return Readiness("ok", "ok", _scheduler(now), _outbox(now))
    except SQLAlchemyError:
        return Readiness("unreachable", "unknown", "unknown", "unknown")


def _scheduler(now: datetime) -> str:
    seen = db.session.scalar(select(func.max(Heartbeat.seen_at)))
    if seen is None:
        return "never seen"
    return "silent" if now - seen > SILENT_AFTER else "ok"


def _outbox(now: datetime) -> str:
    return "late" if get_outbox_lag(now=now) > LATE_AFTER else "ok"
