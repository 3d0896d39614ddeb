"""Forgetting what no rule asks for any more."""

from collections.abc import Iterator
from datetime import timedelta

from changetrack.jobs.job import Run
from changetrack.operations.jobs import forget_old_runs
from changetrack.operations.message_retention import forget_messages, forget_notifications
from changetrack.operations.sign_in import forget_old_sign_ins

PAGE = 1_000  # rows a transaction, which nobody has to wait long for


def tidy_up(run: Run) -> dict[str, int]:
    """Delete old tries to sign in, ended sessions, runs of jobs of long ago, and messages that are dealt with."""
    return {
        **forget_old_sign_ins(actor=run.actor, now=run.now()),
        **forget_old_runs(actor=run.actor, now=run.now()),
        "messages": sum(_messages(run)),
        "notifications": sum(_notifications(run)),
    }


def _messages(run: Run) -> Iterator[int]:
    before = run.now() - timedelta(days=run.settings.message_retention_days)
    after: int | None = 0
    while after is not None:
        gone = forget_messages(before=before, after=after, limit=PAGE, actor=run.actor, now=run.now())
        yield gone.messages
        after = gone.after
        run.beat(0, 1)


def _notifications(run: Run) -> Iterator[int]:
    before = run.now() - timedelta(days=run.settings.message_retention_days)
    while gone := forget_notifications(before=before, limit=PAGE, actor=run.actor, now=run.now()):
        yield gone
        run.beat(0, 1)
