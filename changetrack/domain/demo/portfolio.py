"""The example portfolio put together: sixty tales told, and the files that some accounts came with."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random

from changetrack.domain.demo.arrivals import usage_deeds
from changetrack.domain.demo.deeds import Deed, EventsDeed, FileDeed, Portfolio
from changetrack.domain.demo.house import PEOPLE, TEAMS
from changetrack.domain.demo.many import HISTORY, More
from changetrack.domain.demo.many_use import use_files
from changetrack.domain.demo.organizations import ORGANIZATIONS
from changetrack.domain.demo.products import BY_INDUSTRY
from changetrack.domain.demo.record import Record, make_record
from changetrack.domain.demo.tales import FILES, read_tales
from changetrack.domain.demo.telling import Telling, workday

TALES = len(read_tales())
FOUNDED = 549  # days ago: eighteen months
SYNC_DAYS = range(2, 500, 28)  # days ago on which the steps that others keep were read in


def make_portfolio(*, seed: int, today: date, accounts: int = TALES) -> Portfolio:
    """Write the script of so many accounts: the same for the same seed and day, in order of time.

    Tales are told of the first TALES accounts; what is more comes in files.
    """
    chance = Random(f"portfolio {seed}")  # noqa: S311  a story, not a secret
    records = _records(seed, accounts, chance)
    told = [_tell(record, seed, today) for record in records]
    deeds: list[Deed | FileDeed | EventsDeed] = [deed for telling in told for deed in telling.deeds]
    deeds += _files(told, today)
    deeds += usage_deeds(told, today)
    more = More(seed, today, max(0, accounts - TALES))
    deeds += more.files()
    deeds += use_files(more)
    deeds.sort(key=lambda deed: (deed.day, deed.minute))
    founded_on = workday(today - timedelta(FOUNDED))
    return Portfolio(founded_on, TEAMS + more.teams(), PEOPLE + more.people(), tuple(deeds))


def _records(seed: int, accounts: int, chance: Random) -> list[Record]:
    """An account for each tale: most customers have one, some adopt a second product."""
    tales = read_tales()[:accounts]
    customers = chance.sample(ORGANIZATIONS, min(len(tales), len(ORGANIZATIONS)))
    again = chance.sample(customers, len(tales) - len(customers) + min(8, len(tales) // 8))
    places = [(org, 0) for org in customers[: len(tales) - len(again)]] + [(org, 1) for org in again]
    chance.shuffle(places)
    return [
        make_record(f"C-{1000 * seed + n}", tale, org, BY_INDUSTRY[org.industry][nth], is_second=nth > 0, chance=chance)
        for n, (tale, (org, nth)) in enumerate(zip(tales, places, strict=True), 1)
    ]


def _tell(record: Record, seed: int, today: date) -> Telling:
    chance = Random(f"{seed} {record.external_id}")  # noqa: S311  a story, not a secret
    return Telling(record, chance, today).tell()


def _files(told: Sequence[Telling], today: date) -> Iterator[FileDeed]:
    for name, ago in FILES.items():
        came = [t for t in told if t.record.tale.file == name]
        if came:
            yield from _list_of(name, workday(today - timedelta(ago)), came)
    yield from _syncs(told, today)


def _list_of(name: str, day: date, came: Sequence[Telling]) -> Iterator[FileDeed]:
    rows = [t.record.row(min(h[0] for h in t.history)) for t in came]
    yield FileDeed(day, 7 * 60, "ada", "accounts", f"{name}-accounts.csv", Record.HEADERS, rows)
    first = [
        (t.record.external_id, place, on.isoformat(), "") for t in came for on, place, late in t.history if not late
    ]
    yield FileDeed(day, 7 * 60 + 5, "ada", "history", f"{name}-history.csv", HISTORY, first)


def _syncs(told: Sequence[Telling], today: date) -> Iterator[FileDeed]:
    late = [(on, t.record.external_id, place) for t in told for on, place, is_late in t.history if is_late]
    for ago in SYNC_DAYS:
        day = workday(today - timedelta(ago))
        rows = [(id_, place, on.isoformat(), "") for on, id_, place in late if day - timedelta(28) < on <= day]
        if rows:
            yield FileDeed(day, 7 * 60 + 10, "ada", "history", f"steps-{day:%Y-%m}.csv", HISTORY, rows)
