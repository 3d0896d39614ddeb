"""What is kept of an account for its clocks verified: the commitment due first, and when the customer last acted."""

from collections.abc import Iterator
from datetime import date

from changetrack.domain.commitments import commitment_words
from changetrack.queries.customer_acts import WatchRecord, acts_of, standing_acts_of

Found = tuple[str, object, object]
_TOLD_BY = {"met": "commitment_met", "withdrawn": "commitment_withdrawn"}


def watch_differences(record: WatchRecord) -> Iterator[Found]:
    """(figure, kept, recomputed) for the commitments, the first of them, and the day of the customer's last act.

    What was taken back since may count or not: an act that ended their silence keeps doing so, but where the record
    is older than this clock it was left out.
    """
    account = record.account
    is_open = [one for one in record.commitments if one.state == "open"]
    first = min(is_open, key=lambda one: (one.due_on, one.seq), default=None)
    due_on, words = (first.due_on, commitment_words(first.action, first.owner_name)) if first else (None, None)
    if account.commitment_due_on != due_on:
        yield "commitment_due_on", account.commitment_due_on, due_on
    if account.commitment_words != words:
        yield "commitment_words", account.commitment_words, words
    yield from _ends(record)
    acts, standing = acts_of(record), standing_acts_of(record)
    last = max(acts, default=None)
    kept: date | None = account.customer_on
    is_right = (kept in acts or kept is None) and (kept or date.min) >= max(standing, default=date.min)
    if not is_right:
        yield "customer_on", kept, last


def _ends(record: WatchRecord) -> Iterator[Found]:
    """What is kept of a commitment's end, where the history does not tell of it."""
    told = {(event.kind, event.recorded_at) for event in record.events}
    for one in record.commitments:
        if one.state != "open" and (_TOLD_BY[one.state], one.ended_at) not in told:
            yield f"commitment {one.seq}", one.state, "open"
