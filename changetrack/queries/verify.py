"""Recomputing what is kept beside the facts: every derived figure and every hash chain, with all differences."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice

from sqlalchemy import func, select

from changetrack.models import Account, db
from changetrack.queries._verify_account import AccountRecord, account_differences
from changetrack.queries._verify_chains import audit_differences
from changetrack.queries._verify_records import read_records
from changetrack.queries._verify_summaries import FlowCount, cell_differences, flow_differences, value_differences
from changetrack.queries._verify_usage import usage_differences
from changetrack.queries._verify_value import value_record_differences

CHUNK = 500  # accounts read at a time
SHOWN = 1000  # differences kept; the rest is counted


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is kept otherwise than recomputed; `subject` names it: 'account A-17', 'funnel cell …'."""

    subject: str
    figure: str
    kept: str
    recomputed: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What was looked at and what was found: the first thousand differences, and how many there are."""

    accounts: int
    standings: int
    events: int
    differences: tuple[Difference, ...]
    found: int


def count_to_verify() -> int:
    """How many accounts there are to verify, for a progress bar."""
    return db.session.scalar(select(func.count()).select_from(Account)) or 0


def verify(
    *, today: date, usage_kept_from: date = date.min, progress: Callable[[int], None] = lambda _: None
) -> Verified:
    """Recompute everything derived and compare; reads in chunks of accounts, so memory stays flat.

    What only the coming night will write down (evidence that ended since, as far as the account is due) is no
    difference. Who was counted on days before `usage_kept_from` may be forgotten by now. `progress` is told the
    number of accounts done since the last time.
    """
    flows, counts = FlowCount(), [0, 0, 0]

    def everything() -> Iterator[Difference]:
        for records in read_records(CHUNK):
            for record in records:
                flows.add(record.believed)
                counts[0] += 1
                counts[1] += len(record.believed)
                counts[2] += len(record.events)
                yield from _differences(record, today)
            progress(len(records))
        for found in (
            cell_differences(),
            flow_differences(flows),
            usage_differences(usage_kept_from),
            value_record_differences(today),
            value_differences(),
            audit_differences(),
        ):
            yield from (Difference(*difference) for difference in found)

    differences = everything()
    shown = tuple(islice(differences, SHOWN))
    rest = sum(1 for _ in differences)
    return Verified(counts[0], counts[1], counts[2], shown, len(shown) + rest)


def _differences(record: AccountRecord, today: date) -> Iterator[Difference]:
    for figure, kept, recomputed in account_differences(record, today):
        yield Difference(f"account {record.account.external_id}", figure, str(kept), str(recomputed))
