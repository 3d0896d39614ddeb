"""What happens to a request before and after its page: whom to believe, what to refuse, what to log."""

import secrets
import time
from urllib.parse import quote

import structlog
from flask import Flask, Response, abort, g, request
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map

from changetrack.config import Settings
from changetrack.web.platform import known_actor

BIGGEST_ID = 2**63 - 1  # of a column in either database

log = structlog.get_logger("changetrack.web")


class IdConverter(IntegerConverter):
    """`<int:…>` in a route: what cannot be an id is a page that does not exist."""

    def __init__(self, map: Map, min: int | None = None, max: int | None = BIGGEST_ID) -> None:
        super().__init__(map, min=min, max=max)


def init_requests(app: Flask, settings: Settings) -> None:
    """Believe the configured proxies, cap ids, refuse NUL, log each request under a reference of its own."""
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # Flask's documented way
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops
        )
    app.url_map.converters["int"] = IdConverter
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False  # a route answers to the methods it declares
    app.before_request(_begin)
    app.before_request(_refuse_nul)
    app.after_request(_note)


def _begin() -> None:
    g.started = time.perf_counter()
    g.reference = secrets.token_hex(6)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(reference=g.reference, address=request.remote_addr)


def _refuse_nul() -> None:
    """No text in the database holds NUL, and PostgreSQL takes it for an error of ours."""
    given = [request.path, *request.args, *request.form]
    given += [value for values in (*request.args.lists(), *request.form.lists()) for value in values[1]]
    if any("\0" in text for text in given):
        abort(400, "Text cannot contain NUL.")


def _note(response: Response) -> Response:
    """One line: who asked for what and how it went; nothing of query strings and forms."""
    if request.endpoint != "static":
        actor = known_actor()
        log.info(
            "request",
            method=request.method,
            path=quote(request.path),
            status=response.status_code,
            milliseconds=round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
            user_id=actor.user_id if actor else None,
        )
    return response
