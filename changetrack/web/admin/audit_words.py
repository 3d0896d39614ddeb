"""What was done to all but accounts, in words: title, sign, and the fields that changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from changetrack.queries.audit import AuditEntry
from changetrack.web.formatting import number

GROUPS: Mapping[str, str] = {
    "user": "People",
    "team": "Teams",
    "playbook": "Playbook",
    "calendar": "Calendars",
    "import": "Imports",
    "metric": "Metrics",
    "source": "Sources",
    "token": "API tokens",
    "endpoint": "Webhooks and Slack",
    "unmatched": "Unmatched use",
}
_KINDS: Mapping[str, tuple[str, str]] = {
    "user_added": ("Added", "user-plus"),
    "user_edited": ("Edited", "user"),
    "user_disabled": ("Disabled", "user-off"),
    "user_enabled": ("Enabled again", "user-check"),
    "password_reset": ("Password reset", "key"),
    "password_changed": ("Password changed", "key"),
    "sessions_ended": ("Signed out everywhere", "logout"),
    "messages_chosen": ("Messages chosen", "adjustments-horizontal"),
    "calendar_address_made": ("Address for the calendar made", "calendar"),
    "calendar_address_revoked": ("Address for the calendar revoked", "ban"),
    "team_added": ("Team added", "users-group"),
    "team_renamed": ("Team renamed", "users-group"),
    "team_member_put": ("Put in the team", "user-plus"),
    "team_member_removed": ("Taken out of the team", "user-off"),
    "playbook_installed": ("Playbook installed", "list-check"),
    "playbook_changed": ("Playbook changed", "list-check"),
    "calendar_added": ("Calendar added", "calendar"),
    "calendar_edited": ("Calendar edited", "calendar"),
    "calendar_made_house": ("Made the house’s calendar", "home"),
    "calendar_deleted": ("Calendar deleted", "trash"),
    "accounts_imported": ("Accounts imported", "file-import"),
    "aliases_imported": ("Aliases imported", "file-import"),
    "history_imported": ("History imported", "file-import"),
    "contacts_imported": ("Contacts imported", "file-import"),
    "metric_added": ("Metric added", "gauge"),
    "metric_edited": ("Metric edited", "gauge"),
    "metric_archived": ("Metric archived", "archive"),
    "metric_restored": ("Metric in use again", "arrow-back-up"),
    "event_rule_added": ("Rule added", "playlist-add"),
    "event_rule_ended": ("Rule ended", "circle-off"),
    "source_added": ("Source added", "world"),
    "source_renamed": ("Source renamed", "world"),
    "write_key_made": ("Write key made", "key"),
    "write_key_revoked": ("Write key revoked", "ban"),
    "token_made": ("API token made", "key"),
    "token_revoked": ("API token revoked", "ban"),
    "endpoint_added": ("Endpoint added", "send"),
    "endpoint_edited": ("Endpoint edited", "send"),
    "endpoint_tested": ("Test message sent", "send"),
    "endpoint_disabled": ("Endpoint switched off", "circle-off"),
    "endpoint_enabled": ("Endpoint switched on", "circle-check"),
    "endpoint_resealed": ("Sealed with another key", "key"),
    "secret_rotated": ("New secret made", "key"),
    "unmatched_forgotten": ("Forgotten", "trash"),
}
_FIELDS: Mapping[str, str] = {
    "email": "E-mail",
    "disabled_at": "Disabled",
    "former_until": "Former secret holds until",
    "team_id": "Team (number)",
    "weekmask": "Worked days, from Monday",
    "blackout_days": "Days off of its own",
    "email_failed_at": "E-mail refused",
    "rows": "Rows read",
    "created": "New",
    "updated": "Changed",
    "unchanged": "As they were",
    "rejected_rows": "Turned away",
}
_VALUES: Mapping[str, str] = {
    "vsm": "value stream manager",
    "coordinator": "coordinator",
    "member": "member",
    "admin": "administrator",
    "executive": "executive",
}


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One entry as the page shows it; `changes` are (field, before, after) in words."""

    entry: AuditEntry
    title: str
    sign: str
    changes: tuple[tuple[str, str, str], ...]

    @property
    def note(self) -> str | None:
        """The reason that was given; an import's is its file, which is its name already."""
        return None if self.entry.group == "import" else self.entry.note

    @property
    def counts(self) -> str:
        """What an import counted, in one sentence."""
        if self.entry.group != "import":
            return ""
        return " · ".join(f"{field}: {after}" for field, _, after in self.changes if after != "0")


def audit_line(entry: AuditEntry) -> AuditLine:
    """Put an entry into words."""
    title, sign = _KINDS.get(entry.kind, (entry.kind.replace("_", " ").capitalize(), "circle-dot"))
    changes = tuple((_field(name), _value(old), _value(new)) for name, (old, new) in entry.changes.items())
    return AuditLine(entry, title, sign, changes)


def _field(name: str) -> str:
    return _FIELDS.get(name, name if "@" in name else name.replace("_", " ").capitalize())


def _value(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return number(value)
        case list():
            return ", ".join(map(_value, value))
    return _VALUES.get(str(value), str(value))
