"""The reads before usage is taken in: who sends it (a write key, a token), and what counts it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, exists, not_, select, text

from changetrack.domain.usage import Rule
from changetrack.models import ApiToken, User, WriteKey, db


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A write key that is in use, the source it stands for, and the last day on which it was noted as used."""

    key_id: int
    source_id: int
    last_used_on: date | None


@dataclass(frozen=True, slots=True)
class KnownToken:
    """A token that is in use, its name, what it is for, and the last day on which it was noted as used."""

    token_id: int
    name: str
    scopes: frozenset[str]
    last_used_on: date | None


_KEY = text(
    "SELECT id, source_id, last_used_on FROM write_keys WHERE key_hash = :digest AND revoked_at IS NULL"
).columns(WriteKey.id, WriteKey.source_id, WriteKey.last_used_on)
_RULES = text("""
    SELECT event_rules.event, event_rules.metric_id, metrics.aggregation, event_rules.property
    FROM event_rules JOIN metrics ON metrics.id = event_rules.metric_id
    WHERE event_rules.ended_at IS NULL AND metrics.archived_at IS NULL
      AND (event_rules.source_id IS NULL OR event_rules.source_id = :source_id)
""")


def find_write_key(key_hash: str) -> KnownKey | None:
    """Return the write key of that SHA-256 digest; None for an unknown or revoked one."""
    with _looking() as connection:
        row = connection.execute(_KEY, {"digest": key_hash}).one_or_none()
    return None if row is None else KnownKey(row.id, row.source_id, row.last_used_on)


def list_rules(source_id: int) -> dict[str, list[Rule]]:
    """Return the rules in force for what a source sends, by event."""
    rules: dict[str, list[Rule]] = {}
    with _looking() as connection:
        for row in connection.execute(_RULES, {"source_id": source_id}):
            rules.setdefault(row.event, []).append(Rule(*row))
    return rules


def find_token(token_hash: str, *, now: datetime) -> KnownToken | None:
    """Return the token of that SHA-256 digest; None for an unknown, revoked or expired one.

    Nor for one whose maker may no longer sign in: access ends with the person. The operator's tokens stay.
    """
    made_by_nobody_now = exists().where(User.email == ApiToken.created_by, User.disabled_at.is_not(None))
    row = db.session.scalars(
        select(ApiToken).where(
            ApiToken.token_hash == token_hash, ApiToken.revoked_at.is_(None), not_(made_by_nobody_now)
        )
    ).one_or_none()
    if row is None or (row.expires_at is not None and row.expires_at <= now):
        return None
    return KnownToken(row.id, row.name, frozenset(row.scopes), row.last_used_on)


@contextmanager
def _looking() -> Iterator[Connection]:
    """A connection for one look. On PostgreSQL it opens no transaction, whose end would unlearn what is prepared."""
    with db.engine.connect() as connection:
        is_postgres = connection.dialect.name == "postgresql"
        yield connection.execution_options(isolation_level="AUTOCOMMIT") if is_postgres else connection
