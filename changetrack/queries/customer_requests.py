"""What the team asked the customer's people by pages of their own: the requests, and what could be asked of whom."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from textwrap import shorten

from sqlalchemy import select

from changetrack.domain.customer_links import (
    MOST_REQUESTS,
    REQUESTS_COUNT_FOR,
    Ask,
    Subject,
    is_open,
    link_state,
    next_request_at,
)
from changetrack.domain.journey.gate import judge
from changetrack.domain.journey.playbook import StepRules
from changetrack.domain.people import Action, Actor, may
from changetrack.models import Account, CustomerLink, Outcome, OutcomeStatement, User, db
from changetrack.queries.coalition import ContactView, load_contacts
from changetrack.queries.journey_rows import (
    ProposalRows,
    account_rows,
    evidence_fact,
    evidence_rows,
    proposal_rows,
    step_rules,
)

REQUESTS_SHOWN = 100
STATEMENT_SHOWN = 120  # characters of an outcome's


@dataclass(frozen=True, slots=True)
class Askable:
    """Something that a person could be asked; `suits` is the number of the person whom it is best asked of."""

    key: str
    words: str
    note: str
    suits: int | None = None


@dataclass(frozen=True, slots=True)
class PersonView:
    """One of the customer's people, with how often they were asked lately.

    `joins` says that what is asked now joins a page they have; `free_at` when they may be asked again, if not now.
    """

    seq: int
    name: str
    title: str | None
    asked: int
    joins: bool
    free_at: datetime | None


@dataclass(frozen=True, slots=True)
class RequestView:
    """One page that somebody was given; `state` is one of `link_state`, each ask comes with its words."""

    id: int
    person: str
    state: str
    asked_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    opened_at: datetime | None
    answered_at: datetime | None
    is_open: bool
    asks: tuple[tuple[Ask, str], ...]


@dataclass(frozen=True, slots=True)
class RequestsView:
    """Everything about asking the people of one account for their word; the newest request first.

    `reported` are the outcomes, by number and statement, whose agreement we reported: it cannot be asked for again.
    """

    account_id: int
    account: str
    may_work: bool
    is_closed: bool
    people: tuple[PersonView, ...]
    askable: tuple[Askable, ...]
    reported: tuple[tuple[int, str], ...]
    requests: tuple[RequestView, ...]


def get_requests(account_id: int, *, actor: Actor, now: datetime, today: date) -> RequestsView:
    """Return the requests of an account and what can be asked, by nine statements.

    Raises NotFound if the account is absent, or another team's.
    """
    rows = account_rows(account_id, actor, today)
    account, people = rows.account, load_contacts(account_id, today=today)
    rules, _ = step_rules(rows.journey.judged_by)
    outcomes = _outcomes(account_id)
    links = db.session.execute(
        select(CustomerLink, User.name)
        .outerjoin(User, User.email == CustomerLink.created_by)
        .where(CustomerLink.account_id == account_id)
        .order_by(CustomerLink.created_at.desc(), CustomerLink.id.desc())
        .limit(REQUESTS_SHOWN)
    ).all()
    names, words = {p.seq: p.name for p in people}, _words(outcomes, rules)
    return RequestsView(
        account_id=account_id,
        account=account.name,
        may_work=may(actor, Action.WORK, account.team_id),
        is_closed=account.status == "closed",
        people=tuple(_person(p, [link for link, _ in links if link.contact_seq == p.seq], now) for p in people
                     if p.is_active),
        askable=tuple(_askable(account, rules, outcomes, people, today)),
        reported=_reported(account_id, outcomes),
        requests=tuple(_request(link, asker, names, words, now) for link, asker in links),
    )  # fmt: skip


def _outcomes(account_id: int) -> Sequence[Outcome]:
    return db.session.scalars(select(Outcome).where(Outcome.account_id == account_id).order_by(Outcome.seq)).all()


def _reported(account_id: int, outcomes: Iterable[Outcome]) -> tuple[tuple[int, str], ...]:
    """The outcomes in force whose agreement the team reported."""
    said = (OutcomeStatement.kind == "agreed", OutcomeStatement.hand == "reported")
    query = select(OutcomeStatement.outcome_seq).where(
        OutcomeStatement.account_id == account_id, *said, OutcomeStatement.retracted_on.is_(None)
    )
    found = set(db.session.scalars(query))
    return tuple((one.seq, _short(one)) for one in outcomes if one.seq in found and _can_be_asked_about(one))


def _can_be_asked_about(outcome: Outcome) -> bool:
    return outcome.replaced_on is None and outcome.state not in ("withdrawn", "disputed")


def _person(person: ContactView, links: Sequence[CustomerLink], now: datetime) -> PersonView:
    made = [link.created_at for link in links]
    joins = any(is_open(now=now, expires_at=link.expires_at, revoked_at=link.revoked_at) for link in links)
    return PersonView(
        seq=person.seq,
        name=person.name,
        title=person.title,
        asked=min(sum(at > now - REQUESTS_COUNT_FOR for at in made), MOST_REQUESTS),
        joins=joins,
        free_at=None if joins else next_request_at(made, now),
    )


def _request(
    link: CustomerLink, asker: str | None, names: Mapping[int, str], words: Mapping[str, str], now: datetime
) -> RequestView:
    asks = [Ask.read(kept) for kept in link.asks]
    moments = {name: getattr(link, name) for name in ("expires_at", "revoked_at", "opened_at")}
    return RequestView(
        id=link.id,
        person=names.get(link.contact_seq, "Somebody"),
        state=link_state(asks, now=now, **moments),
        asked_by=asker or link.created_by,
        created_at=link.created_at,
        answered_at=link.answered_at,
        is_open=is_open(now=now, expires_at=link.expires_at, revoked_at=link.revoked_at),
        asks=tuple((ask, _word(ask.subject, words)) for ask in asks),
        **moments,
    )


def _words(outcomes: Iterable[Outcome], rules: Mapping[int, StepRules]) -> Mapping[str, str]:
    """What was asked, in a few words."""
    found: dict[str, str] = {}
    for outcome in outcomes:
        found[Subject("agree", outcome.seq).key] = f"Agree to: {_short(outcome)}"
        found[Subject("attest", outcome.seq).key] = f"Attest to: {_short(outcome)}"
    for step in rules.values():
        found |= {Subject("point", point.key).key: f"{point.key} {point.title}" for point in step.points}
    return found


def _short(outcome: Outcome) -> str:
    return shorten(outcome.statement, STATEMENT_SHOWN, placeholder=" …")


def _word(subject: Subject, words: Mapping[str, str]) -> str:
    known = "Sign the proposal to advance" if subject.kind == "sign_off" else words.get(subject.key)
    return known or "Something that is no longer there"


def _askable(
    account: Account,
    rules: Mapping[int, StepRules],
    outcomes: Iterable[Outcome],
    people: Sequence[ContactView],
    today: date,
) -> Iterator[Askable]:
    """What could be asked now, the most pressing first."""
    proposal = proposal_rows(account.id)
    yield from _signable(proposal, rules)
    names = {person.seq: person.name for person in people}
    for outcome in outcomes:
        yield from _outcome_askables(outcome, names)
    if account.status == "not_opened":
        return
    states = judge(rules, [evidence_fact(row) for row in evidence_rows(account.id)], today).states
    for number, step in sorted(rules.items(), key=lambda pair: (pair[0] != account.claimed_step, pair[0])):
        for point in step.points:
            if point.by == "customer" and point.is_recordable:
                state = states[point.key]
                until = f" until {_last_day(state.ends_on)}" if state.ends_on else ""
                note = f"step {number}, {'holds' + until if state.holds else 'missing'}"
                yield Askable(Subject("point", point.key).key, f"{point.key} {point.title}", note)


def _signable(found: ProposalRows | None, rules: Mapping[int, StepRules]) -> Iterator[Askable]:
    if found is not None and found.proposal.state == "open" and rules[found.proposal.from_step].customer_signs:
        words = f"Sign that step {found.proposal.from_step} is done"
        yield Askable(Subject("sign_off", found.proposal.seq).key, words, "the open proposal")


def _outcome_askables(outcome: Outcome, names: Mapping[int, str]) -> Iterator[Askable]:
    if not _can_be_asked_about(outcome):
        return
    if outcome.agreed_on is None:
        who = names.get(outcome.beneficiary_seq, "the beneficiary")
        key = Subject("agree", outcome.seq).key
        yield Askable(key, f"Agree to: {_short(outcome)}", f"only {who}", outcome.beneficiary_seq)
    else:
        until = f"attested until {_last_day(outcome.valid_until)}" if outcome.valid_until else "not attested yet"
        key = Subject("attest", outcome.seq).key
        yield Askable(key, f"Attest to: {_short(outcome)}", until, outcome.beneficiary_seq)


def _last_day(ends_on: date) -> str:
    """The last day on which something holds that no longer does on `ends_on`."""
    return f"{ends_on - timedelta(days=1):%-d %b %Y}"
