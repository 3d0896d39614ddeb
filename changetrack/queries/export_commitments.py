"""What leaves of commitments: everybody's word of every account, and what became of it."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import and_, select

from changetrack.models import Account, Commitment, Contact, Outcome, User
from changetrack.queries.export_tables import Column, Export, account_pages

_COLUMNS = (
    Column("external_id"), Column("commitment", "int"), Column("action"), Column("owner"), Column("owner_email"),
    Column("side"), Column("made_on", "date"), Column("made_by"), Column("first_due_on", "date"),
    Column("due_on", "date"), Column("renegotiated", "int"), Column("state"), Column("ended_on", "date"),
    Column("ended_by"), Column("result"), Column("outcome", "int"), Column("outcome_statement"),
)  # fmt: skip


def export_commitments() -> Export:
    """Every commitment, open and ended, by external id and number, with the outcome that it serves."""
    one = Commitment
    contact = and_(Contact.account_id == one.account_id, Contact.seq == one.owner_contact_seq)
    query = (
        select(Account.external_id, one, Contact.email, User.email, Outcome.statement)
        .join(one, one.account_id == Account.id)
        .outerjoin(User, User.id == one.owner_user_id)
        .outerjoin(Contact, contact)
        .outerjoin(Outcome, and_(Outcome.account_id == one.account_id, Outcome.seq == one.outcome_seq))
    )
    return Export(_COLUMNS, _rows(query))


def _rows(query: Any) -> Iterator[tuple[Any, ...]]:
    for page in account_pages(query, Commitment.seq):
        for external_id, one, theirs, ours, statement in page:
            side, email = ("ours", ours) if one.owner_user_id is not None else ("customer", theirs)
            yield (
                *(external_id, one.seq, one.action, one.owner_name, email, side, one.made_on, one.made_by),
                *(one.first_due_on, one.due_on, one.renegotiated, one.state, one.ended_on, one.ended_by),
                *(one.result, one.outcome_seq, statement),
            )
