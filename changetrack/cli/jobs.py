"""Commands about the timed jobs: which there are and how they last went, and one of them now."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import click

from changetrack.cli._face import clock, emit, json_option, progress, settings
from changetrack.domain.refusal import OperationRefused
from changetrack.jobs.job import Daily, Days, Job
from changetrack.jobs.runner import Outcome, Runner
from changetrack.jobs.schedule import ALIASES, JOBS, NAMES, get_job
from changetrack.queries.jobs import LastRun, LastTurn, get_outbox_size, list_last_runs, list_turns


@click.group("jobs")
def jobs_group() -> None:
    """The timed jobs."""


@jobs_group.command("list")
@json_option
def list_jobs(as_json: bool) -> None:
    """List all timed jobs: when they are due, and how each last went."""
    last, turns, outbox = list_last_runs(), list_turns(), get_outbox_size()
    if as_json:
        jobs = [{"name": j.name, "when": j.when.words, "does": j.summary, "last_run": last.get(j.name)} for j in JOBS]
        emit(
            {"timezone": settings().timezone, "jobs": jobs, "turns": turns, "aliases": dict(ALIASES), "outbox": outbox}
        )
        return
    for job in JOBS:
        click.echo("\t".join((job.name, job.when.words, job.summary, _last(job, last.get(job.name)))))
    for turn in turns:
        click.echo(_went(turn))
    for alias, name in ALIASES.items():
        click.echo(f"{alias}\tthe same as {name}")
    click.echo(f"Outbox: {outbox.waiting} waiting, {outbox.given_up} given up.")


@jobs_group.command("run")
@click.argument("name", type=click.Choice(NAMES), metavar="NAME")
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day that the run is about, in place of today (or of the day that has ended, for a snapshot).",
)
@json_option
def run(name: str, as_of: datetime | None, as_json: bool) -> None:
    """Run the job NAME now, besides its regular runs, and print what it counted; `jobs list` names them."""
    job = get_job(name)
    day = _day(job, as_of.date() if as_of else None)
    with progress(job.name, 1) as bar:

        def watch(done: int, of: int) -> None:
            bar.length = of
            bar.update(done - bar.pos)

        outcome = Runner(settings(), clock()).run_now(job, day, watch)
    if as_json:
        emit(outcome)
    else:
        _tell(outcome)
    _refuse_failed(outcome)


def _day(job: Job, as_of: date | None) -> date:
    today = clock().today()
    if job.days is Days.PAST and (as_of is None or as_of < today):
        return as_of or today - timedelta(days=1)
    if job.days is Days.PAST:
        raise OperationRefused([("as-of", f"{as_of} is not over; {job.name} is about a day that has ended.")])
    if as_of is None or as_of == today:
        return today
    if job.days is Days.TODAY:
        raise OperationRefused([("as-of", f"{job.name} is about the present; it cannot be run for another day.")])
    if as_of > today and settings().env != "development":
        raise OperationRefused([("as-of", f"{as_of} lies in the future: only with CHANGETRACK_ENV=development.")])
    return as_of


def _tell(outcome: Outcome) -> None:
    click.echo(f"{outcome.job} for {outcome.day}: {_said(outcome.counts) or 'nothing done'}.")


def _said(counts: Mapping[str, object]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counts.items())


def _refuse_failed(outcome: Outcome) -> None:
    if outcome.error is not None:
        raise OperationRefused([(None, f"{outcome.job} failed: {outcome.error}")])
    failed = outcome.counts.get("failed", 0)
    if failed:
        raise OperationRefused([(None, f"{failed} could not be done; the log says why. They stay due.")])


def _last(job: Job, run: LastRun | None) -> str:
    if run is None:
        return "not yet" if isinstance(job.when, Daily) else "all the time"
    counts = _said(run.counts)
    how = f"{run.started_at:%Y-%m-%d %H:%M} {run.state}: {run.error or counts}"
    return how if isinstance(job.when, Daily) else f"all the time; last by hand {how}"


def _went(turn: LastTurn) -> str:
    """When a lane last did its part, and when and why it last could not."""
    name = " ".join(filter(None, (turn.job, turn.lane)))
    done = f"last did its part {turn.done_at:%Y-%m-%d %H:%M:%S}" if turn.done_at else "has not done its part yet"
    failed = f"\tlast failed {turn.failed_at:%Y-%m-%d %H:%M:%S}: {turn.error}" if turn.failed_at else ""
    return f"{name}\t{done}{failed}"


COMMANDS: tuple[click.Command, ...] = (jobs_group,)
