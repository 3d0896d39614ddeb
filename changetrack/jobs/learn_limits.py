"""Learning the limits of days in a step, once a month."""

from changetrack.jobs.job import Run
from changetrack.operations.learned_limits import freeze_limits


def learn_limits(run: Run) -> dict[str, int]:
    """Freeze the limits of the month of the run's day, unless they are: a missed beginning of a month is caught up."""
    frozen = freeze_limits(day=run.day, zone=run.zone, actor=run.actor, now=run.now(), today=run.today)
    return {"months": int(frozen.is_new), "learned": frozen.learned, "due": frozen.due}
