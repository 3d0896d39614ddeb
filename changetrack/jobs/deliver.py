"""The one delivery loop: what waits in the outbox is claimed, sent through its channel, and marked done."""

import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from itertools import groupby

import structlog
from sqlalchemy.exc import DBAPIError

from changetrack.jobs.job import Run
from changetrack.operations.delivery import Message, claim_messages, deliver_in_app, note_failure

BATCH = 200
LEASE = timedelta(minutes=2)

log = structlog.get_logger("changetrack.jobs")
chance = secrets.SystemRandom().random


def deliver_waiting(run: Run) -> dict[str, int]:
    """Deliver all that is due; what fails is tried again later, and given up after some attempts."""
    counts = Counter(dict.fromkeys(("delivered", "dropped", "failed", "given_up"), 0))
    done = 0
    while messages := claim_messages(limit=BATCH, lease=LEASE, actor=run.actor, now=run.now()):
        for channel, group in groupby(sorted(messages, key=lambda m: m.channel), key=lambda m: m.channel):
            _send(run, channel, list(group), counts)
        done += len(messages)
        run.beat(done, done)
    return dict(counts)


def _send(run: Run, channel: str, messages: Sequence[Message], counts: Counter[str]) -> None:
    """All together; if that fails each by itself, so that one bad message does not hold up the others."""
    try:
        counts.update(_through(run, channel, messages))
    except Exception as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        if len(messages) > 1:
            for message in messages:
                _send(run, channel, [message], counts)
            return
        log.warning("delivery_failed", key=messages[0].key, attempts=messages[0].attempts, error=str(error))
        again = note_failure(message=messages[0], error=str(error), chance=chance(), actor=run.actor, now=run.now())
        counts["failed" if again else "given_up"] += 1


def _through(run: Run, channel: str, messages: Sequence[Message]) -> Mapping[str, int]:
    if channel not in CHANNELS:
        raise LookupError(f"There is no channel “{channel}”.")
    return CHANNELS[channel](run, messages)


def _in_app(run: Run, messages: Sequence[Message]) -> Mapping[str, int]:
    return deliver_in_app(messages=messages, actor=run.actor, now=run.now())


CHANNELS: Mapping[str, Callable[[Run, Sequence[Message]], Mapping[str, int]]] = {"in_app": _in_app}
