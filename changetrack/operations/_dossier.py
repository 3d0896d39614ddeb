"""Everything about one account that its rules need, locked and loaded for one operation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.calendar import WorkCalendar
from changetrack.domain.coalition import ContactFacts
from changetrack.domain.funnel import OPEN_PLACES
from changetrack.domain.journey.evidence import EvidenceFact
from changetrack.domain.journey.gate import Judged, judge
from changetrack.domain.journey.playbook import ControlPoint, Playbook, StepRules
from changetrack.domain.journey.records import RecordFacts
from changetrack.domain.journey.timeline import Dimensions
from changetrack.domain.journey.use_points import OutcomeFacts, Use, UseFacts
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused
from changetrack.models import OPEN_PROPOSAL, Account, Alert, Calendar, Contact, Evidence, Journey, Proposal, Visit
from changetrack.operations._audience import Audience, Reach
from changetrack.operations._cells import CellState, value_of
from changetrack.operations._history import event_row
from changetrack.operations._rulebook import Rulebook, load_rulebook
from changetrack.operations._writes import Writes
from changetrack.queries.journey_rows import evidence_fact
from changetrack.queries.work_calendars import is_calendar_of_account, work_calendar

LARGEST_ID = 2**63 - 1


@dataclass(slots=True)
class Ahead:
    """What settling an account reads besides its dossier, read for a page of accounts at once.

    `believed`: its standings as rows, in order; `excepted`: until when it went ahead without which points; `holds`:
    from when to when it was on hold, as far as that is over; `contacts` and `outcomes`: read where its record changed.
    """

    alert: Alert | None
    believed: Sequence[Any]
    excepted: Mapping[str, date]
    holds: Sequence[tuple[date, date]] = ()
    contacts: Sequence[Contact] = ()
    outcomes: tuple[OutcomeFacts, ...] = ()


@dataclass(slots=True)
class Dossier:
    """One account under way through one operation; collects events until it is settled."""

    session: scoped_session[Session]
    account: Account
    journey: Journey
    visit: Visit  # the current one; an import that has just numbered the visits anew has no use for it
    proposal: Proposal | None  # the one that was open, or was made by this operation
    rulebook: Rulebook
    audience: Audience
    calendar: WorkCalendar
    evidence: list[Evidence]
    actor: Actor
    now: datetime
    today: date
    before: CellState
    events: list[dict[str, Any]] = field(default_factory=list)
    alert: Alert | None = None  # the open one, once it was brought in line
    alerts: dict[int, Alert] = field(default_factory=dict)  # what events are about, by their numbers
    writes: Writes = field(default_factory=Writes)
    ahead: Ahead | None = None  # what was read of it together with others, in a page of the night
    progress_on: date | None = None  # the newest progress event of this operation
    customer_on: date | None = None  # the newest act in this operation that came from the customer
    records_changed: bool = False
    value_since: date | None = None  # the first day about which outcomes say something else now
    value_lost: date | None = None  # the first day on which one of them no longer is what it was
    people_use: UseFacts | None = None  # what counted use tells of people, if it was looked at
    rewritten: set[str] = field(default_factory=set)  # computed points whose record says something else now
    judgements: dict[tuple[object, ...], Judged] = field(default_factory=dict)  # by all that they depend on
    _facts: tuple[EvidenceFact, ...] = ()
    _taken_back: list[date | None] = field(default_factory=list)  # when each of these was, if it was

    @property
    def current(self) -> Playbook:
        """The newest version of the playbook."""
        return self.rulebook.newest

    def rules(self) -> Mapping[int, StepRules]:
        """The rules of each step in the version that was in force when the account entered it."""
        return self.rulebook.rules(self.journey.judged_by)

    def rule_version(self, step: int) -> int:
        """The playbook version by which that step is judged."""
        return int(self.journey.judged_by.get(str(step), self.current.version))

    def point(self, key: str) -> ControlPoint:
        """The control point of that key; refuses an unknown one."""
        found = next((p for s in self.rules().values() for p in s.points if p.key == key), None)
        if found is None:
            raise OperationRefused([("point", f"There is no control point “{key}”.")])
        return found

    def facts(self) -> tuple[EvidenceFact, ...]:
        """All recorded evidence in the form that the rules take; put so anew if some came or was taken back."""
        taken_back = [row.retracted_on for row in self.evidence]
        if taken_back != self._taken_back:
            self._taken_back, self._facts = taken_back, tuple(evidence_fact(row) for row in self.evidence)
        return self._facts

    def judged(self, day: date) -> Judged:
        """Every control point on that day."""
        facts = self.facts()
        key = (day, facts, tuple(self.journey.judged_by.items()))
        known = self.judgements.get(key)
        if known is None:
            known = self.judgements[key] = judge(self.rules(), facts, day)
        return known

    def is_opened(self, day: date) -> bool:
        """Whether both opening questions were answered by that day."""
        return self.journey.opened_on is not None and self.journey.opened_on <= day

    def contacts(self) -> list[Contact]:
        """The customer's people, oldest first."""
        if self.ahead is not None:
            return list(self.ahead.contacts)
        query = select(Contact).where(Contact.account_id == self.account.id).order_by(Contact.seq)
        return list(self.session.scalars(query))

    def happened(
        self,
        kind: str,
        *,
        effective_on: date,
        changes: Mapping[str, Any],
        note: str | None = None,
        progress: bool = False,
        customer: bool = False,
    ) -> None:
        """Append to the account's history; a progress event also restarts the no-progress clock.

        An event that the `customer` originated restarts the clock of their silence.
        """
        self.events.append(
            event_row(
                self.account,
                kind,
                actor=self.actor,
                effective_on=effective_on,
                now=self.now,
                changes=changes,
                note=note,
                is_progress=progress,
            )
        )
        if progress:
            self.progress_on = max(self.progress_on or effective_on, effective_on)
        if customer:
            self.customer_on = max(self.customer_on or effective_on, effective_on)


