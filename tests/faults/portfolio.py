"""Accounts that go stale on known business days, worked out by counting days one by one and by nothing of ours."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from changetrack.domain.people import Actor
from changetrack.models import Account, Event, Journey, Standing, User, Visit
from changetrack.operations._cells import FunnelTally
from changetrack.operations._new_account import Placement, new_account
from changetrack.operations.playbook import install_playbook
from tests.factories import make_team, make_team_member, make_user
from tests.factories._saving import Saver

BY = Actor.system("test")
STEP, PROGRESS_DAYS = 3, 10  # as the playbook has it: stale once more than ten business days have no progress
TEAM_SIZE = 10
SATURDAY = 5
A_DAY_EACH = 3  # alerts of one person, few enough to be told one by one
FRESH = 0.2  # of the accounts that go stale, as many more do not
LADDER = ((0, "owner"), (2, "owner"), (5, "coordinator"))  # business days after firing, and who hears then


@dataclass(frozen=True, slots=True)
class Due:
    """An alert that has to be raised: of which account, on which day, and who may have to hear of it."""

    account_id: int
    name: str
    team_id: int
    people: Mapping[str, int]
    day: date

    def hearers(self, days: Iterable[date]) -> Counter[int]:
        """How often each person has to hear of it, when there were runs on these days: of the highest rung due."""
        told, heard = -1, Counter[int]()
        for day in sorted(day for day in days if day >= self.day):
            rung = max(n for n, (after, _) in enumerate(LADDER) if workdays(self.day, day) >= after)
            if rung > told:
                heard[self.people[LADDER[rung][1]]] += 1
                told = rung
        return heard


@dataclass(frozen=True, slots=True)
class Portfolio:
    """What has to happen, the accounts to which nothing must happen, and everybody who hears of it."""

    due: tuple[Due, ...]
    fresh: frozenset[int]
    people: tuple[User, ...]


def make_portfolio(session: Saver, days: list[date], a_day: int, *, busy: int = 0, zone: str = "UTC") -> Portfolio:
    """On each of `days`, `a_day` accounts go stale, of owners in several teams; the first owner has `busy` more."""
    owners, coordinators = _make_teams(session, -(-a_day // A_DAY_EACH))
    now = datetime.combine(days[0], time(), ZoneInfo(zone))
    install_playbook(actor=BY, now=now)
    due: list[Due] = []
    rows: list[tuple[User, date]] = []
    for day in days:
        for number in range(a_day + busy):
            owner = owners[0] if number >= a_day else owners[number % len(owners)]
            team_id = owner.memberships[0].team_id
            rows.append((owner, stuck_since(day)))
            people = {"owner": owner.id, "coordinator": coordinators[team_id].id}
            due.append(Due(len(rows), _name(len(rows)), team_id, people, day))
    first_fresh = len(rows) + 1
    rows += [(owners[n % len(owners)], days[0]) for n in range(int(len(due) * FRESH))]
    _insert(session, rows, now)
    return Portfolio(tuple(due), frozenset(range(first_fresh, len(rows) + 1)), (*owners, *coordinators.values()))


def workdays(after: date, until: date) -> int:
    """The business days after one day until another, counted one by one."""
    days = range(1, (until - after).days + 1)
    return sum((after + timedelta(days=n)).weekday() < SATURDAY for n in days)


def stuck_since(day: date) -> date:
    """The last day of progress of a step that is stale on `day` for the first time."""
    left = PROGRESS_DAYS + 1
    while left:
        left -= day.weekday() < SATURDAY
        day -= timedelta(days=1)
    return day


def _make_teams(session: Saver, size: int) -> tuple[list[User], dict[int, User]]:
    """So many owners in teams of ten, and the coordinator of each team."""
    owners: list[User] = []
    coordinators = {}
    while len(owners) < size:
        team = make_team(session)
        coordinators[team.id] = make_user(session, email=f"coordinator{team.id}@example.com")
        make_team_member(session, team, coordinators[team.id], "coordinator")
        for _ in range(min(TEAM_SIZE, size - len(owners))):
            owners.append(make_user(session, email=f"owner{len(owners)}@example.com"))
            make_team_member(session, team, owners[-1])
    return owners, coordinators


def _name(number: int) -> str:
    return f"Customer {number:05}."  # no name is the beginning of another


def _insert(session: Saver, rows: list[tuple[User, date]], now: datetime) -> None:
    tally, made = FunnelTally(), []
    for number, (owner, since) in enumerate(rows, 1):
        record = {"external_id": f"C-{number}", "name": _name(number), "owner_id": owner.id}
        record["team_id"] = owner.memberships[0].team_id
        made.append(new_account(
            number, record, Placement(STEP, since, "active"), kind="created", playbook_version=1, actor=BY, now=now,
            today=now.date(), tally=tally,
        ))  # fmt: skip
    for table, part in (
        (Account, "account"), (Journey, "journey"), (Visit, "visit"), (Standing, "standing"), (Event, "event"),
    ):  # fmt: skip
        session.execute(insert(table), [getattr(new, part) for new in made])
    tally.flush(session)
    session.commit()
