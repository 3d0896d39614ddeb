"""Keys for programs: made of random bits, shown once, and kept as a digest."""

import secrets
from dataclasses import dataclass, field

from changetrack.queries.people import session_hash

_RANDOM_BYTES = 24
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A key that is shown once: `text` goes to whoever asked, `digest` and the first characters are kept."""

    text: str = field(repr=False)

    @property
    def prefix(self) -> str:
        """The first characters, by which people tell keys apart; more than 128 bits stay unknown."""
        return self.text[:_SHOWN]

    @property
    def digest(self) -> str:
        """What is kept of the key (64 hex digits of SHA-256): enough to know it again."""
        return session_hash(self.text)


def new_secret(kind: str) -> NewSecret:
    """Return a new key of 192 random bits that begins with its kind: `wk_…`, `ct_…`.

    Letters and digits only, so that a double click takes all of it. Source: OWASP ASVS 5.0, 11.5.1.
    """
    return NewSecret(f"{kind}_{secrets.token_hex(_RANDOM_BYTES)}")
