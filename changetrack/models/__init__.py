"""The tables: columns, constraints and types, and no rules."""

from changetrack.models._base import WRITE, Base, Id, Model, UtcDateTime, db
from changetrack.models.accounts import Account, Alias, Import, SavedView
from changetrack.models.alerts import Alert, Heartbeat, JobRun, Notification, OutboxMessage
from changetrack.models.coalition import Contact
from changetrack.models.funnel import FunnelCell, FunnelSnapshot, MovementCell, Standing
from changetrack.models.history import AuditEvent, Event
from changetrack.models.journey import Evidence, Hold, Journey, PlaybookVersion, Proposal, SignOff, Visit
from changetrack.models.people import SignInAttempt, Team, TeamMember, User, UserSession

__all__ = [
    "WRITE",
    "Account",
    "Alert",
    "Alias",
    "AuditEvent",
    "Base",
    "Contact",
    "Event",
    "Evidence",
    "FunnelCell",
    "FunnelSnapshot",
    "Heartbeat",
    "Hold",
    "Id",
    "Import",
    "JobRun",
    "Journey",
    "Model",
    "MovementCell",
    "Notification",
    "OutboxMessage",
    "PlaybookVersion",
    "Proposal",
    "SavedView",
    "SignInAttempt",
    "SignOff",
    "Standing",
    "Team",
    "TeamMember",
    "User",
    "UserSession",
    "UtcDateTime",
    "Visit",
    "db",
]
