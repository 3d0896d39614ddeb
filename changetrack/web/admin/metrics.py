"""The administrator's pages about metrics and the rules by which events feed them."""

from typing import Any

from flask import Blueprint, Response, flash, request
from wtforms.fields.choices import SelectChoice

from changetrack.domain.metrics import AGGREGATIONS, PURPOSES
from changetrack.domain.people import Action
from changetrack.operations.usage import metrics as operations
from changetrack.queries.usage_metrics import (
    LOOKED_AT,
    MetricRow,
    get_metric,
    list_metric_choices,
    list_metrics,
    list_recent_events,
)
from changetrack.queries.usage_sources import list_source_choices
from changetrack.web.admin.usage_forms import MetricForm, NewRuleForm, RuleForm
from changetrack.web.forms import expect_no_fields, named, refusals_on, shown_version
from changetrack.web.platform import clock, go, page, require

blueprint = Blueprint("metrics_admin", __name__, url_prefix="/admin/metrics")

RULE_IS_ADDED = "The rule is in force: events count from now on."


@blueprint.get("")
def index() -> Response:
    require(Action.ADMINISTER)
    return page("admin/metrics.html", metrics=list_metrics(), aggregations=AGGREGATIONS, purposes=PURPOSES)


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> Response:
    actor, form = require(Action.ADMINISTER), MetricForm()
    if form.validate_on_submit():
        with refusals_on(form):
            metric_id = operations.create_metric(actor=actor, now=clock().now(), **_told(form))
            flash(f"{form.name.data} is added. Now say which events feed it, or import its numbers.", "success")
            return go(".metric", metric_id=metric_id)
    return page("admin/metrics_new.html", form=form)


@blueprint.route("/<int:metric_id>", methods=["GET", "POST"])
def metric(metric_id: int) -> Response:
    actor, found = require(Action.ADMINISTER), get_metric(metric_id)
    form = MetricForm(obj=found)
    if form.validate_on_submit():
        with refusals_on(form):
            version = shown_version(form.version.data)
            operations.edit_metric(actor=actor, now=clock().now(), metric_id=metric_id, version=version, **_told(form))
            flash(f"{form.name.data} is saved.", "success")
            return go(".metric", metric_id=metric_id)
    return page("admin/metrics_metric.html", form=form, rule_form=_rule_form(formdata=None), **_around(found))


@blueprint.post("/<int:metric_id>/rules")
def add_rule(metric_id: int) -> Response:
    actor, found, rule_form = require(Action.ADMINISTER), get_metric(metric_id), _rule_form()
    if rule_form.validate_on_submit():
        with refusals_on(rule_form):
            operations.add_event_rule(actor=actor, now=clock().now(), metric_id=metric_id, **_rule_told(rule_form))
            flash(RULE_IS_ADDED, "success")
            return go(".metric", metric_id=metric_id)
    form = MetricForm(formdata=None, obj=found)
    return page("admin/metrics_metric.html", form=form, rule_form=rule_form, status=422, **_around(found))


@blueprint.post("/<int:metric_id>/rules/<int:rule_id>/end")
def end_rule(metric_id: int, rule_id: int) -> Response:
    actor = require(Action.ADMINISTER)
    expect_no_fields()
    operations.end_event_rule(actor=actor, now=clock().now(), metric_id=metric_id, rule_id=rule_id)
    flash("The rule is ended. What it counted stays.", "success")
    return go(".metric", metric_id=metric_id)


@blueprint.route("/rules/new", methods=["GET", "POST"])
def new_rule() -> Response:
    actor, metrics = require(Action.ADMINISTER), list_metric_choices()
    form = NewRuleForm(data=_seen())
    form.offer_sources(list_source_choices())
    form.metric_id.choices = [SelectChoice(key, name) for key, name in metrics]
    if form.validate_on_submit():
        with refusals_on(form):
            metric_id = form.metric_id.data
            operations.add_event_rule(actor=actor, now=clock().now(), metric_id=metric_id, **_rule_told(form))
            flash(RULE_IS_ADDED, "success")
            return go(".metric", metric_id=metric_id)
    return page("admin/metrics_rule.html", form=form, has_metrics=bool(metrics), events=list_recent_events())


@blueprint.post("/<int:metric_id>/archive")
def archive(metric_id: int) -> Response:
    actor = require(Action.ADMINISTER)
    expect_no_fields()
    operations.archive_metric(actor=actor, now=clock().now(), metric_id=metric_id)
    flash("Archived: its rules are ended, its numbers stay.", "success")
    return go(".metric", metric_id=metric_id)


@blueprint.post("/<int:metric_id>/restore")
def restore(metric_id: int) -> Response:
    actor = require(Action.ADMINISTER)
    expect_no_fields()
    operations.restore_metric(actor=actor, now=clock().now(), metric_id=metric_id)
    flash("In use again. Its rules were ended: give it new ones.", "success")
    return go(".metric", metric_id=metric_id)


def _told(form: MetricForm) -> dict[str, Any]:
    told = {name: form[name].data or "" for name in ("key", "name", "unit", "aggregation")}
    return told | {"purpose": form.purpose.data or None}


def _rule_told(form: RuleForm) -> dict[str, Any]:
    return {"event": form.event.data, "property_name": form.property.data, "source_id": form.chosen_source()}


def _rule_form(**given: Any) -> RuleForm:
    form = RuleForm(**given)
    form.offer_sources(list_source_choices())
    named(form, "rule")
    return form


def _around(found: MetricRow) -> dict[str, Any]:
    return {
        "metric": found, "aggregations": AGGREGATIONS, "purposes": PURPOSES, "events": list_recent_events(),
        "looked_at": LOOKED_AT,
    }  # fmt: skip


def _seen() -> dict[str, str]:
    """The event and the source from which the live tail leads here."""
    return {"event": request.args.get("event", "")[:200], "source_id": request.args.get("source", "")[:18]}
