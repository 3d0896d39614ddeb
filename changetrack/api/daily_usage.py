"""Ready-made daily numbers: `PUT /api/v1/usage/daily`."""

import hashlib
from typing import Any

import structlog
from flask import Blueprint, Response, abort, jsonify, request
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError, TimeoutError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from changetrack.api.bodies import read_exact_json
from changetrack.api.taking import AGAIN_AFTER, admitted, again_after, clock, slow_down, writing
from changetrack.domain.people import Actor
from changetrack.domain.refusal import OperationRefused
from changetrack.operations.usage.state import StatedRow, state_usage
from changetrack.queries.usage_keys import KnownToken, find_token

MOST_ROWS = 10_000
MAY_STATE = frozenset({"ingest", "admin"})

blueprint = Blueprint("usage_api", __name__)
log = structlog.get_logger("changetrack.api")


@blueprint.put("/api/v1/usage/daily")
def state() -> Response:
    token = _token()
    with admitted():
        rows = _rows()
        with writing():
            result = state_usage(
                rows=rows,
                actor=Actor.system(f"token {token.name}"),
                now=clock().now(),
                today=clock().today(),
                token_id=None if token.last_used_on == clock().today() else token.token_id,
            )
    said = {"rows": result.rows, "changed": result.changed, "unmatched": result.unmatched}
    return jsonify(said)


def _token() -> KnownToken:
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    found = None
    if kind.lower() == "bearer" and text:
        digest = hashlib.sha256(text.strip().encode("utf-8", "replace")).hexdigest()
        found = find_token(digest, now=clock().now())
    if found is None:
        log.warning("token_refused")
        slow_down(text.strip() or kind)
        abort(401, "Send a token that is in use: Authorization: Bearer ct_….")
    if not found.scopes & MAY_STATE:
        abort(403, "This token is not for sending numbers of use; it needs the scope ingest.")
    return found


def _rows() -> list[StatedRow]:
    if request.mimetype != "application/json":
        abort(415, "Send JSON, with Content-Type: application/json.")
    body = read_exact_json()
    given = body.get("rows") if isinstance(body, dict) else body
    if not isinstance(given, list):
        abort(400, "Send a list of rows, or an object with that list in “rows”.")
    if len(given) > MOST_ROWS:
        abort(413, f"At most {MOST_ROWS:,} rows are taken at once.")
    return [_row(row if isinstance(row, dict) else {}) for row in given]


def _row(row: dict[str, Any]) -> StatedRow:
    account = row.get("account", row.get("external_id"))
    return StatedRow(account, row.get("metric"), row.get("day"), row.get("value"))


def problem(status: int, title: str, *, retry_after: int = AGAIN_AFTER, **more: object) -> Response:
    """An error as RFC 9457 has it."""
    response = jsonify({"type": "about:blank", "title": title, "status": status, **more})
    response.status_code, response.mimetype = status, "application/problem+json"
    if status in (429, 503):
        response.headers["Retry-After"] = str(retry_after)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if status == 413:
        response.headers["Connection"] = "close"  # what was not read must not be taken for the next request
    return response


def _http(error: HTTPException) -> Response:
    return problem(error.code or 500, error.name, detail=error.description, retry_after=again_after(error))


def _refused(refusal: OperationRefused) -> Response:
    errors = [{"field": reason.field, "message": reason.message} for reason in refusal.reasons]
    return problem(422, "The numbers cannot be taken; nothing was changed.", errors=errors)


def _unreachable(error: Exception) -> Response:
    log.error("database_unavailable", error=str(getattr(error, "orig", error)).strip())
    return problem(503, "The database cannot be written at this moment. Send it again.")


for _kind in (HTTPException, RequestEntityTooLarge):
    blueprint.register_error_handler(_kind, _http)
blueprint.register_error_handler(OperationRefused, _refused)
for _away in (OperationalError, InterfaceError, InternalError, TimeoutError):
    blueprint.register_error_handler(_away, _unreachable)
