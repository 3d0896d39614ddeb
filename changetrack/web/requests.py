"""What happens to a request before and after its page: whom to believe, what to refuse, what to log."""

import secrets
import time
from collections.abc import Iterable
from urllib.parse import quote

import structlog
from flask import Flask, Response, abort, current_app, g, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.datastructures import MultiDict
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map, ValidationError

from changetrack.config import Settings
from changetrack.domain.people import may
from changetrack.web.platform import FILES_FOR, is_apart, known_actor
from changetrack.web.secret_addresses import loggable

BIGGEST_ID = 2**63 - 1  # of a column in either database
LONGEST_FORM = 2**20  # bytes of a form without a file
_DIGITS = len(str(BIGGEST_ID))

log = structlog.get_logger("changetrack.web")


class IdConverter(IntegerConverter):
    """`<int:…>` in a route: what cannot be an id is a page that does not exist."""

    def __init__(self, map: Map, min: int | None = None, max: int | None = BIGGEST_ID) -> None:
        super().__init__(map, min=min, max=max)

    def to_python(self, value: str) -> int:
        """Read the id; Python itself refuses to read one of thousands of digits."""
        if len(value) > _DIGITS:
            raise ValidationError
        found: int = super().to_python(value)
        return found


def init_requests(app: Flask, settings: Settings) -> None:
    """Believe the configured proxies, cap ids, refuse odd addresses, log each request under a reference of its own."""
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # Flask's documented way
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops
        )
    app.url_map.converters["int"] = IdConverter
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False  # a route answers to the methods it declares
    app.before_request(_begin)
    app.before_request(_refuse_odd_address)
    app.after_request(_note)


def init_bodies(app: Flask) -> None:
    """Bound what a request may carry, then refuse what is forged or odd in it.

    To be called after the guard is set up: of what a stranger sends to a page that is not theirs, nothing is read.
    """
    app.before_request(_bound_body)
    CSRFProtect(app)
    app.before_request(_refuse_odd_form)


def _begin() -> None:
    g.started = time.perf_counter()
    g.reference = secrets.token_hex(6)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(reference=g.reference, address=request.remote_addr)


def _refuse_odd_address() -> None:
    try:
        given = [request.path, *_texts(request.args)]
    except UnicodeDecodeError:  # bytes that should have been percent-encoded
        abort(400, "This address is not written in UTF-8.")
    _refuse_nul(given)


def _bound_body() -> None:
    """Only where a file is asked for, and from those who may send one, is more taken than a form can hold."""
    if is_apart():
        return  # it has a bound of its own
    needed = getattr(current_app.view_functions.get(request.endpoint or ""), FILES_FOR, None)
    actor = known_actor()
    if needed is None or actor is None or not may(actor, needed):
        request.max_content_length = min(LONGEST_FORM, current_app.config["MAX_CONTENT_LENGTH"])


def _refuse_odd_form() -> None:
    if request.endpoint is not None and not is_apart():
        _refuse_nul(_texts(request.form))


def _texts(given: MultiDict[str, str]) -> list[str]:
    return [text for name, values in given.lists() for text in (name, *values)]


def _refuse_nul(given: Iterable[str]) -> None:
    """No text in the database holds NUL, and PostgreSQL takes it for an error of ours."""
    if any("\0" in text for text in given):
        abort(400, "Text cannot contain NUL.")


def _path() -> str:
    """Programs may write their key into an address: of those only the pattern is told."""
    return str(request.url_rule) if is_apart() else loggable(quote(request.path))


def _note(response: Response) -> Response:
    """One line: who asked for what and how it went; nothing of query strings and forms."""
    if request.endpoint != "static":
        actor = known_actor()
        log.info(
            "request",
            method=request.method,
            path=_path(),
            status=response.status_code,
            milliseconds=round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
            user_id=actor.user_id if actor else None,
        )
    return response
