"""Forgetting what no rule asks for any more."""

from changetrack.jobs.job import Run
from changetrack.operations.jobs import forget_old_runs
from changetrack.operations.sign_in import forget_old_sign_ins


def tidy_up(run: Run) -> dict[str, int]:
    """Delete old tries to sign in, ended sessions, and runs of jobs of long ago."""
    return {
        **forget_old_sign_ins(actor=run.actor, now=run.now()),
        **forget_old_runs(actor=run.actor, now=run.now()),
    }
