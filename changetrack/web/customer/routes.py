"""The page on which one of the customer's people gives their word: no sign-in, reached by its secret address alone."""

from typing import Any

import structlog
from flask import Blueprint, Response, flash, request
from flask.blueprints import BlueprintSetupState
from flask_login import current_user

from changetrack.domain.refusal import NotFound, OperationRefused
from changetrack.operations.customer_answers import answer_ask, open_link
from changetrack.operations.sign_in import TooManyTries
from changetrack.queries.customer_page import CustomerPage, get_customer_page
from changetrack.web.customer.forms import answer_form, answer_of, blank_answers, excuse_old_token
from changetrack.web.forms import Form, named, refusals_on
from changetrack.web.platform import clock, go, page, public, settings
from changetrack.web.secret_addresses import loggable

OURS = "You are signed in: this page is for {person}. Record what you heard on the account’s page instead."

blueprint = Blueprint("customer", __name__)
log = structlog.get_logger("changetrack.web")


@blueprint.record_once
def _check_forms_ourselves(state: BlueprintSetupState) -> None:
    """No referrer is sent from these pages, so each form's own token is what shows that it is not forged."""
    state.app.extensions["csrf"].exempt(blueprint)


@blueprint.get("/c/<token>")
@public
def index(token: str) -> Response:
    return _show(_opened(token))


@blueprint.post("/c/<token>")
@public
def answer(token: str) -> Response:
    found = _opened(token)
    view = next((one for one in found.asks if one.key == request.form.get("ask")), None)
    if view is None:
        return _show(found, status=422)
    form = answer_form(view)
    if form.validate_on_submit():
        with refusals_on(form):
            _refuse_ours(found)
            answer_ask(token=token, key=view.key, answer=answer_of(form, view), address=_address(), **_by(found))
            flash("Thank you. Your answer is kept.", "success")
            return go(".index", token=token, _anchor=view.key)
    excuse_old_token(form)
    return _show(found, form, view.key)


@blueprint.errorhandler(NotFound)
def _nothing_there(absence: NotFound) -> Response:
    del absence  # unknown, revoked and left look the same
    return page("customer/closed.html", status=404, expired=None, vendor=settings().vendor_name)


@blueprint.errorhandler(TooManyTries)
def _too_many(refusal: TooManyTries) -> Response:
    log.warning("throttled", path=loggable(request.path))
    response = page("customer/slow.html", status=429, retry_after=refusal.retry_after, vendor=settings().vendor_name)
    response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def _opened(token: str) -> CustomerPage:
    now, today = clock().now(), clock().today()
    is_seen = request.method == "GET" and not current_user.is_authenticated and "Sec-Purpose" not in request.headers
    actor = open_link(now=now, today=today, token=token, address=_address(), is_seen=is_seen)
    return get_customer_page(token, actor=actor, now=now, today=today)


def _show(found: CustomerPage, form: Form | None = None, slot: str = "", *, status: int | None = None) -> Response:
    """The page; with `form` in the place of the question `slot`, and the reasons for which it was refused."""
    vendor = settings().vendor_name
    if found.is_expired:
        return page("customer/closed.html", status=410, expired=found, vendor=vendor)
    forms = blank_answers(found.asks) | ({slot: form} if form is not None else {})
    return page(
        "customer/page.html",
        form=form,
        status=status,
        found=found,
        forms={key: named(one, key) for key, one in forms.items()},
        slot=slot,
        vendor=vendor,
        ours=OURS.format(person=found.person) if current_user.is_authenticated else "",
    )


def _refuse_ours(found: CustomerPage) -> None:
    """A word that somebody of ours gives on this page would not be the customer's own."""
    if current_user.is_authenticated:
        raise OperationRefused([(None, OURS.format(person=found.person))])


def _by(found: CustomerPage) -> dict[str, Any]:
    return {"actor": found.holder, "now": clock().now(), "today": clock().today()}


def _address() -> str:
    return request.remote_addr or ""
