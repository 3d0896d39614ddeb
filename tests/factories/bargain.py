"""A team and its customer agreeing on outcomes: short words for what people say and do about them."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from changetrack.models import Event, Metric, Outcome, OutcomeStatement
from changetrack.operations.coalition import add_contact
from changetrack.operations.value import outcomes, statements
from changetrack.operations.value.statements import Word
from tests.factories.usage import make_metric
from tests.factories.walk import Walk

CARLA, JON = 1, 2
SAY = {
    "agreed": statements.agree_outcome,
    "attested": statements.attest_outcome,
    "not_yet": statements.say_not_yet,
    "disputed": statements.dispute_outcome,
    "withdrawn": statements.withdraw_outcome,
}


class Bargain:
    """One account with Carla, who benefits, and Jon, who works with her; and a metric of their use."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        walk.open()
        add_contact(contact={"name": "Carla Customer", "title": "Head of logistics"}, **walk.by("olu"))
        add_contact(contact={"name": "Jon Jansen", "email": "jon@acme.example"}, **walk.by("olu"))
        self.metric_id = make_metric(walk.session, "orders").id

    def terms(self, **changed: Any) -> dict[str, Any]:
        """Forty orders a week are worth 100.00 USD to Carla."""
        given: dict[str, Any] = {"beneficiary_seq": CARLA, "statement": "Orders leave on the day they come in."}
        given |= {"metric_id": self.metric_id, "threshold": Decimal(40), "rate": 10_000, "currency": "USD"}
        return given | changed

    def propose(self, **changed: Any) -> int:
        """Olu writes it down."""
        return outcomes.propose_outcome(terms=self.terms(**changed), **self.walk.by("olu"))

    def edit(self, seq: int, version: int = 1, **changed: Any) -> None:
        """Olu changes some terms."""
        outcomes.edit_outcome(seq=seq, terms=changed, version=version, **self.walk.by("olu"))

    def change(self, seq: int, **changed: Any) -> int:
        """Olu asks for other terms."""
        return outcomes.renegotiate_outcome(seq=seq, terms=changed, **self.walk.by("olu"))

    def say(self, kind: str, seq: int, who: int | None = CARLA, *, on: date | None = None, **said: Any) -> int:
        """Olu reports what one of the customer's people said on a call."""
        word = Word(**{"contact_seq": who, "said_how": "call", "given_on": on or self.walk.today, **said})
        return SAY[kind](seq=seq, word=word, **self.walk.by("olu"))

    def take_back(self, statement: int, because: str = "She meant another one.") -> None:
        """Olu takes a report back."""
        statements.retract_statement(statement=statement, because=because, **self.walk.by("olu"))

    def agreed(self, *, days_ago: int = 0, **changed: Any) -> int:
        """An outcome that Carla agreed to."""
        seq = self.propose(**changed)
        self.say("agreed", seq, on=self.walk.ago(days_ago))
        return seq

    def outcome(self, seq: int) -> Outcome:
        """The outcome as it is on record now."""
        self.walk.session.rollback()
        return self.walk.session.get_one(Outcome, (self.walk.account_id, seq))

    def words(self, seq: int) -> list[OutcomeStatement]:
        """What was said of it, in order."""
        mine = (OutcomeStatement.account_id == self.walk.account_id, OutcomeStatement.outcome_seq == seq)
        self.walk.session.rollback()
        return list(self.walk.session.scalars(select(OutcomeStatement).where(*mine).order_by(OutcomeStatement.seq)))

    def events(self, kind: str) -> list[Event]:
        """What the history says of that kind, in order."""
        mine = (Event.account_id == self.walk.account_id, Event.kind == kind)
        self.walk.session.rollback()
        return list(self.walk.session.scalars(select(Event).where(*mine).order_by(Event.seq)))

    def metric(self, key: str, **fields: Any) -> Metric:
        """Another metric."""
        return make_metric(self.walk.session, key, **fields)
