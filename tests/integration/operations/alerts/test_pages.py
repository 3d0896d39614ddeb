"""A page of accounts is swept as each of them would be by itself: every table is left the same, hashes and all."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import NoResultFound

from changetrack.domain.people import Actor
from changetrack.domain.refusal import NotFound, OperationRefused
from changetrack.domain.usage import member_hash
from changetrack.models import Account, Alert, Calendar, Contact, Evidence, Outcome, Reading, UsageMember
from changetrack.operations import night
from changetrack.operations.accounts import create_account
from changetrack.operations.alerts import acknowledge_alert, snooze_alert
from changetrack.operations.night import Reach, climb_ladder, sweep_account, sweep_page
from changetrack.queries.alerts import list_due_accounts
from changetrack.queries.verify import verify
from tests.factories import make_metric, make_outcome
from tests.factories.delivery import make_endpoint
from tests.factories.rehearsal import Rehearsal
from tests.factories.walk import Walk
from tests.integration.operations.journey.test_random_walks import ACTS

SYSTEM = Actor.system("stale-sweep")
SECRET = "a-key-that-signs-nothing-outside-of-these-tests"
SEEN = [member_hash(SECRET, f"{number}@customer.example") for number in range(4)]
NUMBERS = (*[45] * 20, 12)  # of a week, most of which pass
REACH = Reach(frozenset({"in_app", "email", "slack", "webhook"}))


class House:
    """A team with some accounts, whose days go by together."""

    def __init__(self, walk: Walk, seed: int, *, is_counted: bool = False) -> None:
        self.chance, self.first, self.secret = Random(seed), walk, SECRET if is_counted else None
        more = [self._account(number) for number in range(7)]
        self.walks = [walk, *(Walk(walk.session, walk.cast, id_, walk.now, walk.today) for id_ in more)]
        calendar = Calendar(
            name="Theirs", is_house=False, weekmask="1111000", blackout_days=[], country="DE", version=1
        )
        walk.session.add(calendar)
        walk.session.flush()
        for id_ in more[:3]:
            account = walk.session.get_one(Account, id_)
            account.calendar_id, account.blackout_days = calendar.id, ["2026-03-04"]
        walk.session.commit()
        for each in self.walks[::2]:
            each.open(days_ago=0)
        make_endpoint(walk.session, kind="webhook", events=["alert.raised", "alert.resolved", "alert.escalated"])
        if is_counted:
            of_people = {"aggregation": "distinct"}
            self.users = make_metric(walk.session, "users", purpose="active_users", **of_people)
            self.tasks = make_metric(walk.session, "tasks", purpose="first_task", **of_people)
            self.orders = make_metric(walk.session, "orders")
            for each in self.walks[::2]:
                each.prove_step_2()

    def live(self) -> None:
        """Some days, on each of which people do this and that."""
        for _ in range(self.chance.randint(4, 12)):
            days = self.chance.choice((0, 0, 1, 2))
            for walk in self.walks:
                walk.move_on(days)
            acts = (*ACTS[:-1], self._acknowledge, self._snooze)  # but for a sweep of their own
            try:
                self.chance.choice(acts)(self.chance.choice(self.walks), self.chance)
            except (OperationRefused, NotFound, NoResultFound):
                self.first.session.rollback()
        days = self.chance.choice((1, 7, 14, 30))
        for walk in self.walks:
            walk.move_on(days)
            if self.secret is not None:
                self.use(walk)

    def by_page(self) -> None:
        """A night in pages of three."""
        after = None
        while (page := sweep_page(after=after, limit=3, secret=self.secret, **self._night())).last is not None:
            after = page.last
        climb_ladder(after=None, limit=100, **self._night())

    def one_by_one(self) -> None:
        """The same night, account by account."""
        for due in list_due_accounts(day=self.first.today, after=None, limit=100):
            sweep_account(account_id=due.account_id, secret=self.secret, **self._night())
        climb_ladder(after=None, limit=100, **self._night())

    def _night(self) -> dict[str, Any]:
        return {"actor": SYSTEM, "now": self.first.now, "today": self.first.today, "reach": REACH}

    def _account(self, number: int) -> int:
        walk = self.first
        owner = self.chance.choice([walk.cast.olu.id, walk.cast.tess.id, walk.cast.otto.id, None])
        record = {"name": f"Account {number}", "team_id": walk.cast.team.id, "owner_id": owner, "currency": "EUR"}
        by: dict[str, Any] = {"actor": walk.cast.actor("olu"), "now": walk.now, "today": walk.today}
        return create_account(record=record | {"annual_value": number, "segment": f"S{number % 2}"}, **by)

    def use(self, walk: Walk) -> None:
        """What this account's people did lately, and what became of its outcomes; the night is to look at it."""
        account, chance = walk.account(), self.chance
        account.planned_users, account.due_on = chance.choice((None, 2, 5)), walk.today
        for number, contact in enumerate(self._contacts(walk)):
            contact.email = chance.choice((contact.email, f"{number}@customer.example"))
        for _ in range(chance.randint(0, 9)):
            seen = {"member": chance.choice(SEEN), "day": walk.ago(chance.randint(0, 40)), "recorded_on": walk.today}
            metric = chance.choice((self.users, self.tasks))
            walk.session.merge(UsageMember(account_id=account.id, metric_id=metric.id, **seen))
        walk.session.commit()
        self._turn_outcomes(walk, account)

    def _contacts(self, walk: Walk) -> list[Contact]:
        theirs = select(Contact).where(Contact.account_id == walk.account_id).order_by(Contact.seq)
        return list(walk.session.scalars(theirs))

    def _turn_outcomes(self, walk: Walk, account: Account) -> None:
        """Another outcome, with weeks of use, stands somehow; in what order was learned before."""
        outcome = make_outcome(walk.session, account, self.orders, settle_lag_days=0)
        first = walk.today - timedelta(days=walk.today.weekday(), weeks=30)
        read = {"account_id": account.id, "outcome_seq": outcome.seq, "recorded_on": walk.today}
        walk.session.add_all(
            Reading(**read, period_start=first + timedelta(weeks=n), value=Decimal(self.chance.choice(NUMBERS)))
            for n in range(30)
        )
        mine = select(Outcome).where(Outcome.account_id == account.id)
        for outcome in walk.session.scalars(mine):
            outcome.state = self.chance.choice(("agreed", "in_use", "confirmed", "confirmed", "lapsed"))
            outcome.agreed_on = first + timedelta(weeks=self.chance.randint(0, 3))
            outcome.confirmed_from = outcome.agreed_on + timedelta(weeks=4) if outcome.state == "confirmed" else None
            outcome.valid_until = walk.today + timedelta(days=self.chance.choice((5, 30, 90)))
        walk.session.commit()

    def _acknowledge(self, walk: Walk, chance: Random) -> None:
        alert, by = self._alert(walk)
        on = walk.today + timedelta(chance.randint(0, 9))
        acknowledge_alert(alert_id=alert.id, next_step="Call", next_step_on=on, version=alert.version, **by)

    def _snooze(self, walk: Walk, chance: Random) -> None:
        alert, by = self._alert(walk)
        snooze_alert(alert_id=alert.id, days=chance.randint(1, 9), reason="Later", version=alert.version, **by)

    def _alert(self, walk: Walk) -> tuple[Alert, dict[str, Any]]:
        is_open = (Alert.account_id == walk.account_id, Alert.state != "resolved")
        alert = walk.session.scalar(select(Alert).where(*is_open))
        if alert is None:
            raise NotFound("alert")
        return alert, {"actor": walk.cast.actor("olu"), "now": walk.now, "today": walk.today}


