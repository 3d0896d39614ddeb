"""What the settings say about requests of our own, as the operations on endpoints are told it."""

from changetrack.domain.outgoing import Allowed
from changetrack.operations.endpoints import Outbound
from changetrack.web.platform import settings


def outbound() -> Outbound:
    """With which keys addresses and secrets are sealed, and what may be reached although it is private."""
    found = settings()
    return Outbound(found.secrets, Allowed(found.outgoing_allow))
