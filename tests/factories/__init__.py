"""One factory for each model, and the fixed cast: whatever a test does not say is unremarkable."""

from tests.factories.accounts import make_account, make_alias, make_import, make_saved_view
from tests.factories.alerts import make_alert, make_heartbeat, make_job_run, make_message, make_notification
from tests.factories.coalition import make_contact
from tests.factories.funnel import make_cell, make_movement, make_snapshot, make_standing
from tests.factories.history import make_audit_event, make_event
from tests.factories.journey import (
    make_evidence,
    make_hold,
    make_journey,
    make_playbook,
    make_proposal,
    make_sign_off,
    make_visit,
)
from tests.factories.people import (
    PASSWORD,
    Cast,
    actor_of,
    make_cast,
    make_session,
    make_sign_in_attempt,
    make_team,
    make_team_member,
    make_user,
)

__all__ = [
    "PASSWORD",
    "Cast",
    "actor_of",
    "make_account",
    "make_alert",
    "make_alias",
    "make_audit_event",
    "make_cast",
    "make_cell",
    "make_contact",
    "make_event",
    "make_evidence",
    "make_heartbeat",
    "make_hold",
    "make_import",
    "make_job_run",
    "make_journey",
    "make_message",
    "make_movement",
    "make_notification",
    "make_playbook",
    "make_proposal",
    "make_saved_view",
    "make_session",
    "make_sign_in_attempt",
    "make_sign_off",
    "make_snapshot",
    "make_standing",
    "make_team",
    "make_team_member",
    "make_user",
    "make_visit",
]
