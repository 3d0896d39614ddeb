"""That each run of a timed job happens once, however many schedulers there are; and that a scheduler is seen alive."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter

from sqlalchemy import ColumnElement, and_, delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.people import Actor
from changetrack.models import Heartbeat, JobRun
from changetrack.operations._transaction import transaction
from changetrack.queries.jobs import turn_slot

RUNS_KEPT = timedelta(days=90)
HEARTBEATS_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Turn:
    """That a job which runs all the time, or a lane of it, has done its part once more; or why it could not."""

    job: str
    lane: str | None
    ended_at: datetime
    error: str | None = None


def claim_run(*, name: str, slot: str, lease: timedelta, actor: Actor, now: datetime) -> bool:
    """Take the run of a job for one slot; True for one caller only, who then holds it until the lease ends.

    A run whose lease has ended without its being done (its process was lost, or it failed) is taken over. The
    holder is known by the moment of the claim, its `started_at`.
    """
    del actor  # a job of the system
    values = {"state": "running", "leased_until": now + lease, "started_at": now, "finished_at": None}
    with transaction() as session:
        lost = and_(JobRun.name == name, JobRun.slot == slot, JobRun.state != "done", JobRun.leased_until <= now)
        if session.scalar(update(JobRun).where(lost).values(**values).returning(JobRun.name)) is not None:
            return True
        return _insert_once(session, {"name": name, "slot": slot, "counts": {}, **values})


def keep_run(*, name: str, slot: str, started_at: datetime, lease: timedelta, actor: Actor, now: datetime) -> bool:
    """Prolong the lease of a run under way; False when it has passed to somebody else."""
    del actor  # a job of the system
    with transaction() as session:
        kept = update(JobRun).where(_held(name, slot, started_at)).values(leased_until=now + lease)
        return session.scalar(kept.returning(JobRun.name)) is not None


def finish_run(
    *,
    name: str,
    slot: str,
    started_at: datetime,
    counts: Mapping[str, int],
    error: str | None = None,
    retry_after: timedelta | None = None,
    actor: Actor,
    now: datetime,
) -> bool:
    """Write down how a run went; False, and nothing written, when it has passed to somebody else meanwhile.

    With `retry_after` it is not done: it has failed, or was stopped, and may be taken over after that time.
    """
    del actor  # a job of the system
    state = "done" if retry_after is None else "failed"
    until = now if retry_after is None else now + retry_after
    with transaction() as session:
        finished = update(JobRun).where(_held(name, slot, started_at))
        values = finished.values(
            state=state, leased_until=until, finished_at=now, counts=dict(counts), error=error and error[:2000]
        )
        return session.scalar(values.returning(JobRun.name)) is not None


def note_heartbeat(*, name: str, turns: Sequence[Turn] = (), actor: Actor, now: datetime) -> None:
    """Note that the scheduler of that name is alive, and of each lane the last turn that went well and that failed.

    A row is kept for each lane and outcome, of whichever scheduler told last, however often its turn comes.
    """
    del actor  # a job of the system
    with transaction() as session:
        dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
        beat = dialect.insert(Heartbeat).values(name=name, seen_at=now)
        session.execute(beat.on_conflict_do_update(index_elements=["name"], set_={"seen_at": now}))
        if turns:
            rows = sorted((_as_run(turn) for turn in turns), key=itemgetter("name", "slot"))  # as all schedulers do
            last = dialect.insert(JobRun).values(rows)
            new = {column: last.excluded[column] for column in ("started_at", "finished_at", "leased_until", "error")}
            session.execute(last.on_conflict_do_update(index_elements=["name", "slot"], set_=new))


def forget_old_runs(*, actor: Actor, now: datetime) -> dict[str, int]:
    """Delete runs of ninety days ago and the signs of life of schedulers gone for a day; returns how many of each."""
    del actor  # a job of the system
    with transaction() as session:
        old = delete(JobRun).where(JobRun.started_at < now - RUNS_KEPT, JobRun.leased_until <= now)
        gone = delete(Heartbeat).where(Heartbeat.seen_at < now - HEARTBEATS_KEPT)
        return {
            "runs": len(session.execute(old.returning(JobRun.slot)).all()),
            "heartbeats": len(session.execute(gone.returning(Heartbeat.name)).all()),
        }


def _as_run(turn: Turn) -> dict[str, object]:
    state, at = "done" if turn.error is None else "failed", turn.ended_at
    moments = {"started_at": at, "finished_at": at, "leased_until": at}
    error = turn.error and turn.error[:2000]
    return {
        "name": turn.job,
        "slot": turn_slot(turn.lane, state),
        "state": state,
        "counts": {},
        "error": error,
        **moments,
    }


def _held(name: str, slot: str, started_at: datetime) -> ColumnElement[bool]:
    is_this = and_(JobRun.name == name, JobRun.slot == slot)
    return and_(is_this, JobRun.state == "running", JobRun.started_at == started_at)


def _insert_once(session: scoped_session[Session], values: Mapping[str, object]) -> bool:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    insert = dialect.insert(JobRun).values(**values).on_conflict_do_nothing()
    return session.scalar(insert.returning(JobRun.name)) is not None
