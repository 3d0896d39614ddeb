"""A person's commitments and reviews as a calendar to subscribe to: no sign-in, the address is the secret."""

import hashlib
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, Response, make_response, request

from changetrack.adapters.icalendar_feed import CONTENT_TYPE, calendar_text
from changetrack.domain.refusal import NotFound
from changetrack.operations.calendar_feed import open_calendar
from changetrack.operations.sign_in import TooManyTries
from changetrack.queries.calendar_feed import CalendarEntry, list_calendar
from changetrack.web.platform import clock, public, settings
from changetrack.web.secret_addresses import loggable

blueprint = Blueprint("calendar", __name__)
log = structlog.get_logger("changetrack.web")


@blueprint.get("/calendar/<token>.ics")
@public
def index(token: str) -> Response:
    actor = open_calendar(token=token, address=request.remote_addr or "", now=clock().now())
    entries = list_calendar(actor=actor, today=clock().today())
    host = urlsplit(settings().base_url).hostname or "changetrack"
    body = calendar_text(entries, name=f"{actor.name}: commitments", host=host, address_of=_page_of)
    response = make_response(body)
    response.headers["Content-Type"] = CONTENT_TYPE
    response.headers["Content-Disposition"] = 'inline; filename="commitments.ics"'
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    response.make_conditional(request)
    return response


@blueprint.errorhandler(NotFound)
def _nothing_there(absence: NotFound) -> Response:
    del absence  # unknown, revoked and disabled look the same
    return _plain("There is no calendar at this address.", 404)


@blueprint.errorhandler(TooManyTries)
def _too_many(refusal: TooManyTries) -> Response:
    log.warning("throttled", path=loggable(request.path))
    response = _plain("Too many wrong addresses. Try again later.", 429)
    response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def _plain(words: str, status: int) -> Response:
    response = make_response(f"{words}\n", status)
    response.headers["Content-Type"] = "text/plain; charset=utf-8"
    return response


def _page_of(entry: CalendarEntry) -> str:
    base = settings().base_url.rstrip("/")
    account = f"{base}/accounts/{entry.account_id}"
    return f"{account}/commitments/{entry.number}" if entry.kind == "commitment" else account
