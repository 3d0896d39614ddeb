"""A random life of an account: what its people say, what its use brings and what the nights do, by the real operations.

Whatever an operation refuses did not happen; whatever it allows has to leave figures that follow from the facts.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy import select

from changetrack.domain.people import Actor
from changetrack.domain.refusal import OperationRefused
from changetrack.domain.usage import Arrival
from changetrack.models import Account, Outcome, OutcomeStatement, UsageSource
from changetrack.operations.accounts import create_account, edit_account
from changetrack.operations.coalition import add_contact
from changetrack.operations.journey.moves import close_account, hold_account, reopen_account, resume_account
from changetrack.operations.journey.opening import open_account
from changetrack.operations.night import sweep_account
from changetrack.operations.playbook import install_playbook
from changetrack.operations.usage.ingest import ingest_events
from changetrack.operations.usage.matching import match_usage
from changetrack.operations.usage.state import StatedRow, state_usage
from changetrack.operations.value import outcomes, statements
from changetrack.operations.value.recognition import recognise_account, recognise_accounts
from changetrack.operations.value.statements import Word
from tests.factories import make_cast, make_metric, make_rule, make_source
from tests.factories._saving import Saver

OPERATOR = Actor.operator("shell")
NIGHT = Actor.system("recognise-value")
BENEFICIARY, COLLEAGUE = 1, 2
ONE_DAY = timedelta(days=1)
SECRET = "a-key-that-signs-nothing-outside-of-these-tests"
SAY = {
    "agreed": statements.agree_outcome,
    "attested": statements.attest_outcome,
    "disputed": statements.dispute_outcome,
    "withdrawn": statements.withdraw_outcome,
}


class RandomLife:
    """One account with up to three outcomes and two metrics, from a day on, as `chance` has it."""

    def __init__(self, session: Saver, seed: object, first_day: date = date(2025, 10, 6)) -> None:
        self.session, self.chance = session, Random(str(seed))
        self.first_day = self.today = first_day
        self.cast = make_cast(session)
        install_playbook(actor=OPERATOR, now=self.now)
        record = {"name": "Acme", "external_id": "acme", "team_id": self.cast.team.id, "started_on": first_day}
        self.account_id = create_account(record=record, actor=OPERATOR, now=self.now, today=self.today)
        open_account(beneficiary="Plants", value_statement="Close in a day", effective_on=first_day, **self.by())
        for name in ("Carla", "Jon"):
            add_contact(contact={"name": name}, **self.by())
        self.orders, self.users = make_metric(session, "orders"), make_metric(session, "users", aggregation="distinct")
        make_rule(session, self.users, "Signed In")
        self.source: UsageSource = make_source(session)
        self.events = self.happened = 0
        self.usual, self.diligence = self.chance.choice((15, 30)), self.chance.choice((0.03, 0.5, 1))

    @property
    def now(self) -> datetime:
        """Noon of the day."""
        return datetime.combine(self.today, time(12), UTC)

    def by(self) -> dict[str, Any]:
        """The account, who acts, and when."""
        return {"account_id": self.account_id, "actor": OPERATOR, "now": self.now, "today": self.today}

    def live(self, days: int) -> None:
        """Let that many days go by, on each of which this and that happens, and at the end all that is due."""
        for _ in range(self.chance.randint(1, 3)):
            self._try(self._propose)
            self._try(lambda: self._say("agreed"))
        for _ in range(days):
            self._use()
            for _ in range(self.chance.choice((0, 0, 0, 1, 1, 2))):
                self._try(self.chance.choices([deed for deed, _ in self._deeds()], [n for _, n in self._deeds()])[0])
            if self.chance.random() < self.diligence:
                self.recognise()
            if self.today.weekday() < 5 and self.chance.random() < 0.7:
                sweep_account(account_id=self.account_id, actor=NIGHT, now=self.now, today=self.today)
            self.today += ONE_DAY
        self.recognise()
        sweep_account(account_id=self.account_id, actor=NIGHT, now=self.now, today=self.today)

    def recognise(self) -> None:
        """The job comes by: at times with many accounts together before each by itself."""
        moment: dict[str, Any] = {"actor": NIGHT, "now": self.now, "today": self.today}
        if self.chance.random() < 0.5:
            recognise_accounts(account_ids=[self.account_id], **moment)
        recognise_account(account_id=self.account_id, **moment)
        self.session.rollback()

    def outcomes(self) -> list[Outcome]:
        """The outcomes as they are on record now."""
        self.session.rollback()
        return list(self.session.scalars(select(Outcome).order_by(Outcome.seq)))

    def account(self) -> Account:
        """The account as it is on record now."""
        self.session.rollback()
        return self.session.get_one(Account, self.account_id)

    def _deeds(self) -> list[tuple[Callable[[], object], float]]:
        return [
            (self._propose, 2), (self._edit, 1), (self._take_proposal_back, 0.5), (self._renegotiate, 1),
            (lambda: self._say("agreed"), 20), (lambda: self._say("attested"), 40), (self._correct, 12),
            (lambda: self._say("disputed"), 0.5), (lambda: self._say("withdrawn"), 0.3), (self._retract, 5),
            (self._match, 1), (self._hand_over, 2), (self._park, 1), (self._close, 0.5),
        ]  # fmt: skip

    def _try(self, deed: Callable[[], object]) -> None:
        try:
            deed()
            self.happened += 1
        except OperationRefused:
            self.session.rollback()

    def _some_day(self) -> date:
        """Today mostly, else some day of the last weeks."""
        back = self.chance.choice((0, 0, 0, 1, 3, 8, 20, 45))
        return max(self.first_day, self.today - timedelta(days=back))

    def _some_outcome(self, *states: str) -> Outcome:
        """One of those in these states if there are any, else any."""
        found = self.outcomes()
        if not found:
            raise OperationRefused([(None, "There is none.")])
        return self.chance.choice([one for one in found if one.state in states] or found)

    def _terms(self) -> dict[str, Any]:
        pick = self.chance.choice
        period = pick(("week", "week", "week", "month"))
        group = pick((None, None, "shipping"))
        return {
            "beneficiary_seq": BENEFICIARY, "statement": f"Outcome {self.happened}.", "period": period,
            "metric_id": pick((self.orders.id, self.users.id)), "rate": pick((10_000, 7_777, 3)),
            "threshold": Decimal(40 if period == "week" else 160), "currency": pick(("USD", "USD", "EUR")),
            "accrual": pick(("flat", "proportional")), "target": Decimal(pick((60, 200)) if period == "week" else 400),
            "confirm_after": pick((1, 2, 3)), "restore_after": 1, "lapse_after": pick((1, 2)),
            "min_hold": pick((0, 2, 4)), "attestation_valid_days": pick((14, 60, 90)),
            "settle_lag_days": pick((0, 2, 2, 5)), "requires_attestation": pick((True, True, False)),
            "plan_start": pick((None, self.first_day)), "plan_periods": pick((None, 3, 26)),
            "overlap_group": group, "group_cap": pick((8_000, 12_000)) if group else None,
        }  # fmt: skip

    def _propose(self) -> None:
        if len(self.outcomes()) < 5:
            outcomes.propose_outcome(terms=self._terms(), **self.by())

    def _edit(self) -> None:
        chosen = self._some_outcome()
        outcomes.edit_outcome(seq=chosen.seq, terms=self._terms(), version=chosen.version, **self.by())

    def _take_proposal_back(self) -> None:
        outcomes.withdraw_proposal(seq=self._some_outcome().seq, because="Not asked for.", **self.by())

    def _renegotiate(self) -> None:
        chosen = self._some_outcome("confirmed", "disputed")
        changed = (
            self._terms() if self.chance.random() < 0.2 else {"rate": chosen.rate + 1000, "threshold": Decimal(30)}
        )
        if chosen.group_cap and self.chance.random() < 0.5:
            changed["group_cap"] = chosen.group_cap // 2
        outcomes.renegotiate_outcome(seq=chosen.seq, terms=changed, **self.by())

    def _say(self, kind: str) -> None:
        who = self.chance.choice((BENEFICIARY, COLLEAGUE)) if kind == "attested" else BENEFICIARY
        word = Word(contact_seq=who, said_how="call", given_on=self._some_day())
        states = ("proposed",) if kind == "agreed" else ("agreed", "in_use", "confirmed", "lapsed")
        SAY[kind](seq=self._some_outcome(*states).seq, word=word, **self.by())

    def _retract(self) -> None:
        said = self.session.scalars(select(OutcomeStatement.seq).where(OutcomeStatement.retracted_on.is_(None))).all()
        if said:
            statements.retract_statement(statement=self.chance.choice(said), because="A mistake.", **self.by())

    def _use(self) -> None:
        """What the day brings: mostly as usual, at times little for weeks, or nothing at all."""
        if self.chance.random() < 0.04:
            self.usual = self.chance.choice((0, 2, 15, 20, 30))
        if self.usual and self.chance.random() < 0.6:
            self._state("acme", self.today, self.chance.randint(self.usual // 2, self.usual))
        if self.usual and self.chance.random() < 0.3:
            self._see(self.chance.sample(range(60), self.usual), self.today)
        if self.chance.random() < 0.1:
            self._state("elsewhere", self.today, self.chance.randint(1, 20))

    def _correct(self) -> None:
        day = self._some_day()
        if self.chance.random() < 0.6:
            self._state("acme", day, self.chance.choice((0, 5, 20, 80)))
        else:
            self._see(self.chance.sample(range(90), 30), day)

    def _match(self) -> None:
        match_usage(name="elsewhere", **self.by())

    def _state(self, name: str, day: date, number: int) -> None:
        row = StatedRow(name, "orders", day.isoformat(), number)
        state_usage(rows=[row], actor=OPERATOR, now=self.now, today=self.today)

    def _see(self, people: list[int], day: date) -> None:
        at = datetime.combine(day, time(8), UTC)
        arrivals = []
        for person in people:
            self.events += 1
            arrivals.append(Arrival(f"m-{self.events}", "Signed In", "acme", f"user-{person}", {}, at))
        ingest_events(
            source_id=self.source.id, events=arrivals, secret=SECRET, actor=OPERATOR, now=self.now, today=self.today,
            retention_days=400,
        )  # fmt: skip

    def _hand_over(self) -> None:
        team = self.chance.choice((self.cast.team.id, self.cast.other_team.id))
        record = {"team_id": team, "segment": self.chance.choice(("large", "small"))}
        edit_account(record=record, version=self.account().version, **self.by())

    def _park(self) -> None:
        if self.account().status == "held":
            resume_account(effective_on=self.today, **self.by())
        else:
            hold_account(reason="A merger.", review_on=self.today + 9 * ONE_DAY, effective_on=self.today, **self.by())

    def _close(self) -> None:
        if self.account().status == "closed":
            reopen_account(effective_on=self.today, **self.by())
        elif self.chance.random() < 0.3:
            close_account(outcome="churned", effective_on=self.today, **self.by())
