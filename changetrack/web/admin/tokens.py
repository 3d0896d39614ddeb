"""The administrator's pages about API tokens."""

from datetime import timedelta

import structlog
from flask import Blueprint, Response, flash, request

from changetrack.domain.people import Action
from changetrack.domain.tokens import SCOPES
from changetrack.operations import tokens as operations
from changetrack.queries.tokens import list_tokens
from changetrack.web.admin.usage_forms import TokenForm
from changetrack.web.forms import expect_no_fields, refusals_on
from changetrack.web.platform import clock, go, page, require

blueprint = Blueprint("tokens_admin", __name__, url_prefix="/admin/tokens")
log = structlog.get_logger("changetrack.web")


@blueprint.get("")
def index() -> Response:
    require(Action.ADMINISTER)
    return page("admin/tokens.html", tokens=list_tokens(), now=clock().now(), scopes=SCOPES)


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> Response:
    actor, form = require(Action.ADMINISTER), TokenForm()
    if form.validate_on_submit():
        with refusals_on(form):
            now, days = clock().now(), form.expires.data
            made = operations.create_token(
                actor=actor, now=now, name=form.name.data, scopes=form.scopes.data or (),
                expires_at=now + timedelta(days) if days else None,
                password=form.password.data, address=request.remote_addr or "",
            )  # fmt: skip
            log.info("token_made", token_id=made.token_id, prefix=made.prefix)
            # The answer itself shows the token, so that it is kept in no cookie, log or history.
            return page("admin/tokens_token.html", name=form.name.data, token=made.token)
    return page("admin/tokens_new.html", form=form)


@blueprint.post("/<int:token_id>/revoke")
def revoke(token_id: int) -> Response:
    actor = require(Action.ADMINISTER)
    expect_no_fields()
    operations.revoke_token(actor=actor, now=clock().now(), token_id=token_id)
    log.info("token_revoked", token_id=token_id)
    flash("Revoked: the token lets nobody in any more.", "success")
    return go(".index")
