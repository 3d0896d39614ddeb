"""How everything that goes wrong is said to a person: one place, one page for each status."""

from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, g, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, InternalError, OperationalError, TimeoutError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused, StaleVersion
from changetrack.operations.sign_in import TooManyTries
from changetrack.web.secret_addresses import loggable

PAGES = (400, 403, 404, 405, 409, 413, 422, 429, 500, 503)
BACK_AFTER = 5  # seconds after which it is worth asking again for the database
MEANWHILE = "Somebody did something at the same moment that rules this out. Look again before you repeat it."

log = structlog.get_logger("changetrack.web")


def init_errors(app: Flask) -> None:
    """Translate refusals and failures, wherever in the house they come from."""
    app.register_error_handler(OperationRefused, _refused)
    app.register_error_handler(StaleVersion, _stale)
    app.register_error_handler(TooManyTries, _too_many)
    app.register_error_handler(NotFound, _not_found)
    app.register_error_handler(Forbidden, _forbidden)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(RequestEntityTooLarge, _too_large)
    app.register_error_handler(IntegrityError, _overtaken)
    for odd in (DataError, OverflowError, UnicodeEncodeError):
        app.register_error_handler(odd, _unstorable)
    for away in (OperationalError, InterfaceError, InternalError, TimeoutError):
        app.register_error_handler(away, _unreachable)


def error_page(status: int, **context: object) -> Response:
    """The page for this status; it reads nothing from the database."""
    known = status if status in PAGES else 500 if status >= 500 else 400
    words = render_template(f"errors/{known}.html", reference=g.get("reference"), **context)
    return make_response(words, status)


def _refused(refusal: OperationRefused) -> Response:
    return error_page(422, reasons=refusal.reasons, back_url=_back())


def _stale(refusal: StaleVersion) -> Response:
    return error_page(409, current=refusal.current, typed=refusal.typed, back_url=_back())


def _too_many(refusal: TooManyTries) -> Response:
    log.warning("throttled", path=loggable(request.path))
    response = error_page(429, retry_after=refusal.retry_after)
    response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def _not_found(absence: NotFound) -> Response:
    del absence  # what is missing and what may not be seen look the same
    return error_page(404)


def _forbidden(refusal: Forbidden) -> Response:
    log.warning("forbidden", sentence=str(refusal))
    return error_page(403, sentence=str(refusal))


def _http(error: HTTPException) -> Any:
    if error.response is not None or error.code is None or error.code < 400:
        return error.get_response()
    response = error_page(error.code, sentence=error.description if error.code == 400 else None)
    kept = ("Allow", "Retry-After", "Content-Range")
    response.headers.extend([(name, value) for name, value in error.get_headers() if name in kept])
    return response


def _forged(error: CSRFError) -> Response:
    log.warning("csrf_refused", why=error.description)
    return error_page(400, sentence="The page had gone out of date. Reload it, then send it again.", back_url=_back())


def _too_large(error: RequestEntityTooLarge) -> Response:
    del error
    log.warning("too_large", length=request.content_length)
    response = error_page(413, limit=f"{(request.max_content_length or 0) // 2**20} MB")
    response.headers["Connection"] = "close"  # what was not read must not be taken for the next request
    return response


def _overtaken(error: IntegrityError) -> Response:
    log.warning("overtaken", error=str(error.orig))
    return error_page(409, reasons=[MEANWHILE], back_url=_back())


def _unstorable(error: Exception) -> Response:
    log.warning("unstorable", error=type(error).__name__)
    return error_page(400, sentence="A number or a text in this request is not of a kind that we keep.")


def _unreachable(error: Exception) -> Response:
    log.error("database_unavailable", error=str(getattr(error, "orig", error)).strip())
    response = error_page(503, retry_after=BACK_AFTER)
    response.headers["Retry-After"] = str(BACK_AFTER)
    return response


def _back() -> str | None:
    """The page of ours from which the request came."""
    came_from = urlsplit(request.referrer or "")
    if came_from.netloc != request.host or not came_from.path.startswith("/"):
        return None
    return came_from.path + (f"?{came_from.query}" if came_from.query else "")