@pytest.mark.parametrize(("seed", "is_counted"), [(0, False), (1, False), (2, False), (0, True), (3, True)])
def test_by_the_page_or_one_by_one_a_night_leaves_the_same(
    walk: Walk, seed: int, is_counted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, rehearsal = House(walk, seed, is_counted=is_counted), Rehearsal(walk.session, monkeypatch, night)
    swept, proven = 0, set[str]()

    for _ in range(8):
        house.live()
        swept += len(rehearsal.compare(house.one_by_one, house.by_page)["alerts"])
        house.by_page()
        computed = select(Evidence.point).where(Evidence.kind == "record", Evidence.recorded_by == SYSTEM.name)
        proven.update(walk.session.scalars(computed))

    assert swept > 0
    assert proven >= ({"3c", "4c", "6a", "6b", "7a"} if is_counted else set())
    assert verify(today=house.first.today).found == 0


def test_what_is_read_of_use_is_read_once_for_a_page(
    walk: Walk, counted: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    house, statements = House(walk, 1, is_counted=True), []
    for each in house.walks[1::2]:
        each.open(days_ago=0)

    for limit in (2, 6):
        for each in house.walks:
            house.use(each)
        with counted() as seen:
            page = sweep_page(after=None, limit=limit, actor=SYSTEM, now=walk.now, today=walk.today, secret=SECRET)
        statements.append((len(page.swept), sum("SELECT" in statement for statement in seen)))

    assert [swept for swept, _ in statements] == [2, 6]
    assert statements[1][1] <= statements[0][1] + 3, statements
