"""Signing in and out, one's own sessions, one's own password."""

from typing import Any

import structlog
from babel.dates import format_timedelta
from flask import Blueprint, Response, flash, make_response, redirect, request
from flask_login import current_user

from changetrack.domain.refusal import OperationRefused
from changetrack.operations import sign_in as operations
from changetrack.queries.people import list_sessions, session_hash
from changetrack.web.formatting import LOCALE, plural
from changetrack.web.forms import expect_no_fields, refusals_on
from changetrack.web.people.browsers import browser_name
from changetrack.web.people.forms import PasswordForm, SignInForm
from changetrack.web.platform import clock, current_actor, go, page, public, settings
from changetrack.web.sessions import (
    current_token,
    forget_session,
    idle_limit,
    lifetime,
    local_path,
    start_session,
)

blueprint = Blueprint("people", __name__)
log = structlog.get_logger("changetrack.web")


@blueprint.route("/login", methods=["GET", "POST"])
@public
def sign_in() -> Response:
    form, wanted = SignInForm(), local_path(request.args.get("next"))
    if current_user.is_authenticated and request.method == "GET":
        return _on_to(wanted)
    if form.validate_on_submit():
        with refusals_on(form):
            start_session(_signed_in(form))
            return _on_to(wanted)
    return page("people/sign_in.html", form=form)


@blueprint.post("/logout")
def sign_out() -> Response:
    expect_no_fields()
    operations.sign_out(actor=current_actor(), now=clock().now(), token=current_token())
    log.info("signed_out", user_id=current_actor().user_id)
    forget_session()
    flash("You are signed out.", "success")
    response = go("people.sign_in")
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@blueprint.get("/me/sessions")
def sessions() -> Response:
    rows = list_sessions(
        actor=current_actor(),
        token_hash=session_hash(current_token()),
        now=clock().now(),
        idle=idle_limit(settings()),
    )
    return page(
        "people/sessions.html",
        sessions=rows,
        browser_name=browser_name,
        idle=format_timedelta(idle_limit(settings()), threshold=2, locale=LOCALE),
        lifetime=format_timedelta(lifetime(settings()), threshold=2, locale=LOCALE),
    )


@blueprint.post("/me/sessions/<key>/end")
def end_session(key: str) -> Response:
    expect_no_fields()
    operations.end_session(actor=current_actor(), now=clock().now(), key=key)
    flash("That session is ended.", "success")
    return go("people.sessions")


@blueprint.post("/me/sessions/end-others")
def end_other_sessions() -> Response:
    expect_no_fields()
    ended = operations.end_other_sessions(actor=current_actor(), now=clock().now(), token=current_token())
    flash(f"Ended {plural(ended, 'other session')}.", "success")
    return go("people.sessions")


@blueprint.route("/me/password", methods=["GET", "POST"])
def password() -> Response:
    form = PasswordForm()
    must_change = current_user.found.needs_password
    if form.validate_on_submit():
        with refusals_on(form):
            start_session(_changed_password(form))
            log.info("password_changed", user_id=current_actor().user_id)
            flash("Your password is changed, and every other session of yours is ended.", "success")
            return _on_to("/") if must_change else go("people.sessions")
    return page("people/password.html", form=form, must_change=must_change)


def _signed_in(form: SignInForm) -> str:
    """The token of the new session. A refusal is logged without the e-mail: it may be a password."""
    try:
        token = operations.sign_in(
            now=clock().now(),
            email=form.email.data,
            password=form.password.data,
            **_browser(),
            replaces=current_token() if current_user.is_authenticated else None,
        )
    except OperationRefused:
        log.warning("sign_in_refused")
        raise
    log.info("signed_in")
    return token


def _changed_password(form: PasswordForm) -> str:
    return operations.change_password(
        actor=current_actor(),
        now=clock().now(),
        current=form.current.data,
        new=form.new.data,
        **_browser(),
    )


def _browser() -> dict[str, Any]:
    return {
        "address": request.remote_addr or "",
        "user_agent": request.user_agent.string,
        "lifetime": lifetime(settings()),
    }


def _on_to(path: str) -> Response:
    return make_response(redirect(path, 303))
