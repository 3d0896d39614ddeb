"""Ending one kind of e-mail from within it: no sign-in, the secret of the address is what allows it."""

from typing import Any

import structlog
from flask import Blueprint, Response, request
from flask.blueprints import BlueprintSetupState
from wtforms import HiddenField
from wtforms.validators import AnyOf, Optional

from changetrack.adapters.unsubscribe_tokens import read_unsubscribe_token
from changetrack.domain.people import Actor
from changetrack.domain.refusal import NotFound
from changetrack.operations import message_settings as operations
from changetrack.operations.sign_in import TooManyTries
from changetrack.queries.message_settings import get_email_choice
from changetrack.web.forms import Form
from changetrack.web.platform import clock, page, public, settings
from changetrack.web.secret_addresses import loggable

ONE_CLICK = "List-Unsubscribe"

blueprint = Blueprint("unsubscribe", __name__)
log = structlog.get_logger("changetrack.web")


class EndForm(Form):
    """What mail programs send by themselves (RFC 8058), and our own button with it; `undo` takes it back."""

    undo = HiddenField(validators=[Optional(), AnyOf(["yes"])])


# Its name is no name of Python's.
OneClickForm: Any = type(
    "OneClickForm", (EndForm,), {ONE_CLICK: HiddenField(validators=[Optional(), AnyOf(["One-Click"])])}
)


@blueprint.record_once
def _come_without_cookies(state: BlueprintSetupState) -> None:
    """A mail program has neither cookie nor token of a form: who holds the address may do this and no more."""
    state.app.extensions["csrf"].exempt(blueprint)


@blueprint.get("/unsubscribe/<signed>")
@public
def index(signed: str) -> Response:
    user_id, kind = _meant(signed)
    return page("messages/unsubscribe.html", choice=get_email_choice(user_id, kind), done=None, one_click=ONE_CLICK)


@blueprint.post("/unsubscribe/<signed>")
@public
def change(signed: str) -> Response:
    """Answered at once and without going on to another page: mail programs follow none. Source: RFC 8058."""
    user_id, kind = _meant(signed)
    form, done = OneClickForm(meta={"csrf": False}), None
    if form.validate() and (form[ONE_CLICK].data or form.undo.data):
        done = "undone" if form.undo.data else "ended"
        operations.set_email_of_kind(
            user_id=user_id, kind=kind, is_on=done == "undone", address=_address(), actor=_holder(), now=clock().now()
        )
        log.info("email_of_kind", kind=kind, user_id=user_id, what=done)
    choice = get_email_choice(user_id, kind)
    status = 200 if done else 422
    return page("messages/unsubscribe.html", choice=choice, done=done, one_click=ONE_CLICK, status=status)


@blueprint.errorhandler(NotFound)
def _nothing_there(absence: NotFound) -> Response:
    del absence
    return page("messages/unsubscribe_unknown.html", status=404)


@blueprint.errorhandler(TooManyTries)
def _too_many(refusal: TooManyTries) -> Response:
    log.warning("throttled", path=loggable(request.path))
    response = page("messages/unsubscribe_slow.html", status=429, retry_after=refusal.retry_after)
    response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def _meant(signed: str) -> tuple[int, str]:
    """Whose e-mails of which kind. Raises NotFound for an address that was not made here, TooManyTries after many."""
    found = read_unsubscribe_token(signed, settings=settings())
    if found is None:
        operations.count_wrong_address(address=_address(), actor=_holder(), now=clock().now())
        raise NotFound("kind of message")
    return found


def _holder() -> Actor:
    return Actor.system("a link in an e-mail")


def _address() -> str:
    return request.remote_addr or ""
