"""Reads about the night's work: whether a run waits to be done, how each job last went, what the outbox holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from changetrack.models import Endpoint, JobRun, OutboxMessage, User, db


@dataclass(frozen=True, slots=True)
class LastRun:
    """The newest run of a job; `state` is running, done or failed."""

    job: str
    slot: str
    state: str
    started_at: datetime
    finished_at: datetime | None
    counts: Mapping[str, Any]
    error: str | None


@dataclass(frozen=True, slots=True)
class LastTurn:
    """How a lane of a job that runs all the time last went: when well, when not, and why not.

    `lane` is '' for a job without lanes. It is half a minute old at most while a scheduler lives.
    """

    job: str
    lane: str
    done_at: datetime | None
    failed_at: datetime | None
    error: str | None

    @property
    def is_failing(self) -> bool:
        """Whether its newest turn failed."""
        return self.failed_at is not None and (self.done_at is None or self.failed_at > self.done_at)


@dataclass(frozen=True, slots=True)
class OutboxSize:
    """How many messages wait to be delivered, and how many were given up."""

    waiting: int
    given_up: int


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A message that could not be delivered after all its attempts, for whom, and what went wrong last.

    `person` is whom it was for: somebody's name, or that of an endpoint.
    """

    id: int
    channel: str
    person: str
    title: str
    attempts: int
    error: str
    given_up_at: datetime


_TURN = "turn:"
_IS_TURN = JobRun.slot.startswith(_TURN)


def is_waiting(*, name: str, slot: str, now: datetime) -> bool:
    """Whether that run of a job has still to be done, and nobody holds it."""
    run = db.session.execute(
        select(JobRun.state, JobRun.leased_until).where(JobRun.name == name, JobRun.slot == slot)
    ).first()
    return run is None or (run.state != "done" and run.leased_until <= now)


def turn_slot(lane: str | None, state: str) -> str:
    """Under which slot the last turn of a lane is kept that went so: a row for each, and not for each turn."""
    return f"{_TURN}{lane or ''}:{state}"


def list_turns() -> list[LastTurn]:
    """Return how each lane of the jobs that run all the time last went, in order of their names."""
    lanes: dict[tuple[str, str], dict[str, JobRun]] = {}
    for row in db.session.scalars(select(JobRun).where(_IS_TURN).order_by(JobRun.name, JobRun.slot)):
        lanes.setdefault((row.name, row.slot.split(":")[1]), {})[row.state] = row
    return [_turn(job, lane, runs.get("done"), runs.get("failed")) for (job, lane), runs in lanes.items()]


def list_last_runs() -> dict[str, LastRun]:
    """Return the newest run of each job that ever ran by its hour or by hand, by the job's name."""
    newest = func.row_number().over(partition_by=JobRun.name, order_by=JobRun.started_at.desc()).label("newest")
    ranked = select(JobRun.name, JobRun.slot, newest).where(~_IS_TURN).subquery()
    query = select(JobRun).join(ranked, (ranked.c.name == JobRun.name) & (ranked.c.slot == JobRun.slot))
    return {
        row.name: LastRun(row.name, row.slot, row.state, row.started_at, row.finished_at, row.counts, row.error)
        for row in db.session.scalars(query.where(ranked.c.newest == 1))
    }


def get_last_successes() -> dict[str, datetime]:
    """Return when each job was last done, by its hour or by hand."""
    done = select(JobRun.name, func.max(JobRun.finished_at)).where(JobRun.state == "done", ~_IS_TURN)
    return {name: at for name, at in db.session.execute(done.group_by(JobRun.name)) if at is not None}


def is_any_held(*, written_by: datetime) -> bool:
    """Whether messages are still held back that were written by then, for the end of a run that did not come."""
    held = select(OutboxMessage.id).where(OutboxMessage.held_for.is_not(None), OutboxMessage.created_at <= written_by)
    return db.session.scalars(held.limit(1)).first() is not None


def is_any_handed_over(*, written_by: datetime) -> bool:
    """Whether somebody is to be told of an alert that was handed to them by then."""
    handed = (OutboxMessage.held_for.is_not(None), OutboxMessage.run_on.is_(None))
    query = select(OutboxMessage.id).where(*handed, OutboxMessage.created_at <= written_by)
    return db.session.scalars(query.limit(1)).first() is not None


def get_outbox_size() -> OutboxSize:
    """Count what is in the outbox and not delivered."""
    undelivered = select(func.count()).where(OutboxMessage.delivered_at.is_(None))
    waiting = undelivered.where(OutboxMessage.dead_at.is_(None)).scalar_subquery()
    given_up = select(func.count()).where(OutboxMessage.dead_at.is_not(None)).scalar_subquery()
    return OutboxSize(*db.session.execute(select(waiting, given_up)).one())


def list_given_up(*, limit: int = 200) -> list[GivenUp]:
    """Return the messages that were given up, newest first."""
    query = (
        select(OutboxMessage, func.coalesce(User.name, Endpoint.name))
        .outerjoin(User, User.id == OutboxMessage.user_id)
        .outerjoin(Endpoint, Endpoint.id == OutboxMessage.endpoint_id)
        .where(OutboxMessage.dead_at.is_not(None))
        .order_by(OutboxMessage.dead_at.desc(), OutboxMessage.id.desc())
        .limit(limit)
    )
    return [
        GivenUp(
            row.id,
            row.channel,
            name,
            row.payload.get("title") or row.payload.get("type") or row.key,
            row.attempts,
            row.last_error or "",
            row.dead_at,
        )
        for row, name in db.session.execute(query)
        if row.dead_at is not None
    ]


def _turn(job: str, lane: str, done: JobRun | None, failed: JobRun | None) -> LastTurn:
    return LastTurn(
        job=job,
        lane=lane,
        done_at=done.finished_at if done is not None else None,
        failed_at=failed.finished_at if failed is not None else None,
        error=failed.error if failed is not None else None,
    )
