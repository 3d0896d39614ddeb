"""The night around one account: what it sees, and whom it tells; and accounts whose alerts change hands."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from changetrack.adapters.files import Table
from changetrack.domain.people import Actor
from changetrack.models import Account, Alert, Event, OutboxMessage, User
from changetrack.operations.accounts import create_account, edit_account
from changetrack.operations.alerts import acknowledge_alert, snooze_alert
from changetrack.operations.handing_over import release_handed_over
from changetrack.operations.imports import ImportOptions, import_file
from changetrack.operations.night import Reach, Swept, climb_ladder, release_held, sweep_account, sweep_page
from tests.factories.walk import Walk

NIGHT = Actor.system("stale-sweep")
SYSTEM = Actor.system("deliver")
EVERYWHERE = Reach(frozenset({"in_app", "email", "slack"}))
A_MINUTE = timedelta(minutes=1)


class Night:
    """The sweep of one account, and what came of it."""

    def __init__(self, walk: Walk, folder: Path) -> None:
        self.walk = walk
        self._folder = folder

    def sweep(self) -> Swept:
        """Look at the account today."""
        walk = self.walk
        return sweep_account(account_id=walk.account_id, actor=NIGHT, now=walk.now, today=walk.today)

    def look_again(self) -> Swept:
        """Look at the account today though nothing is due."""
        self.walk.account().due_on = self.walk.today
        self.walk.session.commit()
        return self.sweep()

    def pass_until(self, day: date) -> None:
        """Let the days pass, with a sweep on each."""
        while self.walk.today < day:
            self.walk.move_on(1)
            self.sweep()

    def alerts(self) -> Sequence[Alert]:
        """All alerts of the account, oldest first."""
        self.walk.session.rollback()
        mine = select(Alert).where(Alert.account_id == self.walk.account_id)
        return self.walk.session.scalars(mine.order_by(Alert.id)).all()

    @property
    def alert(self) -> Alert:
        """The newest alert."""
        return self.alerts()[-1]

    def told(self) -> list[str]:
        """What the messages in the outbox are about, by the second part of their keys, oldest first."""
        self.walk.session.rollback()
        keys = self.walk.session.scalars(select(OutboxMessage.key).order_by(OutboxMessage.id))
        return [key.split(":")[2] for key in keys]

    def history(self) -> list[str]:
        """The kinds of the events about alerts, oldest first."""
        self.walk.session.rollback()
        mine = (Event.account_id == self.walk.account_id, Event.kind.startswith("alert_"))
        return list(self.walk.session.scalars(select(Event.kind).where(*mine).order_by(Event.seq)))

    def acknowledge(self, who: str = "olu", **answer: Any) -> None:
        """Somebody takes the alert up."""
        walk, alert = self.walk, self.alert
        given: dict[str, Any] = {
            "next_step": "Ines shows the report",
            "next_step_on": walk.today + timedelta(25),
            "version": alert.version,
        } | answer
        acknowledge_alert(alert_id=alert.id, actor=walk.cast.actor(who), now=walk.now, today=walk.today, **given)

    def snooze(self, days: int | None = 5, **answer: Any) -> date:
        """Olu lets the acknowledged alert rest."""
        walk, alert = self.walk, self.alert
        given: dict[str, Any] = {"reason": "The plant is closed", "version": alert.version} | answer
        olu = walk.cast.actor("olu")
        return snooze_alert(alert_id=alert.id, days=days, actor=olu, now=walk.now, today=walk.today, **given)

    def import_file(self, kind: str, *lines: str) -> None:
        """Ada reads a file in; of accounts, the first becomes the one that the night looks at."""
        path = self._folder / f"{kind}-{self.walk.today}.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        moment: dict[str, Any] = {"actor": self.walk.cast.actor("ada"), "now": self.walk.now, "today": self.walk.today}
        import_file(kind=kind, source=Table(path), options=ImportOptions(), secret="s", **moment)
        imported = self.walk.session.scalar(select(Account.id).where(Account.external_id == "imported"))
        self.walk.account_id = imported or self.walk.account_id


@pytest.fixture
def night(walk: Walk, tmp_path: Path) -> Night:
    """The night over the account that Olu added."""
    return Night(walk, tmp_path)


class Hands:
    """Accounts of Olu's whose alerts fired and were told, and what follows when others get them."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk

    def fire(self, count: int = 1) -> list[int]:
        """Let alerts fire on so many accounts, the first worth the least, and tell Olu of them."""
        walk, ids = self.walk, []
        for number in range(1, count + 1):
            record = {"name": f"Account {number:02}", "annual_value": number * 1000, "currency": "EUR"}
            record |= {"team_id": walk.cast.team.id, "owner_id": walk.cast.olu.id}
            walk.account_id = create_account(record=record, **self.by("ada"))
            walk.open(days_ago=0)
            ids.append(walk.account_id)
        walk.move_on(20)
        self.night()
        self.note_delivered()
        return ids

    def night(self) -> None:
        """A whole night."""
        moment = self.by(None)
        sweep_page(after=None, limit=100, reach=EVERYWHERE, **moment)
        climb_ladder(after=None, limit=100, reach=EVERYWHERE, **moment)
        while release_held(actor=SYSTEM, now=self.walk.now, reach=EVERYWHERE)["persons"]:
            pass

    def note_delivered(self) -> None:
        """All that was written so far has arrived."""
        for row in self.rows(delivered_at=None):
            row.delivered_at = self.walk.now
        self.walk.session.commit()

    def give(self, account_id: int, **record: Any) -> None:
        """Ada edits whose account it is."""
        account = self.walk.session.get_one(Account, account_id, populate_existing=True)
        edit_account(account_id=account_id, record=record, version=account.version, **self.by("ada"))

    def release(self, after: timedelta = A_MINUTE) -> int:
        """Tell who is to be told, some time after the last change of hands."""
        self.walk.now += after
        moment = {"written_by": self.walk.now - A_MINUTE, "now": self.walk.now, "reach": EVERYWHERE}
        return release_handed_over(actor=SYSTEM, **moment)["persons"]  # type: ignore[arg-type]

    def rows(self, **which: Any) -> list[OutboxMessage]:
        """The rows of the outbox that are as these columns say, oldest first."""
        self.walk.session.rollback()
        return list(self.walk.session.scalars(select(OutboxMessage).filter_by(**which).order_by(OutboxMessage.id)))

    def handed(self, **which: Any) -> list[tuple[str, str, str]]:
        """Who is told, on which rung and by which channel, since hands changed; but for what was dropped."""
        names = {user.id: user.name for user in self.walk.session.scalars(select(User))}
        rows = [row for row in self.rows(dropped_because=None, **which) if ":handed-" in row.key]
        return [(names[row.user_id or 0], row.key.split("-")[1], row.channel) for row in rows]

    def alert_of(self, account_id: int) -> Alert:
        """The account's alert."""
        return self.walk.session.scalars(select(Alert).where(Alert.account_id == account_id)).one()

    def by(self, who: str | None) -> dict[str, Any]:
        """The moment of something that somebody does."""
        actor = self.walk.cast.actor(who) if who else SYSTEM
        return {"actor": actor, "now": self.walk.now, "today": self.walk.today}

    def of_admin(self) -> dict[str, Any]:
        """The same, of what has no day."""
        return {"actor": self.walk.cast.actor("ada"), "now": self.walk.now}


@pytest.fixture
def hands(walk: Walk) -> Hands:
    """Accounts of Olu's."""
    return Hands(walk)
