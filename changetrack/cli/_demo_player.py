"""Playing a script: each deed through the operation that a page would call, as of the moment at which it happened."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import groupby
from typing import Any

from changetrack.cli._demo_nights import NIGHT, Nights
from changetrack.cli._demo_source import FileRows
from changetrack.cli._demo_use import PROPOSALS, WORDS, Products, own_word, recognise, word_of
from changetrack.domain.demo.deeds import Deed, EventsDeed, FileDeed, Person, Portfolio
from changetrack.domain.people import Actor
from changetrack.domain.refusal import OperationRefused
from changetrack.operations import (
    accounts,
    alerts,
    coalition,
    commitments,
    funnel,
    imports,
    notes,
    people,
    playbook,
    teams,
)
from changetrack.operations.customer_links import ask_customer
from changetrack.operations.journey import evidence, gate, moves, opening
from changetrack.queries import demo as queries
from changetrack.queries.actors import find_actor
from changetrack.queries.alerts import list_due_accounts

ONE_DAY = timedelta(days=1)
DAILY_SNAPSHOTS = timedelta(days=35)
SWEPT_AT_MOST = 1000  # of the accounts that came with files: the rest is for the next night
READ_UNTIL = timedelta(days=6)  # messages of the last days are still to be read
ROWS_LIKE_A_DEED = 50
RECOGNISED_ON = 1  # Tuesday: the week before is settled
COUNTED_BY = Actor.system("snapshot")

OPERATIONS: Mapping[str, Callable[..., object]] = {
    "open": opening.open_account,
    "gap": opening.state_gap,
    "vision": opening.write_vision,
    "contact": coalition.add_contact,
    "edit_contact": coalition.edit_contact,
    "propose": gate.propose_advance,
    "sign": gate.sign_off,
    "customer_signs": gate.record_customer_sign_off,
    "ask_customer": ask_customer,
    "except": moves.advance_by_exception,
    "back": moves.move_back,
    "hold": moves.hold_account,
    "resume": moves.resume_account,
    "close": moves.close_account,
    "reopen": moves.reopen_account,
}
"""The operations that a deed can name, and that take what it says as it is."""

PROMISES: Mapping[str, Callable[..., object]] = {
    "kept": commitments.meet_commitment,
    "later": commitments.renegotiate_commitment,
    "dropped": commitments.withdraw_commitment,
}
"""Those that are about the account's open commitment that is due first."""

ANSWERS: Mapping[str, Callable[..., object]] = {
    "acknowledge": alerts.acknowledge_alert,
    "snooze": alerts.snooze_alert,
    "decide": alerts.decide_alert,
}
"""Those that are about the account's open alert."""


