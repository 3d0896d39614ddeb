"""What a customer's person sees on the page that is theirs: what is asked, what was agreed, what use shows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from changetrack.domain.customer_links import Ask, is_open, offered_answers, token_hash
from changetrack.domain.journey.playbook import ControlPoint
from changetrack.domain.journey.steps import CATALOGUE
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import NotFound
from changetrack.models import Account, Contact, CustomerLink, Journey, Proposal, User, db
from changetrack.queries.customer_outcomes import OutcomeAsk, load_outcome_asks
from changetrack.queries.journey_rows import step_rules


@dataclass(frozen=True, slots=True)
class ProposalAsk:
    """A proposal that an account leaves a step, which waits for a signature; `is_waiting` is false once it does not."""

    step: str
    next_step: str
    purpose: str
    points: tuple[ControlPoint, ...]
    note: str | None
    is_waiting: bool


@dataclass(frozen=True, slots=True)
class AskView:
    """One question with what it is about (one of the three) and the answers that can be given to it now."""

    ask: Ask
    offered: tuple[str, ...]
    outcome: OutcomeAsk | None = None
    point: ControlPoint | None = None
    proposal: ProposalAsk | None = None

    @property
    def key(self) -> str:
        """The question as one word."""
        return self.ask.subject.key


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """The page of one person. `asked_by` is whom to turn to; an expired page holds no questions any more.

    `change` is what the account is about: its vision, or else the value that was stated when it was opened.
    """

    holder: Actor
    account: str
    product: str | None
    person: str
    asked_by: str
    asked_by_email: str | None
    expires_at: datetime
    is_expired: bool
    asks: tuple[AskView, ...]
    change: str | None

    @property
    def waiting(self) -> int:
        """How many questions have no answer yet."""
        return sum(1 for one in self.asks if one.ask.answer is None)


def get_customer_page(token: str, *, actor: Actor, now: datetime, today: date) -> CustomerPage:
    """Return the page that a token leads to, in at most five statements however much it asks.

    `actor` is the person whom opening it has made known. Raises NotFound for an unknown or revoked token and for
    somebody who has left.
    """
    found: Any = db.session.execute(
        select(CustomerLink, Contact, Account, Journey, User.name)
        .join(Contact, (Contact.account_id == CustomerLink.account_id) & (Contact.seq == CustomerLink.contact_seq))
        .join(Account, Account.id == CustomerLink.account_id)
        .outerjoin(Journey, Journey.account_id == CustomerLink.account_id)
        .outerjoin(User, User.email == CustomerLink.created_by)
        .where(CustomerLink.token_hash == token_hash(token), CustomerLink.revoked_at.is_(None))
    ).first()
    if found is None or not may(actor, Action.ANSWER) or (found[1].left_on and found[1].left_on <= today):
        raise NotFound("page")
    link, contact, account, journey, asker = found
    reachable = is_open(now=now, expires_at=link.expires_at, revoked_at=link.revoked_at)
    asks = [Ask.read(kept) for kept in link.asks] if reachable else []
    return CustomerPage(
        holder=actor,
        account=account.name,
        product=account.product,
        person=contact.name,
        asked_by=asker or link.created_by,
        asked_by_email=link.created_by if asker else None,
        expires_at=link.expires_at,
        is_expired=not reachable,
        asks=_ask_views(account.id, contact.seq, asks, journey.judged_by if journey else {}, today),
        change=(journey.vision or journey.value_statement) if journey else None,
    )


def _ask_views(
    account_id: int, contact_seq: int, asks: Sequence[Ask], judged_by: Mapping[str, int], today: date
) -> tuple[AskView, ...]:
    """The questions with what each is about; what is no longer there is left out."""
    kinds = {ask.subject.kind for ask in asks}
    outcomes = load_outcome_asks(account_id, contact_seq, _numbers(asks, "agree", "attest"), today)
    rules, _ = step_rules(judged_by) if kinds & {"point", "sign_off"} else ({}, 0)
    points = {point.key: point for step in rules.values() for point in step.points}
    proposals: dict[int | str, ProposalAsk] = {
        p.seq: _proposal_ask(p, rules) for p in _proposals(account_id, _numbers(asks, "sign_off"))
    }
    views = (
        AskView(
            ask,
            _offered(ask, outcomes, proposals),
            outcome=outcomes.get(ask.subject.about) if ask.subject.kind in ("agree", "attest") else None,
            point=points.get(str(ask.subject.about)) if ask.subject.kind == "point" else None,
            proposal=proposals.get(ask.subject.about) if ask.subject.kind == "sign_off" else None,
        )
        for ask in asks
    )
    return tuple(view for view in views if view.outcome or view.point or view.proposal)


def _numbers(asks: Iterable[Ask], *kinds: str) -> list[int]:
    return [int(ask.subject.about) for ask in asks if ask.subject.kind in kinds]


def _offered(
    ask: Ask, outcomes: Mapping[int | str, OutcomeAsk], proposals: Mapping[int | str, ProposalAsk]
) -> tuple[str, ...]:
    outcome, proposal = outcomes.get(ask.subject.about), proposals.get(ask.subject.about)
    if ask.subject.kind == "sign_off" and (proposal is None or not proposal.is_waiting):
        return ()
    return offered_answers(ask.subject, is_beneficiary=outcome is None or outcome.is_mine, answer=ask.answer)


def _proposals(account_id: int, seqs: Sequence[int]) -> list[Proposal]:
    if not seqs:
        return []
    query = select(Proposal).where(Proposal.account_id == account_id, Proposal.seq.in_(seqs))
    return list(db.session.scalars(query))


def _proposal_ask(row: Proposal, rules: Mapping[int, Any]) -> ProposalAsk:
    step = CATALOGUE[row.from_step]
    following = CATALOGUE.get(row.from_step + 1)
    return ProposalAsk(
        step=step.name,
        next_step=following.name if following else "Anchored: this is how you work",
        purpose=step.purpose,
        points=tuple(rules[row.from_step].required),
        note=row.note,
        is_waiting=row.state == "open",
    )
