"""The stale sweep: what is due is swept page by page, then who is next on the ladder is told, then messages leave."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError

from changetrack.jobs._garbage import uncollected
from changetrack.jobs.job import Run
from changetrack.operations.night import (
    Place,
    Reach,
    Swept,
    climb_ladder,
    release_held,
    sweep_account,
    sweep_page,
)
from changetrack.operations.usage.waking import wake_accounts
from changetrack.queries.alerts import DueAccount, count_due_accounts, list_due_accounts, list_due_rungs

PAGE = 500
COUNTED = {
    "alert_raised": "raised",
    "alert_changed": "changed",
    "alert_fired_again": "fired_again",
    "alert_resolved": "resolved",
}
TOLD = ("escalated", "singly", "gathered")

log = structlog.get_logger("changetrack.jobs")


def sweep_stale(run: Run) -> dict[str, int]:
    """Sweep what is due by the run's day; a bad account is counted and logged, and stays due."""
    counted = ("swept", *COUNTED.values(), "unsupported", "ahead", "failed", "woken", *TOLD)
    counts = Counter(dict.fromkeys(counted, 0))
    counts["woken"] = wake_accounts(actor=run.actor, now=run.now(), today=run.day)
    sweep = _Sweep(run, counts)
    sweep.all_pages()
    sweep.what_was_passed_over()
    sweep.climb()
    sweep.release()
    return dict(counts)


class _Sweep:
    """One run: accounts in whole pages, one by one where one of them is bad; ladder; messages."""

    def __init__(self, run: Run, counts: Counter[str]) -> None:
        self._run, self._counts = run, counts
        self._reach = Reach(run.settings.channels, run.zone)
        self._of, self._done = count_due_accounts(day=run.day), 0
        self._untold: set[int] = set()  # those that stay due: bad ones, and those that are ahead
        self._stuck: set[int] = set()  # alerts that cannot climb

    def all_pages(self) -> None:
        """Sweep page after page; a page in which one account is bad is done one by one."""
        after: Place | None = None
        while True:
            try:
                with uncollected():
                    page = sweep_page(after=after, limit=PAGE, reach=self._reach, **self._moment())
            except Exception as error:
                _raise_if_gone(error)
                log.warning("page_failed", after=after, error=str(error))
                listed = list_due_accounts(day=self._run.day, after=_due(after), limit=PAGE)
                self._one_by_one([due.account_id for due in listed])
                after = (listed[-1].due_on, listed[-1].account_id) if listed else None
            else:
                for account_id, swept in page.swept.items():
                    self._count(account_id, swept)
                after = page.last
            self._beat()
            if after is None:
                return

    def what_was_passed_over(self) -> None:
        """Sweep what somebody was at when its page was done."""
        after: DueAccount | None = None
        while page := list_due_accounts(day=self._run.day, after=after, limit=PAGE):
            self._one_by_one([due.account_id for due in page if due.account_id not in self._untold])
            after = page[-1]

    def climb(self) -> None:
        """Let alerts that nobody took up climb the ladder, what was passed over in the end; a bad one holds up none."""
        self._climb_all()
        self._climb_all()

    def _climb_all(self) -> None:
        after: Place | None = None
        while places := list_due_rungs(day=self._run.day, after=after, limit=PAGE):
            try:
                self._climb(after, PAGE)
            except Exception as error:
                _raise_if_gone(error)
                self._climb_one_by_one(after, places)
            after = places[-1]
            self._beat()

    def _climb(self, after: Place | None, limit: int) -> None:
        run = self._run
        climbed, _ = climb_ladder(
            after=after, limit=limit, reach=self._reach, actor=run.actor, now=run.now(), today=run.day
        )
        self._counts["escalated"] += climbed

    def _climb_one_by_one(self, after: Place | None, places: Sequence[Place]) -> None:
        for before, place in zip([after, *places], places, strict=False):
            if place[1] in self._stuck:
                continue
            try:
                self._climb(before, 1)
            except Exception as error:
                _raise_if_gone(error)
                log.exception("climb_failed", alert_id=place[1])
                self._counts["failed"] += 1
                self._stuck.add(place[1])

    def release(self) -> None:
        """Let go of what was held back until now, so that each person hears of the gravest first."""
        while True:
            released = release_held(actor=self._run.actor, now=self._run.now(), reach=self._reach)
            if not released["persons"]:
                return
            self._counts["singly"] += released["singly"]
            self._counts["gathered"] += released["gathered"]
            self._beat()

    def _beat(self) -> None:
        self._run.beat(self._done, max(self._of, self._done))

    def _one_by_one(self, account_ids: Iterable[int]) -> None:
        for account_id in account_ids:
            try:
                swept = sweep_account(account_id=account_id, reach=self._reach, **self._moment())
            except Exception as error:
                _raise_if_gone(error)
                log.exception("sweep_failed", account_id=account_id)
                self._counts["failed"] += 1
                self._untold.add(account_id)
                self._done += 1
            else:
                self._count(account_id, swept)
            self._beat()

    def _count(self, account_id: int, swept: Swept) -> None:
        self._done += 1
        if swept.is_ahead:
            self._untold.add(account_id)
        self._counts["ahead" if swept.is_ahead else "swept"] += 1
        self._counts["unsupported"] += swept.support_fell
        for kind in swept.alert_events:
            self._counts[COUNTED[kind]] += 1

    def _moment(self) -> dict[str, Any]:
        run = self._run
        return {"actor": run.actor, "now": run.now(), "today": run.day, "secret": run.secret or None}


def _due(after: Place | None) -> DueAccount | None:
    return None if after is None else DueAccount(*after)


def _raise_if_gone(error: Exception) -> None:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        raise error  # it is not this account: the database is gone
