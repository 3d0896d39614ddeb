"""A team with one account, and short words for what people do with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from changetrack.models import Account
from changetrack.operations.coalition import add_contact
from changetrack.operations.journey.evidence import Recorded, Statement, record_evidence
from changetrack.operations.journey.gate import GateResult, propose_advance, sign_off
from changetrack.operations.journey.opening import open_account, state_gap
from tests.factories import Cast
from tests.factories._saving import Saver

GAP = {
    "gap_metric": "hours to close the month",
    "gap_unit": "h",
    "gap_from": "40",
    "gap_to": "8",
    "gap_by": date(2027, 6, 30),
    "gap_evidence": "The ERP's own report",
}
COALITION: tuple[Mapping[str, Any], ...] = (
    {
        "name": "Mara",
        "function": "Finance",
        "in_coalition": True,
        "is_sponsor": True,
        "path_roles": ["decider", "approver"],
    },
    {"name": "Jon", "function": "Operations", "in_coalition": True, "path_roles": ["user", "initiator"]},
    {"name": "Ines", "function": "IT", "in_coalition": True, "path_roles": ["influencer", "gatekeeper"]},
)


@dataclass
class Walk:
    """One account of the team, and its people acting on it at the moment of the test."""

    session: Saver
    cast: Cast
    account_id: int
    now: datetime
    today: date

    def by(self, name: str, **moment: Any) -> dict[str, Any]:
        """The account, who acts, and when: what every operation takes."""
        return {
            "account_id": self.account_id,
            "actor": self.cast.actor(name),
            "now": self.now,
            "today": self.today,
        } | moment

    def ago(self, days: int) -> date:
        """That many days before today."""
        return self.today - timedelta(days)

    def move_on(self, days: int) -> None:
        """Let days pass."""
        self.now += timedelta(days)
        self.today += timedelta(days)

    def account(self) -> Account:
        """The account as it is on record now."""
        self.session.rollback()
        return self.session.get_one(Account, self.account_id)

    def record(self, point: str, *, days_ago: int = 0, who: str = "Mara", **said: Any) -> Recorded:
        """Olu records what somebody said."""
        statement = Statement(contact_name=who, said_how="call", **said)
        return record_evidence(point=point, statement=statement, effective_on=self.ago(days_ago), **self.by("olu"))

    def open(self, days_ago: int = 30) -> None:
        """Olu answers the two questions."""
        open_account(
            beneficiary="Plant managers",
            value_statement="Close in a day",
            effective_on=self.ago(days_ago),
            **self.by("olu"),
        )

    def prove_step_1(self, days_ago: int = 10) -> None:
        """All control points of step 1."""
        state_gap(gap=GAP, effective_on=self.ago(days_ago), **self.by("olu"))
        self.record("1c", days_ago=days_ago, numbers={"asked": 4, "yes": 3})

    def prove_step_2(self) -> None:
        """All control points of step 2."""
        for person in COALITION:
            add_contact(contact=person, **self.by("olu"))
        self.record("2c", numbers={"meetings": 2, "present": 5, "invited": 6})

    def advance(self) -> GateResult:
        """Olu proposes, Tess signs."""
        propose_advance(effective_on=self.today, **self.by("olu"))
        return sign_off(**self.by("tess"))
