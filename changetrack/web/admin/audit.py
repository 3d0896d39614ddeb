"""The administrator's page of the audit: who did what to people, teams and playbook, and which files were imported."""

from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, request

from changetrack.domain.people import Action
from changetrack.queries.audit import GROUPS, PAGE, AuditEntry, Place, check_chains, list_audit
from changetrack.queries.keyset import Cursor, read_cursor
from changetrack.web.admin.audit_words import GROUPS as GROUP_WORDS
from changetrack.web.admin.audit_words import audit_line
from changetrack.web.formatting import with_args
from changetrack.web.platform import page, require

blueprint = Blueprint("audit_admin", __name__, url_prefix="/admin/audit")

SORT = "audit"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ARGUMENTS = {"group": 20, "subject": 80, "actor": 254}


@blueprint.get("")
def index() -> Response:
    require(Action.ADMINISTER)
    asked = {name: request.args.get(name, "").strip()[:longest] for name, longest in ARGUMENTS.items()}
    if asked["group"] not in GROUPS:
        asked["group"] = ""
    before = _place(request.args.get("after", ""))
    entries = list_audit(**asked, before=before, limit=PAGE + 1)
    shown = entries[:PAGE]
    return page(
        "admin/audit.html", lines=[audit_line(entry) for entry in shown], asked=asked, groups=GROUP_WORDS,
        chains=check_chains({entry.subject for entry in shown}) if shown else None, chips=_chips(asked, shown),
        first=with_args(asked) if before else "",
        following=with_args(asked, after=_cursor(shown[-1])) if len(entries) > PAGE else "",
    )  # fmt: skip


def _chips(asked: dict[str, str], shown: list[AuditEntry]) -> list[dict[str, str]]:
    """The filters in use, by the names of what they keep; the group and the person are in the form beside them."""
    if not asked["subject"]:
        return []
    name = shown[0].about if shown else asked["subject"]
    return [{"label": "About", "value": name, "remove": with_args(asked, subject=None)}]


def _cursor(entry: AuditEntry) -> str:
    microseconds = (entry.recorded_at - EPOCH) // timedelta(microseconds=1)
    return Cursor(SORT, (microseconds, entry.subject, entry.seq)).text


def _place(text: str) -> Place | None:
    """The place in the list that an address names; a spoilt address shows the first page."""
    cursor = read_cursor(text, SORT, (int, str, int))
    if cursor is None:
        return None
    microseconds, subject, seq = cursor.values
    try:
        return EPOCH + timedelta(microseconds=microseconds), subject, seq
    except OverflowError:
        return None
