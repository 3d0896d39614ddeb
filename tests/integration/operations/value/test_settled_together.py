"""Accounts are settled together as each of them would be by itself: every table is left the same, hashes and all."""

from typing import Any

import pytest

from changetrack.operations.value import recognition
from changetrack.operations.value.recognition import recognise_account, recognise_accounts, settle_accounts
from tests.factories._saving import Saver
from tests.factories.random_life import NIGHT, RandomLife
from tests.factories.rehearsal import Rehearsal

SEED, DAYS = 517, 95
TABLES = ("outcomes", "readings", "ledger", "value_flows", "journeys")


class RehearsedLife(RandomLife):
    """A life in which the job is rehearsed in each way before it comes by."""

    rehearsal: Rehearsal
    settled = 0

    def recognise(self) -> None:
        """Recognised by itself, and together with others; at once, and after what is recognised of many alike."""
        moment: dict[str, Any] = {"actor": NIGHT, "now": self.now, "today": self.today}
        ids = [self.account_id]

        def alone() -> None:
            recognise_account(account_id=self.account_id, **moment)

        def together() -> None:
            self.settled += settle_accounts(account_ids=ids, **moment).settled

        def after(settle: Any) -> None:
            recognise_accounts(account_ids=ids, **moment)
            settle()

        self.rehearsal.compare(alone, together)
        self.rehearsal.compare(lambda: after(alone), lambda: after(together))
        super().recognise()


def test_together_or_alone_the_same_follows(session: Saver, monkeypatch: pytest.MonkeyPatch) -> None:
    life = RehearsedLife(session, SEED)
    life.rehearsal = Rehearsal(session, monkeypatch, recognition, *TABLES)

    life.live(DAYS)

    assert life.settled > 5
