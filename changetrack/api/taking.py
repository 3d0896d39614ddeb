"""How events are let in and answered: who sends, how many at once, what is said when it cannot be."""

import base64
import binascii
import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any

import structlog
from flask import Blueprint, Flask, Response, abort, current_app, jsonify, request
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError, TimeoutError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, ServiceUnavailable, TooManyRequests

from changetrack.api.dialects import UNREADABLE
from changetrack.config import Clock, Settings
from changetrack.domain.people import Actor
from changetrack.domain.usage import Arrival
from changetrack.operations.program_keys import TooManyTries, count_wrong_key
from changetrack.operations.usage.ingest import ingest_events
from changetrack.queries.usage_keys import find_write_key

AT_ONCE = 3  # in a process: one less than it has threads, so that pages are answered
WRITING_ON_SQLITE = 1  # it has one writer, and those who wait for it wait long
PATIENCE = 0.5  # seconds that somebody waits to be let in
AGAIN_AFTER = 1  # seconds after which it is worth sending again
MOST_EVENTS = 20_000  # in one body
_PLACES = "changetrack.ingestion_places"
_WRITING = "changetrack.ingestion_writing"
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Content-Encoding",
    "Access-Control-Max-Age": "86400",
}
_CODES = {400: "invalid", 401: "unauthorized", 413: "too_large", 415: "unsupported", 429: "too_many", 503: "busy"}

Parse = Callable[[datetime, str], list[Arrival]]

log = structlog.get_logger("changetrack.api")


def init_taking(app: Flask) -> None:
    """Say how many may send, and how many of them may write, at once; who sends slowly keeps nobody from writing."""
    settings: Settings = app.extensions["changetrack.settings"]
    is_sqlite = settings.database_url.startswith("sqlite")
    app.extensions[_PLACES] = threading.BoundedSemaphore(AT_ONCE)
    app.extensions[_WRITING] = threading.BoundedSemaphore(WRITING_ON_SQLITE if is_sqlite else AT_ONCE)


def clock() -> Clock:
    """The application's clock."""
    found: Clock = current_app.extensions["changetrack.clock"]
    return found


def settings() -> Settings:
    """The settings of the running application."""
    found: Settings = current_app.extensions["changetrack.settings"]
    return found


def admitted() -> AbstractContextManager[None]:
    """Be one of the few who send, for the length of a `with`; 503 with Retry-After if no place gets free."""
    return _holding(_PLACES)


def writing() -> AbstractContextManager[None]:
    """Be one of the even fewer who write, when all is read; 503 with Retry-After if no place gets free."""
    return _holding(_WRITING)


@contextmanager
def _holding(kind: str) -> Iterator[None]:
    places: threading.BoundedSemaphore = current_app.extensions[kind]
    if not places.acquire(timeout=PATIENCE):
        log.warning("ingestion_full")
        raise ServiceUnavailable("Too much is sent at once. Send it again.")
    try:
        yield
    finally:
        places.release()


def take_events(key: str | None, parse: Parse) -> int:
    """Keep and count what a source sends, and return how much of it is no event; 401 without a key that is in use."""
    now, today = clock().now(), clock().today()
    known = find_write_key(hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()) if key else None
    if known is None:
        log.warning("write_key_refused")
        slow_down(key or "")
        abort(401, "This write key is not in use.")
    events = parse(now, settings().secret_key)
    with writing():
        ingest_events(
            source_id=known.source_id,
            events=events,
            secret=settings().secret_key,
            actor=Actor.system(f"source {known.source_id}"),
            now=now,
            today=today,
            retention_days=settings().usage_retention_days,
            key_id=None if known.last_used_on == today else known.key_id,
        )
    odd = sum(event.event == UNREADABLE for event in events)
    if odd:
        log.warning("unreadable_events", source_id=known.source_id, number=odd)
    return odd


def slow_down(key: str) -> None:
    """Count a key that is not in use; 429 with Retry-After for who has shown too many."""
    try:
        count_wrong_key(key=key, address=request.remote_addr or "", actor=Actor.system("api"), now=clock().now())
    except TooManyTries as refusal:
        log.warning("throttled", path=str(request.url_rule))
        raise TooManyRequests(
            "Too many wrong keys. Wait, then try again.", retry_after=refusal.retry_after
        ) from refusal


def basic_user() -> str | None:
    """The user name of Basic authentication, where a write key stands."""
    kind, _, packed = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        return base64.b64decode(packed).decode("utf-8").partition(":")[0] or None
    except (binascii.Error, ValueError):
        return None


def first_text(*values: object) -> str | None:
    """The first of `values` that is a text with something in it."""
    return next((value for value in values if isinstance(value, str) and value), None)


def open_to_browsers(blueprint: Blueprint) -> None:
    """Let pages of any site send here, without cookies; a write key is no secret. Say errors as these SDKs expect."""

    @blueprint.before_request
    def answer_preflight() -> Response | None:
        return Response(status=204, headers=_PREFLIGHT) if request.method == "OPTIONS" else None

    @blueprint.after_request
    def allow(response: Response) -> Response:
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response

    for kind in (HTTPException, RequestEntityTooLarge):
        blueprint.register_error_handler(kind, _refused)
    for away in (OperationalError, InterfaceError, InternalError, TimeoutError):
        blueprint.register_error_handler(away, _unreachable)


def _refused(error: HTTPException) -> Response:
    return refusal(error.code or 500, error.description or error.name, again_after(error))


def _unreachable(error: Exception) -> Response:
    log.error("database_unavailable", error=str(getattr(error, "orig", error)).strip())
    return refusal(503, "The database cannot be written at this moment. Send it again.")


def again_after(error: HTTPException) -> int:
    """After how many seconds it is worth sending again."""
    said = getattr(error, "retry_after", None)
    return said if isinstance(said, int) else AGAIN_AFTER


def refusal(status: int, sentence: str, retry_after: int = AGAIN_AFTER) -> Response:
    """Why nothing was kept, in the words of each SDK that reads them."""
    code = _CODES.get(status, "error")
    said: dict[str, Any] = {"success": False, "status": 0, "code": code, "message": sentence, "detail": sentence}
    response = jsonify(said)
    response.status_code = status
    if status in (429, 503):
        response.headers["Retry-After"] = str(retry_after)
    if status == 413:
        response.headers["Connection"] = "close"  # what was not read must not be taken for the next request
    return response


def success(said: dict[str, Any], unreadable: int) -> Response:
    """That all is kept, and how much of it could not be read."""
    return jsonify(said | ({"unreadable": unreadable} if unreadable else {}))


def listed(body: object) -> Sequence[object] | None:
    """The events of a body that has several; 413 where they are so many that even looking at them takes long."""
    found = body.get("batch") if isinstance(body, dict) else body
    if not isinstance(found, list):
        return None
    if len(found) > MOST_EVENTS:
        abort(413)
    return found
