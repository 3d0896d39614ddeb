"""The one delivery loop: what waits in the outbox is claimed, sent through its channel, and marked done."""

import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import timedelta

import structlog
from sqlalchemy.exc import DBAPIError

from changetrack.domain.parcels import Message, Parcel, Tried
from changetrack.jobs._senders import Send, sender
from changetrack.jobs._turns import Turns
from changetrack.jobs.job import Run
from changetrack.operations.delivery import (
    Claim,
    claim_for_endpoints,
    claim_letters,
    claim_messages,
    deliver_in_app,
    note_failure,
    note_tries,
)
from changetrack.operations.handing_over import release_handed_over
from changetrack.operations.night import Reach, release_held
from changetrack.queries.jobs import is_any_handed_over, is_any_held

BATCH = 200
HELD_AT_MOST = timedelta(minutes=30)
HANDS_REST = timedelta(minutes=1)
LEASE = timedelta(minutes=1)
WORKERS = 8
LOOK_AGAIN = 1.0  # seconds, for more to send while some is under way
DATABASE_AGAIN = 0.5

turns = Turns()  # of all lanes of this process
log = structlog.get_logger("changetrack.jobs")
chance = secrets.SystemRandom().random

Work = Callable[[Run], Mapping[str, int]]


def deliver_waiting(run: Run) -> dict[str, int]:
    """Deliver all that is due in a lane, or in all; what fails is tried again later, and given up after some tries."""
    counts = Counter(dict.fromkeys(("delivered", "dropped", "failed", "given_up"), 0))
    for lane in LANES if run.lane is None else (run.lane,):
        counts.update(LANES[lane](run))
    return dict(counts)


def _in_app(run: Run) -> Mapping[str, int]:
    _release_forgotten(run)
    _release_handed_over(run)
    counts: Counter[str] = Counter()
    done = 0
    while messages := claim_messages(channel="in_app", limit=BATCH, lease=LEASE, actor=run.actor, now=run.now()):
        _into_inboxes(run, messages, counts)
        done += len(messages)
        run.beat(done, done)
    return counts


def _release_forgotten(run: Run) -> None:
    """Let go of what a run held back that never came to its end."""
    written_by = run.now() - HELD_AT_MOST
    reach = Reach(run.settings.channels, run.zone)
    while is_any_held(written_by=written_by):
        if not release_held(written_by=written_by, actor=run.actor, now=run.now(), reach=reach)["persons"]:
            return
        run.beat(0, 0)


def _release_handed_over(run: Run) -> None:
    """Tell those to whom alerts were handed over, once nothing more was handed to them for a moment."""
    written_by = run.now() - HANDS_REST
    reach = Reach(run.settings.channels, run.zone)
    while is_any_handed_over(written_by=written_by):
        if not release_handed_over(written_by=written_by, actor=run.actor, now=run.now(), reach=reach)["persons"]:
            return
        run.beat(0, 0)


def _into_inboxes(run: Run, messages: Sequence[Message], counts: Counter[str]) -> None:
    """All together; if that fails each by itself, so that one bad message does not hold up the others."""
    try:
        counts.update(deliver_in_app(messages=messages, actor=run.actor, now=run.now()))
    except Exception as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        if len(messages) > 1:
            for message in messages:
                _into_inboxes(run, [message], counts)
            return
        log.warning("delivery_failed", key=messages[0].key, attempts=messages[0].attempts, error=str(error))
        again = note_failure(message=messages[0], error=str(error), chance=chance(), actor=run.actor, now=run.now())
        counts["failed" if again else "given_up"] += 1


def _email(run: Run) -> Mapping[str, int]:
    if "email" not in run.settings.channels:
        return {}
    send = sender("email", run.settings, run.now)
    lease = LEASE + timedelta(seconds=send.seconds)

    def claim(room: int) -> Claim:
        return claim_letters(limit=room, lease=lease, actor=run.actor, now=run.now())

    return _Lane(run, claim, send, ends_when_away=True).work()


