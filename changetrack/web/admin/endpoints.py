"""The administrator's pages about endpoints: webhooks of programs and Slack channels, and what was sent to them."""

from typing import Any

import structlog
from flask import Blueprint, Response, flash, request, url_for

from changetrack.domain.people import Action
from changetrack.domain.webhook_events import EVENTS
from changetrack.operations import endpoints as operations
from changetrack.operations.delivery import send_again
from changetrack.queries.endpoints import EndpointRow, get_endpoint, list_deliveries, list_endpoints
from changetrack.queries.people import list_teams
from changetrack.web.admin.endpoint_forms import NewWebhookForm, RotateForm, SlackForm, WebhookForm, offer_teams
from changetrack.web.admin.receiver_example import EXAMPLE
from changetrack.web.forms import Form, expect_no_fields, named, refusals_on, shown_version
from changetrack.web.outbound import flash_trouble, outbound
from changetrack.web.platform import clock, current_actor, go, page, require

blueprint = Blueprint("endpoints_admin", __name__, url_prefix="/admin/endpoints")
log = structlog.get_logger("changetrack.web")

ALL_TEAMS = "All teams"
FOLLOWED = 30  # times, every two seconds: long enough to see a test arrive, or fail


@blueprint.get("")
def index() -> Response:
    actor = require(Action.ADMINISTER)
    return page("admin/endpoints.html", endpoints=list_endpoints(actor=actor), events=EVENTS, now=clock().now())


@blueprint.route("/new-webhook", methods=["GET", "POST"])
def new_webhook() -> Response:
    require(Action.ADMINISTER)
    form = offer_teams(NewWebhookForm(), _teams(), without=ALL_TEAMS)
    if form.validate_on_submit():
        with refusals_on(form):
            made = operations.create_webhook(
                name=form.name.data, url=form.url.data or "", events=form.events.data or (), team_id=form.team_id.data,
                password=form.password.data, address=request.remote_addr or "", outbound=outbound(), **_acting(),
            )  # fmt: skip
            log.info("webhook_made", endpoint_id=made.endpoint_id)
            flash_trouble(form.url.data or "")
            return _secret(made, form.name.data)
    return page("admin/endpoints_new_webhook.html", form=form)


@blueprint.route("/new-slack", methods=["GET", "POST"])
def new_slack() -> Response:
    require(Action.ADMINISTER)
    form = offer_teams(SlackForm(), _teams())
    if form.validate_on_submit():
        with refusals_on(form):
            endpoint_id = operations.create_slack(
                name=form.name.data,
                url=form.url.data or "",
                team_id=form.team_id.data,
                outbound=outbound(),
                **_acting(),
            )
            flash(f"{form.name.data} is added. Send it a test message.", "success")
            flash_trouble(form.url.data or "")
            return go(".endpoint", endpoint_id=endpoint_id)
    return page("admin/endpoints_new_slack.html", form=form)


@blueprint.route("/<int:endpoint_id>", methods=["GET", "POST"])
def endpoint(endpoint_id: int) -> Response:
    found = _endpoint(endpoint_id)
    form = _form(found)
    if form.validate_on_submit():
        with refusals_on(form):
            operations.edit_endpoint(
                endpoint_id=endpoint_id, version=shown_version(form.version.data), name=form.name.data,
                url=form.url.data or "", events=form.events.data or () if "events" in form else (),
                team_id=form.team_id.data if "team_id" in form else None, outbound=outbound(), **_acting(),
            )  # fmt: skip
            flash(f"{form.name.data} is saved.", "success")
            flash_trouble(form.url.data or "")
            return go(".endpoint", endpoint_id=endpoint_id)
    return _show(found, form)


@blueprint.post("/<int:endpoint_id>/rotate")
def rotate(endpoint_id: int) -> Response:
    found, form = _endpoint(endpoint_id), RotateForm()
    if form.validate_on_submit():
        with refusals_on(form):
            made = operations.rotate_secret(
                endpoint_id=endpoint_id, overlap=form.both_hold_for(), password=form.password.data,
                address=request.remote_addr or "", outbound=outbound(), **_acting(),
            )  # fmt: skip
            log.info("webhook_secret_rotated", endpoint_id=endpoint_id)
            return _secret(made, found.name, both_until=clock().now() + form.both_hold_for())
    return _show(found, _form(found, formdata=None), form)


