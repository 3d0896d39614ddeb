"""Reads of the API's tokens, without the tokens themselves."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from changetrack.models import ApiToken, db


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token as listed: its first characters, what it may do, until when, and when it was last used."""

    id: int
    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_on: date | None

    def is_open(self, now: datetime) -> bool:
        """Whether it lets in."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


def list_tokens() -> list[TokenRow]:
    """Return all tokens, those that were not revoked first and the newest of them first."""
    ordered = select(ApiToken).order_by(ApiToken.revoked_at.is_not(None), ApiToken.id.desc())
    names = ("id", "name", "prefix", "created_at", "created_by", "expires_at", "revoked_at", "last_used_on")
    return [
        TokenRow(**{name: getattr(token, name) for name in names}, scopes=tuple(token.scopes))
        for token in db.session.scalars(ordered)
    ]


def list_tokens_by_prefix(prefix: str) -> list[TokenRow]:
    """Return the tokens in force that begin like this: one, unless the prefix is too short."""
    return [token for token in list_tokens() if token.prefix.startswith(prefix) and token.revoked_at is None]