def dimensions(account: Account) -> Dimensions:
    """The fields of an account that its standings carry."""
    return Dimensions(account.team_id, account.product, account.segment, account.region, account.industry, account.tier)


def cell_state(account: Account) -> CellState:
    """What the account adds to the funnel's cells as it is now."""
    is_open = account.place in OPEN_PLACES
    unsupported = is_open and account.supported_step < account.claimed_step
    is_stale = is_open and account.stale
    return CellState(account.place, unsupported, is_stale, dimensions(account), value_of(account.value))


def contact_facts(contact: Contact, day: date) -> ContactFacts:
    """A customer's person in the form that the rules take."""
    return ContactFacts(
        id=contact.seq,
        name=contact.name,
        function=contact.function,
        path_roles=frozenset(contact.path_roles),
        in_coalition=contact.in_coalition,
        is_sponsor=contact.is_sponsor,
        is_active=contact.left_on is None or contact.left_on > day,
        powers=frozenset(contact.powers),
    )


def record_facts(dossier: Dossier, use: Use | None = None) -> RecordFacts:
    """What the account's record says, and its outcomes and `use`, for the control points computed from them."""
    j, contacts = dossier.journey, [contact_facts(c, dossier.today) for c in dossier.contacts()]
    gap = {
        "metric": j.gap_metric,
        "unit": j.gap_unit,
        "from": j.gap_from,
        "to": j.gap_to,
        "by": j.gap_by,
        "evidence": j.gap_evidence,
    }
    author = next((c for c in contacts if c.id == j.vision_contact_seq), None)
    return RecordFacts(
        beneficiary=j.beneficiary,
        value_statement=j.value_statement,
        stated_on=j.stated_on,
        gap=gap,
        gap_on=j.gap_on,
        vision=j.vision,
        vision_on=j.vision_on,
        vision_author_is_active=author is not None and author.is_active,
        contacts=contacts,
        roles_not_applicable=frozenset(j.roles_not_applicable),
        use=use,
    )


_IS_IT = Account.id == bindparam("account_id")
_LOCKED = select(Account).where(_IS_IT).with_for_update().execution_options(populate_existing=True)


def lock_account(session: scoped_session[Session], account_id: int, actor: Actor, action: Action) -> Account:
    """Lock an account's row for this transaction.

    Raises NotFound if it is absent or another team's, Forbidden if it may be seen but not be acted upon.
    """
    is_id = 0 < account_id <= LARGEST_ID
    account = session.scalar(_LOCKED, {"account_id": account_id}) if is_id else None
    is_seen = action is Action.ANSWER or (account is not None and may(actor, Action.SEE, account.team_id))
    if account is None or not is_seen:
        raise NotFound("account")
    if not may(actor, action, account.team_id):
        raise Forbidden(_FORBIDDEN.get(action, "You may look at this account, but not change it."))
    return account


_FORBIDDEN = {
    Action.EXCEPT: "Only the team's value stream manager may let an account go ahead without its evidence.",
    Action.DECIDE: "Only executives decide about an alert that came up to them.",
    Action.SIGN_OFF: "Only members of the team sign off, and not its value stream manager.",
}


# to the letter, as its index says it: a value given apart would have SQLite plan the statement anew every time
_STATE = (
    select(Journey, Visit, Proposal, Calendar)
    .select_from(Account)
    .outerjoin(Visit, and_(Visit.account_id == Account.id, Visit.seq == Account.visit_seq))
    .outerjoin(Journey, Journey.account_id == Account.id)
    .outerjoin(Proposal, and_(Proposal.account_id == Account.id, OPEN_PROPOSAL))
    .outerjoin(Calendar, is_calendar_of_account())
    .where(_IS_IT)
)
_EVIDENCE = select(Evidence).where(Evidence.account_id == bindparam("account_id")).order_by(Evidence.seq)


def open_dossier(
    session: scoped_session[Session],
    account_id: int,
    *,
    actor: Actor,
    action: Action,
    now: datetime,
    today: date,
    reach: Reach | None = None,
) -> Dossier:
    """Lock an account and load what its rules need, in four queries whatever its history."""
    account = lock_account(session, account_id, actor, action)
    journey, visit, proposal, calendar = session.execute(_STATE, {"account_id": account_id}).one()
    if journey is None:
        journey = Journey(account_id=account_id, judged_by={}, roles_not_applicable=[])
        session.add(journey)
    return Dossier(
        session=session,
        account=account,
        journey=journey,
        visit=visit,
        proposal=proposal,
        rulebook=load_rulebook(session, journey.judged_by.values(), today),
        audience=Audience(session, reach),
        calendar=work_calendar(calendar, account.blackout_days),
        evidence=list(session.scalars(_EVIDENCE, {"account_id": account_id})),
        actor=actor,
        now=now,
        today=today,
        before=cell_state(account),
    )
