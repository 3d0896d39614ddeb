"""The nightly forgetting of single events, some thousand at a time."""

from collections import Counter
from datetime import timedelta
from itertools import count

from changetrack.jobs.job import Run
from changetrack.operations.usage.retention import forget_events, forget_members, forget_waiting_numbers
from changetrack.queries.usage_members import list_counting_accounts

EVENTS = 5_000  # a transaction
ACCOUNTS = 50  # a transaction


def forget_usage(run: Run) -> dict[str, int]:
    """Delete events, members, and what waits for its account, from before the days that are to be kept."""
    before = run.today - timedelta(days=run.usage_retention_days)
    counts = Counter(dict.fromkeys(("events", "members", "unmatched_events", "unmatched_numbers"), 0))
    pieces = count(1)
    while any((gone := forget_events(before=before, limit=EVENTS, actor=run.actor, now=run.now())).values()):
        counts.update(gone)
        _beat(run, next(pieces))
    after = 0
    while page := list_counting_accounts(after=after, limit=ACCOUNTS):
        counts["members"] += forget_members(account_ids=page, before=before, actor=run.actor, now=run.now())
        after = page[-1]
        _beat(run, next(pieces))
    counts["unmatched_numbers"] = forget_waiting_numbers(before=before, actor=run.actor, now=run.now())
    return dict(counts)


def _beat(run: Run, done: int) -> None:
    run.beat(done, done + 1)
