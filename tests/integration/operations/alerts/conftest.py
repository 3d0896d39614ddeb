"""The night around one account: what it sees, and whom it tells."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from changetrack.adapters.files import Table
from changetrack.domain.people import Actor
from changetrack.models import Account, Alert, Event, OutboxMessage
from changetrack.operations.alerts import acknowledge_alert, snooze_alert
from changetrack.operations.imports import ImportOptions, import_file
from changetrack.operations.night import Swept, sweep_account
from tests.factories.walk import Walk

NIGHT = Actor.system("stale-sweep")


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
            "next_step_on": walk.today + timedelta(28),
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
