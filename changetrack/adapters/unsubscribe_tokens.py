"""The secret in the address that ends e-mails of one kind to one person: signed, so that nothing has to be kept."""

from itsdangerous import BadData, URLSafeSerializer

from changetrack.config import Settings

_PURPOSE = "changetrack.unsubscribe"


def unsubscribe_token(user_id: int, kind: str, *, settings: Settings) -> str:
    """Return the token of one person and one kind of message: always the same, so that a letter sent again is it."""
    return str(_serializer(settings).dumps([user_id, kind]))


def read_unsubscribe_token(token: str, *, settings: Settings) -> tuple[int, str] | None:
    """Return the person and the kind that a token is for; None if it was not made here, with any key in force."""
    try:
        user_id, kind = _serializer(settings).loads(token)
    except (BadData, ValueError, TypeError):
        return None
    return (user_id, kind) if isinstance(user_id, int) and isinstance(kind, str) else None


def _serializer(settings: Settings) -> URLSafeSerializer:
    """Letters are read for years: what was signed with a former key still counts while that key is listed."""
    return URLSafeSerializer([*reversed(settings.secret_key_fallbacks), settings.secret_key], salt=_PURPOSE)
