"""Recognition as a job: outcomes that are due, many accounts together; one by one where a page cannot be done."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import replace

import structlog
from sqlalchemy.exc import DBAPIError

from changetrack.jobs._garbage import uncollected
from changetrack.jobs.job import Run
from changetrack.operations.value.recognition import (
    RecognisedCounts,
    recognise_account,
    recognise_accounts,
    settle_accounts,
)
from changetrack.queries.outcomes_due import DueOutcomes, count_due_outcomes, list_due_outcomes

PAGE = 200  # accounts a transaction
FEW = 20  # accounts that are not worth taking together

log = structlog.get_logger("changetrack.jobs")


def recognise_due(run: Run) -> dict[str, int]:
    """Recognise what is due by the run's day; a bad account is counted and logged, and stays due."""
    counts = Counter(dict.fromkeys(("recognised", "posted", "changed", "settled", "failed"), 0))
    of = count_due_outcomes(day=run.day)
    together = recognise_together(run, of, counts)
    settle_together(run, together, counts)
    done = len(together)
    for accounts in _pages(run):
        for account_id in accounts:
            _alone(run, account_id, counts, again=account_id in together)
            done += 1
            run.beat(done, max(of, done))
    return dict(counts)


def recognise_together(run: Run, of: int, counts: Counter[str]) -> set[int]:
    """Recognise what is due, many accounts in one transaction; returns them. Those from which more follows stay due."""
    together: set[int] = set()
    for accounts in _pages(run):
        if len(accounts) <= FEW:
            continue
        if (done := _together(recognise_accounts, run, accounts)) is not None:
            _count(done, counts)
            together.update(accounts)
            run.beat(len(together), max(of, len(together)))
    return together


def settle_together(run: Run, recognised: Set[int], counts: Counter[str]) -> None:
    """Settle those of the accounts recognised together from which more follows, many in one transaction."""
    for page in _pages(run):
        accounts = [account_id for account_id in page if account_id in recognised]
        if len(accounts) > FEW and (done := _together(settle_accounts, run, accounts)) is not None:
            _count(replace(done, outcomes=0), counts)
            run.beat(len(recognised), len(recognised))


def _pages(run: Run) -> Iterator[Sequence[int]]:
    after: DueOutcomes | None = None
    while page := list_due_outcomes(day=run.day, after=after, limit=PAGE):
        yield list(dict.fromkeys(due.account_id for due in page))
        after = page[-1]


def _together(operation: Callable[..., RecognisedCounts], run: Run, accounts: Sequence[int]) -> RecognisedCounts | None:
    """Many accounts in one transaction; if that fails they stay due, and are recognised alone."""
    try:
        with uncollected():
            return operation(account_ids=accounts, actor=run.actor, now=run.now(), today=run.day)
    except Exception as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise  # it is none of these accounts: the database is gone
        log.warning("recognition_together_failed", accounts=len(accounts), first=accounts[0], error=str(error))
        return None


def _alone(run: Run, account_id: int, counts: Counter[str], *, again: bool) -> None:
    try:
        done = recognise_account(account_id=account_id, actor=run.actor, now=run.now(), today=run.day)
    except Exception as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        log.exception("recognition_failed", account_id=account_id)
        counts["failed"] += 1
    else:
        _count(replace(done, outcomes=0) if again else done, counts)


def _count(done: RecognisedCounts, counts: Counter[str]) -> None:
    counts["recognised"] += done.outcomes
    counts["posted"] += done.entries
    counts["changed"] += done.changed
    counts["settled"] += done.settled
