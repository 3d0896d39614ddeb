"""What a person hears and where: choosing, trying a channel, and the addresses of their own."""

from typing import Any

from flask import Blueprint, Response, flash, url_for

from changetrack.domain.message_choices import CHANNELS, KINDS
from changetrack.domain.refusal import NotFound, OperationRefused
from changetrack.operations import endpoints
from changetrack.operations import message_settings as operations
from changetrack.operations.calendar_feed import make_calendar_address, revoke_calendar_address
from changetrack.queries.endpoints import get_own_slack
from changetrack.queries.message_settings import SettingsView, get_message_settings
from changetrack.web.forms import Form, expect_no_fields, refusals_on, shown_version
from changetrack.web.messages.forms import CHOICE, ChannelForm, SlackForm, chosen, in_words, is_for, settings_form
from changetrack.web.outbound import flash_trouble, outbound
from changetrack.web.platform import clock, current_actor, go, page, settings
from changetrack.web.time_zones import time_zones

blueprint = Blueprint("message_settings", __name__, url_prefix="/me/messages")
BY = {"in_app": "in ChangeTrack", "email": "by e-mail", "slack": "by Slack"}


@blueprint.route("", methods=["GET", "POST"])
def index() -> Response:
    view = get_message_settings(actor=current_actor())
    form = settings_form(view)
    if form.validate_on_submit():
        with refusals_on(form):
            version = shown_version(form.version.data)
            operations.save_message_settings(chosen=chosen(form, current_actor()), version=version, **_acting())
            flash("Saved: it counts from the next message on.", "success")
            return go(".index")
        if form.conflict:
            form.conflict.current = in_words(form.conflict.current)
    return _show(view, form)


@blueprint.post("/test")
def test() -> Response:
    form = ChannelForm()
    if not form.validate():
        raise OperationRefused((None, message) for messages in form.errors.values() for message in messages)
    channel = form.channel.data or ""
    operations.send_test_message(channel=channel, path=url_for(".index"), **_acting())
    flash(f"A test message is on its way {BY[channel]}: look there within a minute.", "success")
    return go(".index")


@blueprint.post("/email/try-again")
def email_again() -> Response:
    expect_no_fields()
    operations.use_email_again(**_acting())
    flash("E-mails are sent to you again. Send yourself a test message to see whether they arrive.", "success")
    return go(".index")


@blueprint.post("/slack")
def use_slack() -> Response:
    view, form = get_message_settings(actor=current_actor()), SlackForm()
    if form.validate_on_submit():
        with refusals_on(form):
            endpoints.use_own_slack(url=form.url.data or "", outbound=outbound(), **_acting())
            flash("Kept. Tick Slack where you want it, and send yourself a test message.", "success")
            flash_trouble(form.url.data or "")
            return go(".index", _anchor="slack")
    return _show(view, settings_form(view, formdata=None), form, status=422)


@blueprint.post("/slack/off")
def slack_off() -> Response:
    expect_no_fields()
    endpoints.disable_endpoint(endpoint_id=_own_slack_id(), **_acting())
    flash("Your Slack address is switched off: nothing is sent there.", "success")
    return go(".index", _anchor="slack")


@blueprint.post("/slack/on")
def slack_on() -> Response:
    expect_no_fields()
    endpoints.enable_endpoint(endpoint_id=_own_slack_id(), **_acting())
    flash("Your Slack address is used again, from the next message.", "success")
    return go(".index", _anchor="slack")


@blueprint.post("/calendar")
def make_calendar() -> Response:
    expect_no_fields()
    token = make_calendar_address(**_acting())
    # The answer itself shows the address, so that it is kept in no cookie, log or history.
    address = settings().base_url.rstrip("/") + url_for("calendar.index", token=token)
    return page("messages/calendar.html", address=address)


@blueprint.post("/calendar/revoke")
def revoke_calendar() -> Response:
    expect_no_fields()
    revoke_calendar_address(**_acting())
    flash("Revoked: the address of your calendar leads nowhere any more.", "success")
    return go(".index")


def _show(view: SettingsView, form: Form, slack: SlackForm | None = None, status: int | None = None) -> Response:
    return page(
        "messages/settings.html",
        form=form,
        status=status,
        view=view,
        slack=slack or SlackForm(formdata=None),
        kinds=[kind for kind in KINDS if is_for(kind.key, current_actor())],
        channels=CHANNELS,
        choice=CHOICE,
        zones=time_zones(),
        house_zone=settings().timezone,
        house_channels=settings().channels,
    )


def _own_slack_id() -> int:
    found = get_own_slack(actor=current_actor())
    if found is None:
        raise NotFound("Slack address")
    return found.id


def _acting() -> dict[str, Any]:
    return {"actor": current_actor(), "now": clock().now()}
