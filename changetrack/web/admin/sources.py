"""The administrator's pages about sources: who sends events, by which keys, and how to send the first."""

import structlog
from flask import Blueprint, Response, flash

from changetrack.domain.people import Action
from changetrack.operations.usage import sources as operations
from changetrack.queries.usage_sources import get_source, list_sources
from changetrack.web.admin.first_event import snippets
from changetrack.web.admin.usage_forms import SourceForm
from changetrack.web.forms import expect_no_fields, refusals_on
from changetrack.web.platform import clock, go, page, require, settings

blueprint = Blueprint("sources_admin", __name__, url_prefix="/admin/sources")
log = structlog.get_logger("changetrack.web")


@blueprint.route("", methods=["GET", "POST"])
def index() -> Response:
    actor, form = require(Action.ADMINISTER), SourceForm()
    if form.validate_on_submit():
        with refusals_on(form):
            source_id = operations.add_source(actor=actor, now=clock().now(), name=form.name.data)
            flash(f"{form.name.data} is added. Now make a key for it.", "success")
            return go(".source", source_id=source_id)
    return page("admin/sources.html", form=form, sources=list_sources())


@blueprint.route("/<int:source_id>", methods=["GET", "POST"])
def source(source_id: int) -> Response:
    actor, found = require(Action.ADMINISTER), get_source(source_id)
    form = SourceForm(obj=found)
    if form.validate_on_submit():
        with refusals_on(form):
            operations.rename_source(actor=actor, now=clock().now(), source_id=source_id, name=form.name.data)
            flash(f"{form.name.data} is saved.", "success")
            return go(".source", source_id=source_id)
    return page("admin/sources_source.html", form=form, source=found, snippets=snippets(settings().base_url))


@blueprint.post("/<int:source_id>/keys")
def create_key(source_id: int) -> Response:
    actor = require(Action.ADMINISTER)
    expect_no_fields()
    made = operations.create_write_key(actor=actor, now=clock().now(), source_id=source_id)
    log.info("write_key_made", source_id=source_id, prefix=made.prefix)
    # The answer itself shows the key, so that it is kept in no cookie, log or history.
    found, examples = get_source(source_id), snippets(settings().base_url, made.key)
    return page("admin/sources_key.html", source=found, key=made.key, snippets=examples)


@blueprint.post("/<int:source_id>/keys/<int:key_id>/revoke")
def revoke_key(source_id: int, key_id: int) -> Response:
    actor = require(Action.ADMINISTER)
    expect_no_fields()
    operations.revoke_write_key(actor=actor, now=clock().now(), source_id=source_id, key_id=key_id)
    log.info("write_key_revoked", source_id=source_id, key_id=key_id)
    flash("Revoked: the key lets nobody in any more.", "success")
    return go(".source", source_id=source_id)
