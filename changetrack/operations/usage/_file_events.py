"""By what the events of files are known again, once it is known whose they are."""

from sqlalchemy import text
from sqlalchemy.orm import Session, scoped_session

from changetrack.domain.usage_file import message_of

_ADOPT = (
    """
    DELETE FROM usage_events WHERE source_id = 0 AND state = 'unmatched' AND name = :name AND EXISTS (
        SELECT 1 FROM usage_events AS same
        WHERE same.source_id = 0 AND same.message_id = :own || substr(usage_events.message_id, :rest))
    """,
    """
    UPDATE usage_events SET message_id = :own || substr(message_id, :rest)
    WHERE source_id = 0 AND state = 'unmatched' AND name = :name
    """,
)


def adopt_file_events(session: scoped_session[Session], name: str, account_id: int) -> None:
    """Let what files brought under a name be known from now on as events of the account that the name is of.

    An event that came under another name of the account too is one and the same: its double goes.
    """
    given = {"name": name, "own": message_of(account_id), "rest": len(message_of(name)) + 1}
    for statement in _ADOPT:
        session.execute(text(statement), given)