@dataclass(slots=True)
class Player:
    """Plays one script into the database: `zone` is where its days begin, nothing happens after `now`."""

    portfolio: Portfolio
    password: str
    operator: Actor
    zone: tzinfo
    now: datetime
    today: date
    watch: Callable[[int], None]
    secret: str
    retention_days: int
    teams: dict[str, int] = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)
    accounts: dict[str, int] = field(default_factory=dict)
    products: Products | None = None

    def refuse_repetition(self) -> None:
        """Raise OperationRefused if these accounts are there already."""
        named = [deed.account for deed in self.portfolio.deeds if isinstance(deed, Deed) and deed.what == "create"]
        if queries.find_accounts(named):
            raise OperationRefused([("seed", "The portfolio of this seed is there already. Choose another seed.")])

    def play(self) -> None:
        """Set the house up, then go through all days: the night first, then what people did."""
        self._found()
        nights = Nights(self.today, self._moment, self.zone, self.secret)
        deeds = {day: list(found) for day, found in groupby(self.portfolio.deeds, key=lambda deed: deed.day)}
        for day in _days(self.portfolio.founded_on, self.today):
            if day.weekday() == RECOGNISED_ON or day == self.today:
                recognise(day, self._moment(day, NIGHT))
            nights.pass_over(day, list(self.accounts.values()))
            for deed in deeds.get(day, ()):
                self._perform(deed)
            if day < self.today and (day.weekday() == 6 or self.today - day < DAILY_SNAPSHOTS):
                funnel.take_snapshot(day=day, zone=self.zone, actor=COUNTED_BY, now=self.now, today=self.today)
            if day == self.today - READ_UNTIL:
                self._read_all(day)
        recognise(self.today, self.now)
        if any(isinstance(deed, FileDeed) and deed.recipe for deed in self.portfolio.deeds):
            for due in list_due_accounts(day=self.today, after=None, limit=SWEPT_AT_MOST):
                nights.sweep(due.account_id, self.today)

    def _found(self) -> None:
        """Teams, people and the playbook, as far as they are not there already."""
        now = self._moment(self.portfolio.founded_on, time(8))
        said: dict[str, Any] = {"actor": self.operator, "now": now}
        playbook.install_playbook(**said)
        self.teams = queries.find_teams(self.portfolio.teams)
        self.teams |= {n: teams.add_team(name=n, **said) for n in self.portfolio.teams if n not in self.teams}
        known = queries.find_people([p.email for p in self.portfolio.people])
        for person in self.portfolio.people:
            self.actors[person.key] = self._employ(person, known.get(person.email), said)
        self.products = Products.connect(self.operator, now, secret=self.secret, retention_days=self.retention_days)

    def _employ(self, person: Person, user_id: int | None, said: Mapping[str, Any]) -> Actor:
        """Add somebody, or take them as they are, and see that they have their role in their team."""
        if user_id is None:
            named: dict[str, Any] = {"email": person.email, "name": person.name, "role": person.role}
            user_id = people.add_user(**named, password=self.password, **said).user_id
        actor = find_actor(user_id)
        team_id = self.teams[person.team] if person.team else None
        if team_id is not None and actor is not None and actor.team_role(team_id) != person.team_role:
            teams.put_in_team(team_id=team_id, user_id=user_id, role=person.team_role or "", **said)
            actor = find_actor(user_id)
        if actor is None:
            raise OperationRefused([(None, f"{person.email} is disabled; enable them first.")])
        return actor

    def _read_all(self, day: date) -> None:
        for actor in self.actors.values():
            alerts.mark_read(actor=actor, now=self._moment(day, time(9)))

    def _perform(self, deed: Deed | FileDeed | EventsDeed) -> None:
        moment = self._moment(deed.day, time(deed.minute // 60, deed.minute % 60))
        if isinstance(deed, EventsDeed):
            self._use.take_in(deed, moment)
            self.watch(weight_of(deed))
            return
        said: dict[str, Any] = {"actor": self.actors[deed.by], "now": moment, "today": deed.day}
        try:
            if isinstance(deed, FileDeed):
                self._import(deed, said)
            else:
                self._do(deed, said)
                self.watch(1)
        except OperationRefused as refusal:
            what = deed.name if isinstance(deed, FileDeed) else f"{deed.account}: {deed.what}"
            raise OperationRefused([(f"{deed.day} {what}", r.message) for r in refusal.reasons]) from refusal

    def _do(self, deed: Deed, said: dict[str, Any]) -> None:
        if deed.what == "create":
            owner = self.actors[deed.by]
            record = deed.says["record"] | {"team_id": self.teams[deed.says["team"]], "owner_id": owner.user_id}
            self.accounts[deed.account] = accounts.create_account(record=record, **said)
            return
        account_id = self.accounts[deed.account]
        if deed.what == "evidence":
            statement = evidence.Statement(**deed.says["statement"])
            evidence.record_evidence(account_id=account_id, **said, **{**deed.says, "statement": statement})
        elif deed.what == "retract":
            seq = queries.find_evidence(account_id, deed.says["point"])
            evidence.retract_evidence(account_id=account_id, seq=seq or 0, because=deed.says["because"], **said)
        elif deed.what in PROPOSALS:
            terms = self._use.terms(deed.says["terms"])
            PROPOSALS[deed.what](account_id=account_id, **{**deed.says, "terms": terms}, **said)
        elif deed.what in WORDS:
            WORDS[deed.what](account_id=account_id, **{**deed.says, "word": word_of(deed.says["word"])}, **said)
        elif deed.what == "own_word":
            own_word(account_id=account_id, **deed.says, **said)
        elif deed.what in ("promise", "reply") or deed.what in PROMISES:
            self._speak(account_id, deed, said)
        elif deed.what in ANSWERS:
            alert_id, version = queries.find_open_alert(account_id) or (0, 0)
            ANSWERS[deed.what](alert_id=alert_id, version=version, **deed.says, **said)
        else:
            OPERATIONS[deed.what](account_id=account_id, **deed.says, **said)

    def _speak(self, account_id: int, deed: Deed, said: dict[str, Any]) -> None:
        """What either side gives its word for, and what the customer says in passing."""
        if deed.what == "reply":
            statement = evidence.Statement(**deed.says["statement"])
            told = {"said": statement, "sort": deed.says["sort"], "effective_on": deed.says["effective_on"]}
            notes.record_customer_word(account_id=account_id, **told, **said)
        elif deed.what == "promise":
            owner = self.actors[deed.says["owner"]].user_id if "owner" in deed.says else None
            told = {name: value for name, value in deed.says.items() if name != "owner"}
            commitments.make_commitment(account_id=account_id, owner_user_id=owner, **told, **said)
        else:
            seq, version = queries.find_open_commitment(account_id) or (0, 0)
            PROMISES[deed.what](account_id=account_id, seq=seq, version=version, **deed.says, **said)

    def _import(self, deed: FileDeed, said: dict[str, Any]) -> None:
        weight, done = weight_of(deed), 0

        def watch(share: float) -> None:
            nonlocal done
            self.watch(int(share * weight) - done)
            done = int(share * weight)

        given: dict[str, Any] = {"kind": deed.kind, "source": FileRows(deed), "options": imports.ImportOptions()}
        imports.import_file(**given, secret=self.secret, watch=watch, **said)
        watch(1.0)
        if deed.kind == "accounts" and not deed.recipe:
            self.accounts |= queries.find_accounts([row[0] for row in deed.rows])

    @property
    def _use(self) -> Products:
        assert self.products is not None, "the house is founded first"
        return self.products

    def _moment(self, day: date, at: time) -> datetime:
        return min(datetime.combine(day, at, self.zone), self.now)


def _days(first: date, last: date) -> Iterator[date]:
    return (first + n * ONE_DAY for n in range((last - first).days + 1))


def weight_of(deed: Deed | FileDeed | EventsDeed) -> int:
    """How much work a deed is, in that of one that is done to one account."""
    if isinstance(deed, EventsDeed):
        return 1 + len(deed.events) // ROWS_LIKE_A_DEED
    return max(1, len(deed.rows) // ROWS_LIKE_A_DEED) if isinstance(deed, FileDeed) else 1
