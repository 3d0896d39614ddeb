"""A page of accounts is swept as each of them would be by itself: every table is left the same, hashes and all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import Table, func, select, text
from sqlalchemy.exc import NoResultFound

from changetrack.domain.people import Actor
from changetrack.domain.refusal import NotFound, OperationRefused
from changetrack.models import Account, Alert, Calendar, db
from changetrack.operations import night
from changetrack.operations.accounts import create_account
from changetrack.operations.alerts import acknowledge_alert, snooze_alert
from changetrack.operations.night import Reach, climb_ladder, sweep_account, sweep_page
from changetrack.queries.alerts import list_due_accounts
from changetrack.queries.verify import verify
from tests.factories._saving import Saver
from tests.factories.delivery import make_endpoint
from tests.factories.walk import Walk
from tests.integration.operations.journey.test_random_walks import ACTS

SYSTEM = Actor.system("stale-sweep")
REACH = Reach(frozenset({"in_app", "email", "slack", "webhook"}))
LOOKED_AT = (
    "accounts", "alerts", "events", "standings", "outbox", "funnel_cells", "movement_cells", "value_cells", "proposals",
    "evidence", "visits", "holds", "commitments",
)  # fmt: skip
Dump = dict[str, list[tuple[Any, ...]]]


class Rehearsal:
    """Does the same night in two ways, each of which is undone, and keeps what it left behind."""

    def __init__(self, session: Saver, monkeypatch: pytest.MonkeyPatch) -> None:
        self._session, self._patch = session, monkeypatch

    def of(self, do: Callable[[], object]) -> Dump:
        """What all tables hold after it."""
        self._start_numbers()
        with self._patch.context() as patch:
            patch.setattr(night, "transaction", self._unfinished)
            do()
            self._session.flush()
            found = {name: self._rows(db.metadata.tables[name]) for name in LOOKED_AT}
        self._session.rollback()
        return found

    @contextmanager
    def _unfinished(self, **_options: object) -> Iterator[Saver]:
        yield self._session
        self._session.flush()
        self._session.expire_all()

    def _rows(self, table: Table) -> list[tuple[Any, ...]]:
        rows = self._session.execute(select(table).order_by(*table.primary_key.columns))
        return [tuple(map(repr, row)) for row in rows]

    def _start_numbers(self) -> None:
        """Both ways are to number alike: what was drawn from a sequence does not go back by itself."""
        self._session.rollback()
        if self._session.get_bind().dialect.name != "postgresql":
            return
        for name in ("alerts", "outbox"):
            start = self._session.scalar(select(func.max(db.metadata.tables[name].c.id))) or 0
            self._session.execute(text(f"select setval(pg_get_serial_sequence('{name}', 'id'), {start + 1}, false)"))
        self._session.commit()


class House:
    """A team with some accounts, whose days go by together."""

    def __init__(self, walk: Walk, seed: int) -> None:
        self.chance, self.first = Random(seed), walk
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

    def by_page(self) -> None:
        """A night in pages of three."""
        after = None
        while (page := sweep_page(after=after, limit=3, **self._night())).last is not None:
            after = page.last
        climb_ladder(after=None, limit=100, **self._night())

    def one_by_one(self) -> None:
        """The same night, account by account."""
        for due in list_due_accounts(day=self.first.today, after=None, limit=100):
            sweep_account(account_id=due.account_id, **self._night())
        climb_ladder(after=None, limit=100, **self._night())

    def _night(self) -> dict[str, Any]:
        return {"actor": SYSTEM, "now": self.first.now, "today": self.first.today, "reach": REACH}

    def _account(self, number: int) -> int:
        walk = self.first
        owner = self.chance.choice([walk.cast.olu.id, walk.cast.tess.id, walk.cast.otto.id, None])
        record = {"name": f"Account {number}", "team_id": walk.cast.team.id, "owner_id": owner, "currency": "EUR"}
        by: dict[str, Any] = {"actor": walk.cast.actor("olu"), "now": walk.now, "today": walk.today}
        return create_account(record=record | {"annual_value": number, "segment": f"S{number % 2}"}, **by)

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


@pytest.mark.parametrize("seed", range(4))
def test_by_the_page_or_one_by_one_a_night_leaves_the_same(
    walk: Walk, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, rehearsal, swept = House(walk, seed), Rehearsal(walk.session, monkeypatch), 0

    for _ in range(8):
        house.live()
        one, page = rehearsal.of(house.one_by_one), rehearsal.of(house.by_page)
        for name in LOOKED_AT:
            assert page[name] == one[name], name
        before = len(one["alerts"])
        house.by_page()
        swept += before

    assert swept > 0
    assert verify(today=house.first.today).found == 0
