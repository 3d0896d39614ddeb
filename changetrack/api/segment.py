"""The HTTP tracking API of Segment and RudderStack: https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/."""

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, abort

from changetrack.api.bodies import read_json
from changetrack.api.dialects import (
    account_name,
    clock_error,
    event_name,
    happened_at,
    mapping,
    message_id,
    unreadable,
)
from changetrack.api.taking import admitted, basic_user, first_text, listed, open_to_browsers, success, take_events
from changetrack.domain.usage import Arrival, as_text

CALLS = ("track", "identify", "group", "page", "screen", "alias")

blueprint = Blueprint("segment_api", __name__)
open_to_browsers(blueprint)


@blueprint.route("/v1/<any(track, identify, group, page, screen, alias):call>", methods=["POST", "OPTIONS"])
def one(call: str) -> Response:
    with admitted():
        body = mapping(read_json())
        key = basic_user() or first_text(body.get("writeKey"))
        return success({"success": True}, take_events(key, lambda now, secret: [_one(body, call, now, secret)]))


@blueprint.route("/v1/<any(batch, import):call>", methods=["POST", "OPTIONS"])
def several(call: str) -> Response:
    with admitted():
        body = read_json()
        key = basic_user() or first_text(mapping(body).get("writeKey"))
        return success({"success": True}, take_events(key, lambda now, secret: _several(body, call, now, secret)))


def _one(body: Any, call: str, now: datetime, secret: str) -> Arrival:
    return _arrival(body, call, clock_error(body.get("sentAt"), now), now, secret) or unreadable(body, now, secret)


def _several(body: Any, call: str, now: datetime, secret: str) -> list[Arrival]:
    events = listed(body)
    if events is None:
        abort(400, "A batch has a list of events in “batch”.")
    behind = timedelta() if call == "import" else clock_error(mapping(body).get("sentAt"), now)
    context = mapping(mapping(body).get("context"))
    return [
        (isinstance(event, dict) and _arrival(event, None, behind, now, secret, context))
        or unreadable(event, now, secret)
        for event in events
    ]


def _arrival(
    event: dict[str, Any],
    call: str | None,
    behind: timedelta,
    now: datetime,
    secret: str,
    shared: Any = None,
) -> Arrival | None:
    """An event of this dialect; None for what is no event. Calls other than `track` are events of their own name."""
    kind = call or event.get("type")
    name = event_name(event.get("event")) if kind == "track" else kind if kind in CALLS else None
    if name is None:
        return None
    context = mapping(event.get("context")) or shared or {}
    group = event.get("groupId") or context.get("groupId") or mapping(context.get("traits")).get("groupId")
    user = event.get("userId") or event.get("anonymousId")
    when = event.get("timestamp") or event.get("originalTimestamp")
    return Arrival(
        message_id(event.get("messageId"), event, is_dated=when is not None, secret=secret),
        name,
        account_name(group),
        as_text(user),
        mapping(event.get("properties") or event.get("traits")),
        happened_at(when, behind, now),
    )
