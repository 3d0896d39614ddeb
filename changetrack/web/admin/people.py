"""The administrator's pages about users."""

import structlog
from flask import Blueprint, Response, flash, request, url_for

from changetrack.domain.people import Action
from changetrack.operations import people as operations
from changetrack.queries.people import PAGE, get_user, list_users
from changetrack.web.admin.forms import EditUserForm, UserForm
from changetrack.web.formatting import plural
from changetrack.web.forms import expect_no_fields, refusals_on, shown_version
from changetrack.web.platform import clock, go, page, require

blueprint = Blueprint("people_admin", __name__, url_prefix="/admin/people")
log = structlog.get_logger("changetrack.web")


@blueprint.get("")
def index() -> Response:
    require(Action.ADMINISTER)
    matching, after = request.args.get("q", "").strip()[:100], request.args.get("after", "")[:254]
    users = list_users(now=clock().now(), after=after, matching=matching, limit=PAGE + 1)
    following = users[PAGE - 1].email if len(users) > PAGE else None
    return page(
        "admin/people.html",
        users=users[:PAGE],
        matching=matching,
        first=url_for(".index", q=matching or None) if after else "",
        following=url_for(".index", q=matching or None, after=following) if following else "",
    )


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> Response:
    actor, form = require(Action.ADMINISTER), UserForm()
    if form.validate_on_submit():
        with refusals_on(form):
            added = operations.add_user(
                actor=actor,
                now=clock().now(),
                email=form.email.data,
                name=form.name.data,
                role=form.role.data,
                password=form.password.data or None,
            )
            if added.one_time_password:
                return _shown_once(added.user_id, added.one_time_password)
            flash(f"{form.name.data} is added.", "success")
            return go(".index")
    return page("admin/people_new.html", form=form)


@blueprint.route("/<int:user_id>", methods=["GET", "POST"])
def user(user_id: int) -> Response:
    actor = require(Action.ADMINISTER)
    found = get_user(user_id, now=clock().now())
    form = EditUserForm(obj=found)
    if form.validate_on_submit():
        with refusals_on(form):
            operations.edit_user(
                actor=actor,
                now=clock().now(),
                user_id=user_id,
                name=form.name.data,
                role=form.role.data,
                version=shown_version(form.version.data),
            )
            flash(f"{form.name.data} is saved.", "success")
            return go(".user", user_id=user_id)
    return page("admin/people_user.html", form=form, user=found)


@blueprint.post("/<int:user_id>/password")
def reset_password(user_id: int) -> Response:
    actor = require(Action.ADMINISTER)
    expect_no_fields()
    password = operations.reset_password(actor=actor, now=clock().now(), user_id=user_id)
    log.info("password_reset", of_user_id=user_id)
    return _shown_once(user_id, password)


@blueprint.post("/<int:user_id>/disable")
def disable(user_id: int) -> Response:
    actor = require(Action.ADMINISTER)
    expect_no_fields()
    operations.disable_user(actor=actor, now=clock().now(), user_id=user_id)
    log.info("user_disabled", of_user_id=user_id)
    flash("Disabled: all their sessions are ended and they cannot sign in.", "success")
    return go(".user", user_id=user_id)


@blueprint.post("/<int:user_id>/enable")
def enable(user_id: int) -> Response:
    actor = require(Action.ADMINISTER)
    expect_no_fields()
    operations.enable_user(actor=actor, now=clock().now(), user_id=user_id)
    flash("Enabled: they can sign in again with the password they had.", "success")
    return go(".user", user_id=user_id)


@blueprint.post("/<int:user_id>/end-sessions")
def end_sessions(user_id: int) -> Response:
    actor = require(Action.ADMINISTER)
    expect_no_fields()
    ended = operations.end_sessions_of(actor=actor, now=clock().now(), user_id=user_id)
    flash(f"Ended {plural(ended, 'session')}.", "success")
    return go(".user", user_id=user_id)


def _shown_once(user_id: int, password: str) -> Response:
    """The answer itself shows the password, so that it is kept in no cookie, log or history."""
    return page("admin/people_password.html", user=get_user(user_id, now=clock().now()), password=password)
