"""The capture API of PostHog: https://posthog.com/docs/api/capture; and what its SDKs ask besides."""

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, abort, jsonify

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
from changetrack.api.taking import admitted, first_text, listed, open_to_browsers, success, take_events
from changetrack.domain.usage import Arrival, as_text

NOTHING_ENABLED: dict[str, Any] = {
    "flags": {}, "featureFlags": {}, "featureFlagPayloads": {}, "errorsWhileComputingFlags": False,
    "config": {"enable_collect_everything": False}, "supportedCompression": ["gzip", "gzip-js"],
    "sessionRecording": False, "surveys": False, "heatmaps": False, "autocapture_opt_out": True,
    "capturePerformance": False, "autocaptureExceptions": False, "siteApps": [], "toolbarParams": {},
    "isAuthenticated": False, "hasFeatureFlags": False,
}  # fmt: skip

blueprint = Blueprint("posthog_api", __name__)
open_to_browsers(blueprint)


@blueprint.route("/batch/", methods=["POST", "OPTIONS"])
@blueprint.route("/capture/", methods=["POST", "OPTIONS"])
@blueprint.route("/i/v0/e/", methods=["POST", "OPTIONS"])
@blueprint.route("/e/", methods=["POST", "OPTIONS"])
def capture() -> Response:
    with admitted():
        body = read_json()
        return success({"status": 1}, take_events(_key(body), lambda now, secret: _events(body, now, secret)))


@blueprint.route("/flags/", methods=["POST", "OPTIONS"])
@blueprint.route("/decide/", methods=["POST", "OPTIONS"])
def flags() -> Response:
    return jsonify(NOTHING_ENABLED)


@blueprint.route("/array/<key>/config", methods=["GET"])
def config(key: str) -> Response:
    del key  # nothing depends on it
    return jsonify(NOTHING_ENABLED)


def _key(body: Any) -> str | None:
    """Where a library puts its key: beside the events, or with the first of several."""
    first = body[0] if isinstance(body, list) and body else body
    given = mapping(first)
    return first_text(
        given.get("api_key"), given.get("token"), given.get("$token"), mapping(given.get("properties")).get("token")
    )


def _events(body: Any, now: datetime, secret: str) -> list[Arrival]:
    given = mapping(body)
    events = listed(body) if isinstance(body, list) or "batch" in given else [body]
    if events is None or not isinstance(body, dict | list):
        abort(400, "Send an event, or a list of events in “batch”.")
    is_history = given.get("historical_migration") is True
    behind = timedelta() if is_history else clock_error(given.get("sent_at") or given.get("sentAt"), now)
    return [
        (isinstance(event, dict) and _arrival(event, behind, now, secret)) or unreadable(event, now, secret)
        for event in events
    ]


def _arrival(event: dict[str, Any], behind: timedelta, now: datetime, secret: str) -> Arrival | None:
    """An event of this dialect; None for what is no event."""
    name = event_name(event.get("event"))
    if name is None:
        return None
    properties = mapping(event.get("properties"))
    when = event.get("timestamp") or properties.get("timestamp")
    own = event.get("uuid") or event.get("message_id") or properties.get("$insert_id")
    user = event.get("distinct_id") or properties.get("distinct_id") or properties.get("$distinct_id")
    return Arrival(
        message_id(own, {**event, "api_key": None}, is_dated=when is not None, secret=secret),
        name,
        account_name(_group(mapping(properties.get("$groups")))),
        as_text(user),
        properties,
        happened_at(when, behind, now) if when is not None else now - _ago(event.get("offset")),
    )


def _group(groups: Any) -> object:
    """The company; where there is none, the only group of any other type."""
    if "company" in groups:
        return groups["company"]
    return next(iter(groups.values())) if len(groups) == 1 else None


def _ago(offset: object) -> timedelta:
    """Browsers say how many milliseconds an event has waited."""
    is_number = isinstance(offset, int | float) and not isinstance(offset, bool)
    return timedelta(milliseconds=float(offset)) if is_number and 0 <= offset < 10**10 else timedelta()  # type: ignore[operator, arg-type]