@blueprint.post("/<int:endpoint_id>/test")
def test(endpoint_id: int) -> Response:
    found = _endpoint(endpoint_id)
    expect_no_fields()
    path = url_for(".endpoint", endpoint_id=endpoint_id)
    message_id = operations.test_endpoint(endpoint_id=endpoint_id, path=path, **_acting())
    flash(f"A test message is on its way to {found.name}: its result shows below.", "success")
    return go(".endpoint", endpoint_id=endpoint_id, follow=FOLLOWED, of=message_id, _anchor="deliveries")


@blueprint.post("/<int:endpoint_id>/deliveries/<int:message_id>/again")
def deliver_again(endpoint_id: int, message_id: int) -> Response:
    _endpoint(endpoint_id)
    expect_no_fields()
    send_again(message_id=message_id, **_acting())
    flash("It is sent again, with the same id: whoever had it already knows it by that.", "success")
    return go(".endpoint", endpoint_id=endpoint_id, follow=FOLLOWED, of=message_id, _anchor="deliveries")


@blueprint.post("/<int:endpoint_id>/disable")
def disable(endpoint_id: int) -> Response:
    found = _endpoint(endpoint_id)
    expect_no_fields()
    operations.disable_endpoint(endpoint_id=endpoint_id, **_acting())
    flash(f"{found.name} is switched off: nothing is sent there.", "success")
    return go(".endpoint", endpoint_id=endpoint_id)


@blueprint.post("/<int:endpoint_id>/enable")
def enable(endpoint_id: int) -> Response:
    found = _endpoint(endpoint_id)
    expect_no_fields()
    operations.enable_endpoint(endpoint_id=endpoint_id, **_acting())
    flash(f"{found.name} is on again, from the next message.", "success")
    return go(".endpoint", endpoint_id=endpoint_id)


def _endpoint(endpoint_id: int) -> EndpointRow:
    return get_endpoint(endpoint_id, actor=require(Action.ADMINISTER))


def _form(found: EndpointRow, **given: Any) -> Any:
    """What of this endpoint can be edited; its address is never shown, and stays when nothing is typed."""
    data = {name: getattr(found, name) for name in ("version", "name", "team_id")}
    if found.kind == "webhook":
        form = WebhookForm(data=data | {"events": list(found.events)}, **given)
        return offer_teams(form, _teams(), without=ALL_TEAMS)
    form = SlackForm(data=data, **given)
    if found.user_id is not None:  # a person's own
        del form.team_id
        return form
    return offer_teams(form, _teams())


def _show(found: EndpointRow, form: Form, rotation: RotateForm | None = None) -> Response:
    after, follow = request.args.get("after", ""), request.args.get("follow", "")
    left = min(int(follow), FOLLOWED) if follow.isdecimal() and len(follow) <= 3 else 0
    deliveries = list_deliveries(found.id, actor=current_actor(), after=after)
    followed = [one for one in deliveries.deliveries if str(one.id) == request.args.get("of")]
    refused = rotation if rotation is not None and (rotation.errors or rotation.conflict) else None
    return page(
        "admin/endpoints_endpoint.html",
        form=form,
        status=422 if refused is not None else None,
        endpoint=found,
        rotation=named(rotation or RotateForm(formdata=None), "rotate"),
        log=deliveries,
        followed=followed[0] if followed else None,
        is_first=not after,
        follow=left,
        events=EVENTS,
        example=EXAMPLE,
        now=clock().now(),
    )


def _secret(made: operations.Signed, name: str, both_until: Any = None) -> Response:
    """The answer itself shows the secret, so that it is kept in no cookie, log or history."""
    return page("admin/endpoints_secret.html", made=made, name=name, both_until=both_until, example=EXAMPLE)


def _teams() -> list[tuple[int, str]]:
    return [(team.id, team.name) for team in list_teams()]


def _acting() -> dict[str, Any]:
    return {"actor": current_actor(), "now": clock().now()}
