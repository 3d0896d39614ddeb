"""The administrator's live tail: what arrived, newest first, what it fed, or why it did not count."""

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, request

from changetrack.domain.people import Action
from changetrack.queries.keyset import Cursor, read_cursor
from changetrack.queries.usage_arrivals import LOOKED_THROUGH, STATES, Place, list_arrivals
from changetrack.queries.usage_sources import list_source_choices
from changetrack.queries.usage_unmatched import has_unmatched
from changetrack.web.admin.arrival_words import STATE_WORDS, arrival_line
from changetrack.web.formatting import with_args
from changetrack.web.platform import page, require, settings

blueprint = Blueprint("arrivals_admin", __name__, url_prefix="/admin/usage")

SORT = "arrivals"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FOLLOWED = 200  # times, every three seconds: a browser left alone stops asking after ten minutes


@blueprint.get("")
def index() -> Response:
    require(Action.ADMINISTER)
    asked = _asked()
    before = _place(request.args.get("after", ""))
    source = int(asked["source"]) if asked["source"] else None
    found = list_arrivals(source_id=source, state=asked["state"], event=asked["event"], before=before)
    return page(
        "admin/arrivals.html", lines=[arrival_line(row, settings().usage_retention_days) for row in found.rows],
        asked=asked, is_filtered=any(asked.values()), sources=list_source_choices(), states=STATE_WORDS,
        waits=has_unmatched(), follow=None if before else _follow(), at_most=FOLLOWED, looked_through=LOOKED_THROUGH,
        first=with_args(asked) if before else "",
        following=with_args(asked, after=_cursor(found.following)) if found.following else "",
    )  # fmt: skip


def _asked() -> dict[str, str]:
    """The filters; what is none of a source or a state filters nothing."""
    given = {name: request.args.get(name, "").strip()[:200] for name in ("source", "state", "event")}
    if not given["source"].isdecimal() or len(given["source"]) > 18:
        given["source"] = ""
    if given["state"] not in STATES:
        given["state"] = ""
    return given


def _follow() -> int:
    """How often more the list asks again by itself; 0 when it was not asked to."""
    text = request.args.get("follow", "")
    return min(int(text), FOLLOWED) if text.isdecimal() and len(text) <= 4 else 0


def _cursor(place: Place) -> str:
    moment, source_id, message_id = place
    return Cursor(SORT, ((moment - EPOCH) // timedelta(microseconds=1), source_id, message_id)).text


def _place(text: str) -> Place | None:
    """The place in the list that an address names; a spoilt address shows the first page."""
    cursor: Any = read_cursor(text, SORT, (int, int, str))
    if cursor is None:
        return None
    microseconds, source_id, message_id = cursor.values
    try:
        return EPOCH + timedelta(microseconds=microseconds), source_id, message_id
    except OverflowError:
        return None
