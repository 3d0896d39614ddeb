"""An account of which a customer can be asked something: opened, with its people and a proposed outcome."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from changetrack.models import Account, CustomerLink, Outcome
from changetrack.operations.coalition import add_contact
from changetrack.operations.customer_answers import Answer, answer_ask, open_link
from changetrack.operations.customer_links import Requested, ask_customer
from tests.factories import make_metric, make_outcome
from tests.factories.walk import COALITION, Walk

ADDRESS = "192.0.2.77"
MARA, JON, INES = 1, 2, 3


@dataclass
class Asking:
    """Mara is the beneficiary of the outcome; Jon and Ines are colleagues of hers."""

    walk: Walk
    outcome_seq: int

    @classmethod
    def at(cls, walk: Walk, **terms: Any) -> "Asking":
        """Open the account and propose that forty orders a week be worth 100.00 USD."""
        walk.open()
        for person in COALITION:
            add_contact(contact=person, **walk.by("olu"))
        account = walk.session.get_one(Account, walk.account_id)
        metric = make_metric(walk.session, "orders")
        outcome = make_outcome(walk.session, account, metric, threshold=Decimal(40), beneficiary_seq=MARA, **terms)
        return cls(walk, outcome.seq)

    def ask(self, *asks: str, contact_seq: int | None = MARA, by: str = "olu") -> Requested:
        """Somebody of the team asks one of the customer's people."""
        return ask_customer(contact_seq=contact_seq, asks=asks, **self.walk.by(by))

    def token(self, *asks: str, contact_seq: int = MARA) -> str:
        """Ask, and return the token of the page that is made for it."""
        token = self.ask(*asks, contact_seq=contact_seq).token
        assert token is not None, "it joined a page that was there"
        return token

    def open(self, token: str, address: str = ADDRESS) -> Any:
        """The person opens their page."""
        return open_link(now=self.walk.now, today=self.walk.today, token=token, address=address)

    def answer(self, token: str, key: str, answer: str = "yes", address: str = ADDRESS, **more: Any) -> None:
        """The person opens their page and answers."""
        actor = self.open(token, address)
        moment = {"now": self.walk.now, "today": self.walk.today, "actor": actor}
        answer_ask(token=token, key=key, answer=Answer(answer, **more), address=address, **moment)

    def link(self) -> CustomerLink:
        """The newest page."""
        self.walk.session.rollback()
        newest = select(CustomerLink).order_by(CustomerLink.id.desc()).limit(1)
        return self.walk.session.scalars(newest).one()

    def outcome(self) -> Outcome:
        """The outcome as it is on record now."""
        self.walk.session.rollback()
        return self.walk.session.get_one(Outcome, (self.walk.account_id, self.outcome_seq))
