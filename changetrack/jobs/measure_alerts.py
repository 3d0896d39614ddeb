"""Measuring, every night, which alerts were followed by progress."""

from changetrack.jobs.job import Run
from changetrack.operations.usefulness import measure_alerts


def measure(run: Run) -> dict[str, int]:
    """Note of each alert whether progress followed it, as far as that is known on the run's day."""
    return measure_alerts(zone=run.zone, actor=run.actor, now=run.now(), today=run.day)
