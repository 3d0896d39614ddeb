"""The tables of the history refuse what would rewrite it."""

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session, scoped_session

from changetrack.models import AuditEvent
from tests.clock import NOW


@pytest.fixture
def recorded(session: scoped_session[Session]) -> AuditEvent:
    event = AuditEvent(
        subject="team:1", seq=1, kind="team_created", actor="ada@example.com", recorded_at=NOW, changes={},
        previous_hash="", hash="0" * 64,
    )  # fmt: skip
    session.add(event)
    session.commit()
    return event


@pytest.mark.parametrize("table", ["events", "audit_events"])
def test_an_empty_history_can_be_read(session: scoped_session[Session], table: str) -> None:
    rows = session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()

    assert rows == 0


def test_what_was_recorded_cannot_be_changed(session: scoped_session[Session], recorded: AuditEvent) -> None:
    with pytest.raises(DatabaseError, match="append-only"):
        session.execute(update(AuditEvent).values(actor="otto@example.com"))


def test_what_was_recorded_cannot_be_removed(session: scoped_session[Session], recorded: AuditEvent) -> None:
    with pytest.raises(DatabaseError, match="append-only"):
        session.execute(delete(AuditEvent))
