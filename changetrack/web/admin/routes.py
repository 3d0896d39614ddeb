"""The way into what administrators do."""

from flask import Blueprint, Response, current_app

from changetrack.domain.people import Action
from changetrack.web.platform import page, require

blueprint = Blueprint("admin", __name__)

# endpoint, title, what it is for, icon
SECTIONS = (
    ("people_admin.index", "People", "Who signs in, in which role; new passwords, disabling.", "users"),
    (
        "teams_admin.index",
        "Teams",
        "Value stream manager, coordinator and members of each team.",
        "users-group",
    ),
    (
        "playbook_admin.index",
        "Playbook",
        "Steps, control points and limits that judge every account.",
        "list-check",
    ),
    (
        "calendars_admin.index",
        "Calendars",
        "On which days customers work: waiting is counted in business days.",
        "calendar",
    ),
    (
        "imports_admin.index",
        "Imports",
        "Bring accounts, contacts, aliases, history, usage and outcomes in from files.",
        "file-import",
    ),
    (
        "metrics_admin.index",
        "Metrics",
        "What is counted of the product's use, and which events feed it.",
        "gauge",
    ),
    ("sources_admin.index", "Sources", "The products that send events, their keys, and the first event.", "world"),
    ("arrivals_admin.index", "What arrives", "Events as they come in: what each fed, or why it did not.", "activity"),
    ("unmatched_admin.index", "Unmatched", "Use that came under names which no account has.", "unlink"),
    ("tokens_admin.index", "API tokens", "With which programs read, write, and send numbers.", "key"),
    (
        "endpoints_admin.index",
        "Webhooks and Slack",
        "Where messages go that are not for a mailbox, and what was delivered.",
        "send",
    ),
    (
        "audit_admin.index",
        "Audit",
        "Who did what to people, teams, playbook, metrics and keys; which files came in.",
        "history",
    ),
    ("alerts.undelivered", "Undelivered messages", "What could not be delivered, to be sent again.", "mail"),
)


@blueprint.get("/admin")
def index() -> Response:
    require(Action.ADMINISTER)
    there = [section for section in SECTIONS if section[0] in current_app.view_functions]
    return page("admin/index.html", sections=there)
