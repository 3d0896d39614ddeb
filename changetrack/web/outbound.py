"""What the settings say about requests of our own, as operations are told it; and whether one may arrive."""

from flask import flash

from changetrack.adapters.outgoing import Outgoing, resolve
from changetrack.domain.outgoing import Allowed
from changetrack.operations.endpoints import Outbound
from changetrack.web.platform import settings

PATIENCE = 3.0  # seconds in which a name has to be looked up while somebody waits for the page


def outbound() -> Outbound:
    """With which keys addresses and secrets are sealed, and what may be reached although it is private."""
    found = settings()
    return Outbound(found.secrets, Allowed(found.outgoing_allow))


def flash_trouble(url: str) -> None:
    """Warn beside an endpoint that was saved when nothing could arrive at its address; "" if that stayed as it was.

    It is a warning, since a name may come to be known, or be allowed, later; what is sent is judged by itself.
    """
    if not url.strip():
        return
    why = Outgoing(outbound().allowed, seconds=PATIENCE, resolve=resolve).trouble(url.strip())
    if why is not None:
        flash(f"It is kept, but as things stand nothing will arrive there: {why}", "warning")
