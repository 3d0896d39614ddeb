"""What became of every alert that had to be raised: told once to everybody whom it concerns, or lost, or repeated."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256

from sqlalchemy import select

from changetrack.models import Alert, Notification, OutboxMessage, db
from tests.faults.arrivals import Arrival, Book
from tests.faults.portfolio import Due, Portfolio

DIGESTS = frozenset({"digest", "portfolio"})
KNOWN_BY = 32  # digits of the hash of its key by which every channel names a message
_KINDS = select(OutboxMessage.key, OutboxMessage.kind)


@dataclass(frozen=True, slots=True)
class Told:
    """One message as its receiver has it."""

    channel: str
    receiver: str
    key: str
    kind: str
    text: str


@dataclass(slots=True)
class Findings:
    """What was counted; `lost` and `wrong` say in words what is missing, and what should not be."""

    alerts: int = 0
    messages: Counter[str] = field(default_factory=Counter)
    digests: Counter[tuple[str, str]] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    repeated: int = 0
    keys: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Ear:
    """Where a person hears, or a team's program, which is told of what was raised and of nothing else."""

    channel: str
    receiver: str
    user_id: int | None = None
    team_id: int | None = None


def count(portfolio: Portfolio, days: list[date], book: Book, ears: list[Ear]) -> Findings:
    """Compare what had to happen on `days` with the database and with what was received."""
    db.session.rollback()
    found = Findings()
    due = [due for due in portfolio.due if due.day in days]
    _count_alerts(found, portfolio, due)
    told = list(_told(book, found))
    found.messages.update(message.channel for message in told)
    found.digests.update((message.channel, message.receiver) for message in told if message.kind in DIGESTS)
    _count_tellings(found, due, days, told, ears)
    _count_outbox(found)
    for arrivals in book.by_key().values():
        found.repeated += max(0, sum(arrival.is_taken for arrival in arrivals) - 1)
    _count_keys(found, told)
    found.wrong += [f"an inner address was called from {caller}" for caller in book.intrusions]
    return found


def _count_alerts(found: Findings, portfolio: Portfolio, due: list[Due]) -> None:
    raised = defaultdict(list)
    for account_id, day in db.session.execute(select(Alert.account_id, Alert.raised_on)):
        raised[account_id].append(day)
    found.alerts = len(due)
    for one in due:
        if one.day not in raised[one.account_id]:
            found.lost.append(f"alert of {one.name} on {one.day}")
        if len(raised[one.account_id]) > 1:
            found.wrong.append(f"{len(raised[one.account_id])} alerts of {one.name}")
    found.wrong += [f"alert of the fresh account {number}" for number in portfolio.fresh if raised[number]]


def _told(book: Book, found: Findings) -> Iterator[Told]:
    """Every message that somebody has, with the kind under which it was sent."""
    kinds = {sha256(key.encode()).hexdigest()[:KNOWN_BY]: kind for key, kind in db.session.execute(_KINDS)}
    by_key = {key: kind for key, kind in db.session.execute(_KINDS)}  # noqa: C416  # rows are typed by unpacking
    for row in db.session.scalars(select(Notification)):
        yield Told("in_app", str(row.user_id), row.key, by_key[row.key], f"{row.title}\n{row.body}")
    for key, arrivals in book.by_key().items():
        kind = kinds.get(key.removeprefix("msg_").removeprefix("<")[:KNOWN_BY])
        if kind is None:
            found.keys.append(f"nobody knows the key {key}")
        for channel, receiver, text in {(a.channel, a.receiver, a.text) for a in arrivals}:
            yield Told(channel, receiver, key, kind or "", text)


def _count_tellings(found: Findings, due: list[Due], days: list[date], told: list[Told], ears: list[Ear]) -> None:
    """As often as somebody had to hear of an account, so many messages to them name it: alone, or with others."""
    named: Counter[tuple[str, str, str]] = Counter()
    names = {one.name for one in due}
    for message in told:
        if message.kind in DIGESTS:
            continue
        for name in names.intersection(_names(message.text)):
            named[message.channel, message.receiver, name] += 1
    for one in due:
        hearers = one.hearers(days)
        for ear in ears:
            expected = hearers[ear.user_id] if ear.user_id is not None else int(ear.team_id == one.team_id)
            heard = named[ear.channel, ear.receiver, one.name]
            what = f"{one.name} told {heard} times instead of {expected} by {ear.channel} to {ear.receiver}"
            if heard < expected:
                found.lost.append(what)
            elif heard > expected:
                found.keys.append(what)


def _names(text: str) -> Iterable[str]:
    parts = text.split("Customer ")[1:]
    return {f"Customer {part[:6]}" for part in parts}


def _count_outbox(found: Findings) -> None:
    for row in db.session.scalars(select(OutboxMessage)):
        if row.delivered_at is None:
            state = "given up" if row.dead_at else "waiting"
            found.lost.append(f"{row.key} is {state}: {row.last_error}")


def _count_keys(found: Findings, told: list[Told]) -> None:
    keys = defaultdict(set)
    for message in told:
        keys[message.channel, message.receiver, message.text].add(message.key)
    found.keys += [f"{len(same)} keys for {what[2][:80]}" for what, same in keys.items() if len(same) > 1]


def early(arrivals: Iterable[Arrival], seconds: float, after: str) -> int:
    """How many arrivals came sooner at a receiver than so many seconds after one that met with the fault `after`."""
    until: dict[tuple[str, str], datetime] = {}
    count = 0
    for arrival in arrivals:
        where = arrival.channel, arrival.receiver
        count += where in until and arrival.at < until[where]
        if arrival.fault == after:
            until[where] = arrival.at + timedelta(seconds=seconds)
    return count


def closest(arrivals: Iterable[Arrival], channel: str) -> float:
    """The fewest seconds between two messages to one receiver of a channel."""
    last: dict[str, datetime] = {}
    gaps = []
    for arrival in (arrival for arrival in arrivals if arrival.channel == channel):
        if arrival.receiver in last:
            gaps.append((arrival.at - last[arrival.receiver]).total_seconds())
        last[arrival.receiver] = arrival.at
    return min(gaps, default=0.0)
