"""Passwords: hashed by argon2id, compared in even time, and looked up among the most common."""

import functools
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP ASVS 5.0 appendix C: argon2id with one pass, at least 46 MiB and one lane.
_HASHER = PasswordHasher(time_cost=1, memory_cost=47_104, parallelism=1)
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else when read aloud


def hash_password(password: str) -> str:
    """Return what is stored instead of `password`; all of it counts, of any length."""
    return _HASHER.hash(password)


def is_password(password: str, password_hash: str | None) -> bool:
    """Say whether `password` belongs to the hash; without a hash it takes as long to say no."""
    try:
        _HASHER.verify(password_hash or _hash_of_nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Say whether the hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)


def is_common(word: str) -> bool:
    """Say whether a lower-cased word is among the 30,000 most common passwords (zxcvbn's list)."""
    return word in _common_passwords()


def new_one_time_password() -> str:
    """Return four groups of five letters and digits: 99 bits that can be read over the telephone."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))


@functools.cache
def _hash_of_nobody() -> str:
    return _HASHER.hash(secrets.token_urlsafe(16))


@functools.cache
def _common_passwords() -> frozenset[str]:
    # Half a second to load, and only needed when a password is chosen.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"])
