"""Sealing what is kept sealed with another key: after that the former one can be left out of the settings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from changetrack.domain.people import Action, Actor, may
from changetrack.domain.refusal import Forbidden
from changetrack.models import Endpoint
from changetrack.operations._claims import SECRET, URL
from changetrack.operations._endpoints import record_change
from changetrack.operations._seal import CannotUnseal, is_sealed_with, seal, unseal
from changetrack.operations._transaction import transaction

SEALED = {"url_sealed": URL, "secret_sealed": SECRET, "former_secret_sealed": SECRET}
"""All that is kept sealed, all of it of endpoints: for which purpose each is."""


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many secrets were sealed anew and how many were so already, whose no key opens; after which to go on.

    `after` is None at the end.
    """

    resealed: int
    already: int
    unreadable: tuple[str, ...]
    after: int | None


def reseal_secrets(*, secrets: Sequence[str], after: int, limit: int, actor: Actor, now: datetime) -> Resealed:
    """Seal the secrets of the next `limit` endpoints with the first of the keys `secrets`, each of which may open them.

    What is sealed with it already stays as it is, so it may be stopped and asked again at any time. A former secret of
    a webhook whose time is over is deleted. Raises Forbidden for who does not administer. Source: NIST SP 800-57, 5.3.
    """
    if not may(actor, Action.ADMINISTER):
        raise Forbidden("Only administrators seal secrets anew.")
    with transaction() as session:
        query = select(Endpoint).where(Endpoint.id > after).order_by(Endpoint.id).limit(limit)
        rows = session.scalars(query.with_for_update().execution_options(populate_existing=True)).all()
        resealed, already, unreadable = 0, 0, []
        for row in rows:
            try:
                new = _sealed_anew(row, secrets, now)
            except CannotUnseal:
                unreadable.append(row.name)
                continue
            kept = sum(getattr(row, name) is not None for name in SEALED)
            resealed, already = resealed + len(new), already + kept - len(new)
            for name, text in new.items():
                setattr(row, name, text)
            if new:
                record_change(session, row, "endpoint_resealed", actor, now, {})
        return Resealed(resealed, already, tuple(unreadable), rows[-1].id if len(rows) == limit else None)


def _sealed_anew(row: Endpoint, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """What of an endpoint has to be sealed anew, and is. Raises CannotUnseal."""
    if row.former_until is not None and row.former_until <= now:
        row.former_secret_sealed = None
    new = {}
    for name, purpose in SEALED.items():
        sealed: str | None = getattr(row, name)
        if sealed is not None and not is_sealed_with(sealed, secret=secrets[0], purpose=purpose):
            new[name] = seal(unseal(sealed, secrets=secrets, purpose=purpose), secret=secrets[0], purpose=purpose)
    return new
