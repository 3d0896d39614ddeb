"""How secrets that have to be read again are kept: sealed with a key that is not in the database."""

import secrets as random
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION = "v1."
_NONCE_BYTES = 12


class CannotUnseal(Exception):
    """None of the keys opens this: it was sealed with another one, for another purpose, or was changed."""


def seal(text: str, *, secret: str, purpose: str) -> str:
    """Return a text sealed (AES-256-GCM) with a key derived from `secret`; it opens for the same purpose only.

    Source: OWASP ASVS 5.0, 11.3, 13.3.1.
    """
    nonce = random.token_bytes(_NONCE_BYTES)
    sealed = AESGCM(_key(secret)).encrypt(nonce, text.encode(), purpose.encode())
    return _VERSION + urlsafe_b64encode(nonce + sealed).decode()


def unseal(sealed: str, *, secrets: Iterable[str], purpose: str) -> str:
    """Return what was sealed with one of the secrets: the present one, or a former one. Raises CannotUnseal."""
    try:
        packed = urlsafe_b64decode(sealed.removeprefix(_VERSION))
    except ValueError as error:
        raise CannotUnseal from error
    for secret in secrets:
        try:
            return AESGCM(_key(secret)).decrypt(packed[:_NONCE_BYTES], packed[_NONCE_BYTES:], purpose.encode()).decode()
        except (InvalidTag, ValueError):
            continue
    raise CannotUnseal


def is_sealed_with(sealed: str, *, secret: str, purpose: str) -> bool:
    """Whether this very key opens it."""
    try:
        unseal(sealed, secrets=(secret,), purpose=purpose)
    except CannotUnseal:
        return False
    return True


@lru_cache(maxsize=16)
def _key(secret: str) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=b"changetrack.seal.v1").derive(secret.encode())