def _to_endpoints(channel: str) -> Work:
    def work(run: Run) -> Mapping[str, int]:
        send = sender(channel, run.settings, run.now)

        def claim(room: int) -> Claim:
            return claim_for_endpoints(
                channel=channel, limit=room, lease=LEASE, secrets=run.settings.secrets, actor=run.actor, now=run.now()
            )

        return _Lane(run, claim, send).work()

    return work


class _Lane:
    """Sends what can be claimed, some at a time: threads talk to the receivers, this one to the database."""

    def __init__(self, run: Run, claim: Callable[[int], Claim], send: Send, *, ends_when_away: bool = False) -> None:
        self._run, self._claim, self._send = run, claim, send
        self._ends_when_away = ends_when_away
        self._under_way: set[Future[Tried]] = set()
        self._counts: Counter[str] = Counter()
        self._is_open = True
        self._again_in: timedelta | None = None

    def work(self) -> Mapping[str, int]:
        """Send until nothing more can be claimed, now or soon, or the one receiver of all is away."""
        if not (parcels := self._claimed() or self._claimed_soon()):
            return self._counts
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="deliver") as pool:
            try:
                while parcels or self._under_way:
                    self._under_way |= {pool.submit(self._try, parcel) for parcel in parcels}
                    self._settle(wait(self._under_way, LOOK_AGAIN, FIRST_COMPLETED).done)
                    self._run.beat(self._counts.total(), self._counts.total())
                    parcels = self._claimed() or self._claimed_soon()
            finally:
                self._settle(wait(self._under_way).done)  # what has left is noted, whatever ends us
        return self._counts

    def _claimed(self) -> tuple[Parcel, ...]:
        room = WORKERS - len(self._under_way)
        if not self._is_open or not room:
            return ()
        claim = self._claim(room)
        self._counts.update(claim.counts)
        self._again_in = claim.again_in
        return claim.parcels

    def _claimed_soon(self) -> tuple[Parcel, ...]:
        """What can be claimed in a moment, when nothing else is to be done: a hook gets one message a second."""
        if self._again_in is None or self._under_way:
            return ()
        time.sleep(self._again_in.total_seconds())
        return self._claimed()

    def _try(self, parcel: Parcel) -> Tried:
        """One try, in a thread of its own; whatever happens in it becomes what is noted of it."""
        message = parcel.message
        turns.take(message.id)
        at, started = self._run.now(), time.perf_counter()
        if at >= message.leased_until:
            return Tried(message, at, 0, error="It was not sent in time.", is_away=True)
        try:
            tried = self._send(parcel)
        except Exception as error:
            log.exception("delivery_failed", key=message.key)
            tried = Tried(message, at, 0, error=f"{type(error).__name__}: {error}")
        turns.keep(message.id)
        took = round((time.perf_counter() - started) * 1000)
        return replace(tried, tried_at=at, took_ms=took, chance=chance())

    def _settle(self, done: set[Future[Tried]]) -> None:
        self._under_way -= done
        tries = [future.result() for future in done]
        for tried in tries:
            if tried.error is not None:
                log.warning("delivery_failed", key=tried.message.key, status=tried.status, error=tried.error)
            if tried.is_away and self._ends_when_away:
                self._is_open = False
        if tries:
            self._counts.update(self._noted(tries))
        for tried in tries:
            turns.give_back(tried.message.id)

    def _noted(self, tries: Sequence[Tried]) -> Mapping[str, int]:
        """What has left the house is noted even when the database is away for a moment: else it would leave twice."""
        while True:
            try:
                return note_tries(tries=tries, actor=self._run.actor, now=self._run.now())
            except DBAPIError:
                if self._run.now() >= max(tried.message.leased_until for tried in tries):
                    raise
                log.warning("database_away", tries=len(tries))
                time.sleep(DATABASE_AGAIN)


LANES: Mapping[str, Work] = {
    "in_app": _in_app,
    "email": _email,
    "slack": _to_endpoints("slack"),
    "webhook": _to_endpoints("webhook"),
}
