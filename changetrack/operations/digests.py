"""Writing a person's digest: once for each local date, with the messages that take it to them."""

from datetime import datetime, tzinfo

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.digest_letters import portfolio_letter, week_letter
from changetrack.domain.letters import Letter
from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Forbidden
from changetrack.models import Digest
from changetrack.operations._audience import Reach
from changetrack.operations._outbox import put_letter
from changetrack.operations._rulebook import load_rulebook
from changetrack.operations._transaction import transaction
from changetrack.queries.actors import find_actor
from changetrack.queries.digest_portfolio import get_portfolio
from changetrack.queries.digest_week import get_week
from changetrack.queries.digests import PORTFOLIO, DueDigest


def write_digest(
    *, due: DueDigest, at: datetime, zone: tzinfo, channels: frozenset[str], actor: Actor, now: datetime
) -> bool:
    """Write a digest that is due, about the moment `at`; says whether it did: one of a kind and local date is written.

    What it tells is only what its reader may see. It is read first and then written together with the messages, in
    one transaction; `channels` are those that the house can send by, `zone` is the house's. Source: DOMAIN section 6.
    """
    if not may(actor, Action.SEE_ALL):
        raise Forbidden("Only who sees all accounts writes digests of them.")
    reader = find_actor(due.user_id)
    if reader is None:
        return False  # they can no longer sign in
    letter = _letter(due, reader, at, zone)
    with transaction() as session:
        if not _insert_once(session, due, now):
            return False  # another scheduler was faster
        endpoints = load_rulebook(session, (), due.local_date).endpoints
        key = f"{due.kind}:{due.local_date.isoformat()}"
        reach = Reach(channels, zone)
        put_letter(session, letter, user_id=due.user_id, key=key, now=now, endpoints=endpoints, reach=reach)
        return True


def _letter(due: DueDigest, reader: Actor, at: datetime, zone: tzinfo) -> Letter:
    today = at.astimezone(zone).date()
    if due.kind == PORTFOLIO:
        portfolio = get_portfolio(actor=reader, today=today, zone=zone)
        return portfolio_letter(portfolio, who=reader.name, day=today)
    week = get_week(actor=reader, today=today, zone=zone)
    return week_letter(week, who=reader.name, day=due.local_date)


def _insert_once(session: scoped_session[Session], due: DueDigest, now: datetime) -> bool:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    values = {"user_id": due.user_id, "kind": due.kind, "local_date": due.local_date, "written_at": now}
    insert = dialect.insert(Digest).values(**values).on_conflict_do_nothing()
    return session.scalar(insert.returning(Digest.user_id)) is not None
