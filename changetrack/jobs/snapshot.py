"""The nightly record of the funnel."""

from changetrack.jobs.job import Run
from changetrack.operations.funnel import take_snapshot


def record_funnel(run: Run) -> dict[str, int]:
    """Write down the funnel as it was known at the end of the run's day."""
    rows = take_snapshot(day=run.day, zone=run.zone, actor=run.actor, now=run.now(), today=run.today)
    return {"rows": rows}
