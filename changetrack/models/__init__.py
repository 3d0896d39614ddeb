"""The tables: columns, constraints and types, and no rules."""

from changetrack.models._base import NUMBER_SCALE, PATIENCE, WRITE, Base, Id, Model, UsageNumber, UtcDateTime, db
from changetrack.models.accounts import Account, Alias, Import, SavedView
from changetrack.models.alerts import Alert, Heartbeat, JobRun, Notification, OutboxMessage
from changetrack.models.coalition import Contact
from changetrack.models.funnel import FunnelCell, FunnelSnapshot, MovementCell, Standing
from changetrack.models.history import AuditEvent, Event
from changetrack.models.journey import Evidence, Hold, Journey, PlaybookVersion, Proposal, SignOff, Visit
from changetrack.models.people import ApiToken, SignInAttempt, Team, TeamMember, User, UserSession
from changetrack.models.usage import (
    EventRule,
    Metric,
    UnmatchedUsage,
    UsageDaily,
    UsageEvent,
    UsageMember,
    UsageSource,
    WriteKey,
)
from changetrack.models.value import (
    CustomerLink,
    LedgerEntry,
    Outcome,
    OutcomeStatement,
    Reading,
    ValueCell,
    ValueFlow,
    ValueSnapshot,
)

__all__ = [
    "NUMBER_SCALE",
    "PATIENCE",
    "WRITE",
    "Account",
    "Alert",
    "Alias",
    "ApiToken",
    "AuditEvent",
    "Base",
    "Contact",
    "CustomerLink",
    "Event",
    "EventRule",
    "Evidence",
    "FunnelCell",
    "FunnelSnapshot",
    "Heartbeat",
    "Hold",
    "Id",
    "Import",
    "JobRun",
    "Journey",
    "LedgerEntry",
    "Metric",
    "Model",
    "MovementCell",
    "Notification",
    "OutboxMessage",
    "Outcome",
    "OutcomeStatement",
    "PlaybookVersion",
    "Proposal",
    "Reading",
    "SavedView",
    "SignInAttempt",
    "SignOff",
    "Standing",
    "Team",
    "TeamMember",
    "UnmatchedUsage",
    "UsageDaily",
    "UsageEvent",
    "UsageMember",
    "UsageNumber",
    "UsageSource",
    "User",
    "UserSession",
    "UtcDateTime",
    "ValueCell",
    "ValueFlow",
    "ValueSnapshot",
    "Visit",
    "WriteKey",
    "db",
]
